import { type FieldError, invalid, notSupported, required } from '../../../apimachinery/field-error.ts'
import type { DaemonSet, DaemonSetUpdateStrategy } from '../../../apimachinery/kinds.generated.ts'
import type { Steps } from '../../../apimachinery/steps.ts'
import { internal } from '../../schema/internal.ts'
import { checkNotNegative, checkUnchanged, type Errors } from '../errors.ts'
import type { KindContext } from '../kind.ts'
import type { PodRules } from '../pod-spec/options.ts'
import { rulesOfTemplate } from '../pod-spec/rules-of.ts'
import { validatePodTemplate } from '../pod-spec/validate.ts'
import { hasInvalidValue, isEmptySelector, validateLabelSelector } from '../selector.ts'
import { checkNotLess } from './deployment-validation.ts'
import { checkAtMostAll, checkIntOrPercent, internalStrategy, isZero } from './int-or-percent.ts'
import { emptyTemplate, mismatchText, requireEndless, selects } from './selected-template.ts'

function validateStrategy(strategy: DaemonSetUpdateStrategy, at: string, errors: Errors): void {
  const path = `${at}.rollingUpdate`
  const rolling = strategy.rollingUpdate
  if (strategy.type === 'OnDelete') return
  if (strategy.type !== 'RollingUpdate') {
    const shown = internalStrategy(
      strategy,
      rolling && [
        ['MaxUnavailable', rolling.maxUnavailable],
        ['MaxSurge', rolling.maxSurge],
      ],
    )
    errors.push(notSupported(at, shown, ['RollingUpdate', 'OnDelete']))
    return
  }
  if (!rolling) {
    errors.push(required(path))
    return
  }
  const { maxUnavailable = 0, maxSurge = 0 } = rolling
  checkIntOrPercent(maxUnavailable, `${path}.maxUnavailable`, errors)
  checkIntOrPercent(maxSurge, `${path}.maxSurge`, errors)
  checkAtMostAll(maxUnavailable, `${path}.maxUnavailable`, errors)
  checkAtMostAll(maxSurge, `${path}.maxSurge`, errors)
  const noSurge = isZero(maxSurge)
  if (isZero(maxUnavailable)) {
    if (noSurge) errors.push(required(`${path}.maxUnavailable`, 'cannot be 0 when maxSurge is 0'))
  } else if (!noSurge) {
    errors.push(invalid(`${path}.maxSurge`, maxSurge, 'may not be set when maxUnavailable is non-zero'))
  }
}

function* validateSpec({ spec }: DaemonSet, rules: PodRules, anyValue: boolean, errors: Errors): Steps<void> {
  if (!spec) return
  const { selector, template = emptyTemplate } = spec
  validateLabelSelector(selector, 'spec.selector', errors, anyValue || rules.anySelectorValue)
  const labels = template.metadata?.labels
  if (selects(selector, labels) === false)
    errors.push(invalid('spec.template.metadata.labels', internal('map<string>string', labels), mismatchText))
  if (selector && isEmptySelector(selector)) {
    errors.push(invalid('spec.selector', internal('*meta/v1.LabelSelector', selector), 'empty selector is invalid for daemonset'))
  }
  yield* validatePodTemplate(template, 'spec.template', rules, errors)
  requireEndless(template, 'DaemonSet', errors)
  checkNotNegative(spec.minReadySeconds, 'spec.minReadySeconds', errors)
  validateStrategy(spec.updateStrategy ?? {}, 'spec.updateStrategy', errors)
  checkNotNegative(spec.revisionHistoryLimit, 'spec.revisionHistoryLimit', errors)
}

const counts = [
  'currentNumberScheduled',
  'numberMisscheduled',
  'desiredNumberScheduled',
  'numberReady',
  'observedGeneration',
  'updatedNumberScheduled',
  'numberAvailable',
  'numberUnavailable',
  'collisionCount',
] as const

export function* validateDaemonSet(set: DaemonSet): Steps<FieldError[]> {
  const errors: Errors = []
  yield* validateSpec(set, rulesOfTemplate(), false, errors)
  return errors
}

export function* validateDaemonSetUpdate(set: DaemonSet, old: DaemonSet, { subresource }: KindContext): Steps<FieldError[]> {
  const errors: Errors = []
  if (subresource === 'status') {
    for (const field of counts) checkNotNegative(set.status?.[field], `status.${field}`, errors)
    checkNotLess(set.status?.collisionCount, old.status?.collisionCount, 'status.collisionCount', errors)
    return errors
  }
  checkUnchanged(set.spec?.selector, old.spec?.selector, 'spec.selector', errors, '*meta/v1.LabelSelector')
  yield* validateSpec(set, rulesOfTemplate(old.spec?.template), hasInvalidValue(old.spec?.selector), errors)
  return errors
}
