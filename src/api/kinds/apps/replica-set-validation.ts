import { type FieldError, invalid } from '../../../apimachinery/field-error.ts'
import type { PodTemplateSpec, ReplicaSet } from '../../../apimachinery/kinds.generated.ts'
import type { LabelSelectorObject } from '../../../apimachinery/label-selector.ts'
import type { Steps } from '../../../apimachinery/steps.ts'
import { internal } from '../../schema/internal.ts'
import { validateCounts } from '../core/replication-controller-validation.ts'
import { checkNotNegative, checkUnchanged, type Errors } from '../errors.ts'
import type { KindContext } from '../kind.ts'
import type { PodRules } from '../pod-spec/options.ts'
import { rulesOfTemplate } from '../pod-spec/rules-of.ts'
import { validatePodTemplate } from '../pod-spec/validate.ts'
import { emptyTemplate, mismatchText, requireEndless, requireSelector, selects } from './selected-template.ts'

interface Spec {
  selector: LabelSelectorObject
  template?: PodTemplateSpec
}

/** The selector and the template of a ReplicaSet or a Deployment. */
export function* validateSelectedTemplate(
  { selector, template = emptyTemplate }: Spec,
  rules: PodRules,
  errors: Errors,
): Steps<void> {
  requireSelector(selector, 'empty selector is invalid for deployment', errors)
  const labels = template.metadata?.labels
  const selected = selects(selector, labels)
  if (selected === undefined) {
    errors.push(invalid('spec.selector', internal('*meta/v1.LabelSelector', selector), 'invalid label selector'))
    return
  }
  if (!selected) errors.push(invalid('spec.template.metadata.labels', internal('map<string>string', labels), mismatchText))
  yield* validatePodTemplate(template, 'spec.template', rules, errors)
  requireEndless(template, 'ReplicaSet', errors)
}

function* validateSpec({ spec }: ReplicaSet, rules: PodRules): Steps<FieldError[]> {
  const errors: Errors = []
  if (!spec) return errors
  checkNotNegative(spec.replicas, 'spec.replicas', errors)
  checkNotNegative(spec.minReadySeconds, 'spec.minReadySeconds', errors)
  yield* validateSelectedTemplate(spec, rules, errors)
  return errors
}

export const validateReplicaSet = (set: ReplicaSet): Steps<FieldError[]> => validateSpec(set, rulesOfTemplate())

export function* validateReplicaSetUpdate(set: ReplicaSet, old: ReplicaSet, { subresource }: KindContext): Steps<FieldError[]> {
  const errors: Errors = []
  if (subresource === 'status') {
    validateCounts(set.status ?? {}, 'status', errors)
    checkNotNegative(set.status?.terminatingReplicas, 'status.terminatingReplicas', errors)
    return errors
  }
  errors.push(...(yield* validateSpec(set, rulesOfTemplate(old.spec?.template))))
  checkUnchanged(set.spec?.selector, old.spec?.selector, 'spec.selector', errors, '*meta/v1.LabelSelector')
  return errors
}
