import { type FieldError, forbiddenField, invalid, required } from '../../../apimachinery/field-error.ts'
import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerSpec,
  HPAScalingRules,
} from '../../../apimachinery/kinds.generated.ts'
import { signOf } from '../../../apimachinery/quantity.ts'
import { checkNotNegative, checkSupported, type Errors, negativeText } from '../errors.ts'
import type { KindContext } from '../kind.ts'
import { validateMetric } from './metric-validation.ts'
import { apiVersionProblem, validateObjectReference } from './object-reference.ts'

function validateScaling(rules: HPAScalingRules | undefined, at: string, errors: Errors): void {
  if (!rules) return
  const { stabilizationWindowSeconds: window, selectPolicy, policies = [], tolerance } = rules
  const path = `${at}.stabilizationWindowSeconds`
  if (window !== undefined && window < 0) errors.push(invalid(path, window, 'must be greater than or equal to zero'))
  if (window !== undefined && window > 3600) errors.push(invalid(path, window, 'must be less than or equal to 3600'))
  if (selectPolicy !== undefined) checkSupported(selectPolicy, ['Disabled', 'Max', 'Min'], `${at}.selectPolicy`, errors)
  if (policies.length === 0) errors.push(required(`${at}.policies`, 'must specify at least one Policy'))
  for (const [i, policy] of policies.entries()) {
    const { value = 0, periodSeconds = 0 } = policy
    const field = `${at}.policies[${i}]`
    checkSupported(policy.type, ['Percent', 'Pods'], `${field}.type`, errors)
    if (value <= 0) errors.push(invalid(`${field}.value`, value, 'must be greater than zero'))
    if (periodSeconds <= 0) errors.push(invalid(`${field}.periodSeconds`, periodSeconds, 'must be greater than zero'))
    if (periodSeconds > 1800) {
      errors.push(invalid(`${field}.periodSeconds`, periodSeconds, 'must be less than or equal to 1800'))
    }
  }
  if (tolerance !== undefined && signOf(tolerance) < 0) errors.push(invalid(`${at}.tolerance`, tolerance, negativeText))
}

function validateReplicas(spec: HorizontalPodAutoscalerSpec, least: number, errors: Errors): void {
  const { minReplicas: min, maxReplicas: max = 0 } = spec
  if (min !== undefined && min < least) {
    errors.push(invalid('spec.minReplicas', min, `must be greater than or equal to ${least}`))
  }
  if (max === 0) errors.push(required('spec.maxReplicas', 'must be set and greater than 0'))
  else if (max < 0) errors.push(invalid('spec.maxReplicas', max, 'must be greater than or equal to 1'))
  if (min !== undefined && max < min) {
    errors.push(invalid('spec.maxReplicas', max, 'must be greater than or equal to `minReplicas`'))
  }
}

function validateSpec(spec: HorizontalPodAutoscalerSpec | undefined, old?: HorizontalPodAutoscalerSpec): FieldError[] {
  const errors: Errors = []
  if (!spec) return errors
  validateReplicas(spec, old?.minReplicas === 0 ? 0 : 1, errors)
  const target = spec.scaleTargetRef ?? {}
  const isKept = old?.scaleTargetRef?.apiVersion === target.apiVersion && old?.scaleTargetRef?.kind === target.kind
  const needsGroup = old && isKept ? undefined : target.kind !== 'ReplicationController'
  validateObjectReference(target, needsGroup, 'spec.scaleTargetRef', errors)
  const anyVersion = (old?.metrics ?? []).some(
    (m) => m.type === 'Object' && apiVersionProblem(m.object?.describedObject?.apiVersion ?? '', false) !== undefined,
  )
  const metrics = spec.metrics ?? []
  for (const [i, metric] of metrics.entries()) validateMetric(metric, anyVersion, `spec.metrics[${i}]`, errors)
  if (spec.minReplicas === 0 && !metrics.some((m) => m.type === 'Object' || m.type === 'External')) {
    const text = 'must specify at least one Object or External metric to support scaling to zero replicas'
    errors.push(forbiddenField('spec.metrics', text))
  }
  validateScaling(spec.behavior?.scaleUp, 'spec.behavior.scaleUp', errors)
  validateScaling(spec.behavior?.scaleDown, 'spec.behavior.scaleDown', errors)
  return errors
}

export const validateHorizontalPodAutoscaler = ({ spec }: HorizontalPodAutoscaler): FieldError[] => validateSpec(spec)

export function validateHorizontalPodAutoscalerUpdate(
  { spec, status }: HorizontalPodAutoscaler,
  old: HorizontalPodAutoscaler,
  { subresource }: KindContext,
): FieldError[] {
  if (subresource !== 'status') return validateSpec(spec, old.spec)
  const errors: Errors = []
  checkNotNegative(status?.currentReplicas, 'status.currentReplicas', errors)
  checkNotNegative(status?.desiredReplicas, 'status.desiredReplicas', errors)
  return errors
}
