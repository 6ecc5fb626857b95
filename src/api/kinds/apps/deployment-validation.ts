import { type FieldError, forbiddenField, invalid, notSupported, required } from '../../../apimachinery/field-error.ts'
import type { Deployment, DeploymentStatus, DeploymentStrategy } from '../../../apimachinery/kinds.generated.ts'
import type { Steps } from '../../../apimachinery/steps.ts'
import { checkNotNegative, checkUnchanged, type Errors } from '../errors.ts'
import type { KindContext } from '../kind.ts'
import type { PodRules } from '../pod-spec/options.ts'
import { rulesOfTemplate } from '../pod-spec/rules-of.ts'
import { checkAtMostAll, checkIntOrPercent, internalStrategy, isZero } from './int-or-percent.ts'
import { validateSelectedTemplate } from './replica-set-validation.ts'

function validateStrategy(strategy: DeploymentStrategy, at: string, errors: Errors): void {
  const rolling = strategy.rollingUpdate
  const path = `${at}.rollingUpdate`
  if (strategy.type === 'Recreate') {
    if (rolling) errors.push(forbiddenField(path, "may not be specified when strategy `type` is 'Recreate'"))
  } else if (strategy.type !== 'RollingUpdate') {
    const shown = internalStrategy(
      strategy,
      rolling && [
        ['MaxUnavailable', rolling.maxUnavailable],
        ['MaxSurge', rolling.maxSurge],
      ],
    )
    errors.push(notSupported(at, shown, ['Recreate', 'RollingUpdate']))
  } else if (!rolling) {
    errors.push(required(path, 'this should be defaulted and never be nil'))
  } else {
    checkIntOrPercent(rolling.maxUnavailable, `${path}.maxUnavailable`, errors)
    checkIntOrPercent(rolling.maxSurge, `${path}.maxSurge`, errors)
    if (isZero(rolling.maxUnavailable) && isZero(rolling.maxSurge)) {
      errors.push(invalid(`${path}.maxUnavailable`, rolling.maxUnavailable, 'may not be 0 when `maxSurge` is 0'))
    }
    checkAtMostAll(rolling.maxUnavailable, `${path}.maxUnavailable`, errors)
  }
}

function* validateSpec({ spec }: Deployment, rules: PodRules, errors: Errors): Steps<void> {
  if (!spec) return
  checkNotNegative(spec.replicas, 'spec.replicas', errors)
  yield* validateSelectedTemplate(spec, rules, errors)
  validateStrategy(spec.strategy ?? {}, 'spec.strategy', errors)
  checkNotNegative(spec.minReadySeconds, 'spec.minReadySeconds', errors)
  checkNotNegative(spec.revisionHistoryLimit, 'spec.revisionHistoryLimit', errors)
  const deadline = spec.progressDeadlineSeconds
  if (deadline == null) return
  checkNotNegative(deadline, 'spec.progressDeadlineSeconds', errors)
  if (deadline <= (spec.minReadySeconds ?? 0)) {
    errors.push(invalid('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds'))
  }
}

const counts = [
  'observedGeneration',
  'replicas',
  'updatedReplicas',
  'readyReplicas',
  'availableReplicas',
  'unavailableReplicas',
  'terminatingReplicas',
  'collisionCount',
] as const

function validateStatus(status: DeploymentStatus, old: DeploymentStatus, errors: Errors): void {
  for (const field of counts) checkNotNegative(status[field], `status.${field}`, errors)
  const { replicas = 0, readyReplicas = 0, availableReplicas = 0 } = status
  for (const field of ['updatedReplicas', 'readyReplicas', 'availableReplicas'] as const) {
    const count = status[field] ?? 0
    if (count > replicas) errors.push(invalid(`status.${field}`, count, 'cannot be greater than status.replicas'))
  }
  if (availableReplicas > readyReplicas) {
    errors.push(invalid('status.availableReplicas', availableReplicas, 'cannot be greater than readyReplicas'))
  }
  checkNotLess(status.collisionCount, old.collisionCount, 'status.collisionCount', errors)
}

/** A count that, once set, does not go down. */
export function checkNotLess(now: number | undefined, before: number | undefined, at: string, errors: Errors): void {
  if (before != null && (now == null || now < before)) errors.push(invalid(at, now ?? 0, 'cannot be decremented'))
}

export function* validateDeployment(deployment: Deployment): Steps<FieldError[]> {
  const errors: Errors = []
  yield* validateSpec(deployment, rulesOfTemplate(), errors)
  return errors
}

export function* validateDeploymentUpdate(
  deployment: Deployment,
  old: Deployment,
  { subresource }: KindContext,
): Steps<FieldError[]> {
  const errors: Errors = []
  if (subresource === 'status') {
    validateStatus(deployment.status ?? {}, old.status ?? {}, errors)
    return errors
  }
  yield* validateSpec(deployment, rulesOfTemplate(old.spec?.template), errors)
  checkUnchanged(deployment.spec?.selector, old.spec?.selector, 'spec.selector', errors, '*meta/v1.LabelSelector')
  return errors
}
