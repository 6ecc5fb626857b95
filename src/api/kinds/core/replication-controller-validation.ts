import { type FieldError, forbiddenField, invalid, notSupported, required } from '../../../apimachinery/field-error.ts'
import type { PodTemplateSpec, ReplicationController } from '../../../apimachinery/kinds.generated.ts'
import { matchesLabels } from '../../../apimachinery/label-selector.ts'
import type { Steps } from '../../../apimachinery/steps.ts'
import { checkNotNegative, type Errors } from '../errors.ts'
import type { KindContext, Problems } from '../kind.ts'
import type { PodRules } from '../pod-spec/options.ts'
import { rulesOfTemplate } from '../pod-spec/rules-of.ts'
import { validatePodTemplate } from '../pod-spec/validate.ts'

function* validateTemplate(
  template: PodTemplateSpec | undefined,
  selector: Readonly<Record<string, string>>,
  rules: PodRules,
  errors: Errors,
): Steps<void> {
  const at = 'spec.template'
  if (!template) {
    errors.push(required(at))
    return
  }
  const labels = template.metadata?.labels
  if (!matchesLabels(selector, labels)) {
    errors.push(invalid(`${at}.metadata.labels`, labels ?? null, '`selector` does not match template `labels`'))
  }
  yield* validatePodTemplate(template, at, rules, errors)
  const policy = template.spec?.restartPolicy
  if (policy !== 'Always') errors.push(notSupported(`${at}.spec.restartPolicy`, policy ?? '', ['Always']))
  if (template.spec?.activeDeadlineSeconds != null) {
    const text = 'activeDeadlineSeconds in ReplicationController is not Supported'
    errors.push(forbiddenField(`${at}.spec.activeDeadlineSeconds`, text))
  }
}

function* validateSpec({ spec }: ReplicationController, rules: PodRules): Steps<FieldError[]> {
  const errors: Errors = []
  if (!spec) return errors
  checkNotNegative(spec.minReadySeconds, 'spec.minReadySeconds', errors)
  if (Object.keys(spec.selector ?? {}).length === 0) errors.push(required('spec.selector'))
  if (spec.replicas == null) errors.push(required('spec.replicas'))
  else checkNotNegative(spec.replicas, 'spec.replicas', errors)
  yield* validateTemplate(spec.template, spec.selector ?? {}, rules, errors)
  return errors
}

export const validateReplicationController = (rc: ReplicationController): Steps<FieldError[]> =>
  validateSpec(rc, rulesOfTemplate())

interface Counts {
  replicas?: number
  fullyLabeledReplicas?: number
  readyReplicas?: number
  availableReplicas?: number
  terminatingReplicas?: number
  observedGeneration?: number
}

/** Counts of a ReplicationController's or ReplicaSet's status. */
export function validateCounts(status: Counts, at: string, errors: Errors): void {
  const { replicas = 0, readyReplicas = 0, availableReplicas = 0 } = status
  for (const field of ['replicas', 'fullyLabeledReplicas', 'readyReplicas', 'availableReplicas', 'observedGeneration'] as const) {
    checkNotNegative(status[field], `${at}.${field}`, errors)
  }
  for (const field of ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'] as const) {
    const count = status[field] ?? 0
    if (count > replicas) errors.push(invalid(`${at}.${field}`, count, 'cannot be greater than status.replicas'))
  }
  if (availableReplicas > readyReplicas) {
    errors.push(invalid(`${at}.availableReplicas`, availableReplicas, 'cannot be greater than readyReplicas'))
  }
}

export function validateReplicationControllerUpdate(
  rc: ReplicationController,
  old: ReplicationController,
  { subresource }: KindContext,
): Problems {
  if (subresource !== 'status') return validateSpec(rc, rulesOfTemplate(old.spec?.template))
  const errors: Errors = []
  validateCounts(rc.status ?? {}, 'status', errors)
  return errors
}
