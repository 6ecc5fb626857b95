import { type FieldError, invalid } from '../../../apimachinery/field-error.ts'
import type { PodDisruptionBudget } from '../../../apimachinery/kinds.generated.ts'
import { checkAtMostAll, checkIntOrPercent } from '../apps/int-or-percent.ts'
import { validateConditions } from '../conditions.ts'
import { checkNotNegative, checkSupported, type Errors } from '../errors.ts'
import type { KindContext } from '../kind.ts'
import { hasInvalidValue, validateLabelSelector } from '../selector.ts'

function validateSpec({ spec }: PodDisruptionBudget, anyValue: boolean): FieldError[] {
  const errors: Errors = []
  if (!spec) return errors
  if (spec.minAvailable !== undefined && spec.maxUnavailable !== undefined) {
    const shown = {
      MinAvailable: spec.minAvailable,
      Selector: spec.selector ?? null,
      MaxUnavailable: spec.maxUnavailable,
      UnhealthyPodEvictionPolicy: spec.unhealthyPodEvictionPolicy ?? null,
    }
    errors.push(invalid('spec', shown, 'minAvailable and maxUnavailable cannot be both set'))
  }
  for (const field of ['minAvailable', 'maxUnavailable'] as const) {
    checkIntOrPercent(spec[field], `spec.${field}`, errors)
    checkAtMostAll(spec[field], `spec.${field}`, errors)
  }
  validateLabelSelector(spec.selector, 'spec.selector', errors, anyValue)
  const policy = spec.unhealthyPodEvictionPolicy
  if (policy !== undefined) {
    checkSupported(policy, ['AlwaysAllow', 'IfHealthyBudget'], 'spec.unhealthyPodEvictionPolicy', errors)
  }
  return errors
}

export const validatePodDisruptionBudget = (budget: PodDisruptionBudget): FieldError[] => validateSpec(budget, false)

export function validatePodDisruptionBudgetUpdate(
  budget: PodDisruptionBudget,
  old: PodDisruptionBudget,
  { subresource }: KindContext,
): FieldError[] {
  if (subresource !== 'status') return validateSpec(budget, hasInvalidValue(old.spec?.selector))
  const errors: Errors = []
  validateConditions(budget.status?.conditions, 'status.conditions', errors)
  for (const field of ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'] as const) {
    checkNotNegative(budget.status?.[field], `status.${field}`, errors)
  }
  return errors
}
