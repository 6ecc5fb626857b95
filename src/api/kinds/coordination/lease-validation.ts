import { type FieldError, forbiddenField, invalid, notSupported } from '../../../apimachinery/field-error.ts'
import type { Lease } from '../../../apimachinery/kinds.generated.ts'
import { checkNotNegative, checkQualifiedName, type Errors } from '../errors.ts'

export function validateLease({ spec }: Lease): FieldError[] {
  const errors: Errors = []
  if (!spec) return errors
  const { leaseDurationSeconds: seconds, strategy, preferredHolder } = spec
  if (seconds !== undefined && seconds <= 0) {
    errors.push(invalid('spec.leaseDurationSeconds', seconds, 'must be greater than 0'))
  }
  checkNotNegative(spec.leaseTransitions, 'spec.leaseTransitions', errors)
  if (strategy !== undefined) {
    const at = 'spec.strategy.strategy'
    if (strategy.includes('/')) checkQualifiedName(strategy, at, errors)
    else if (strategy !== 'OldestEmulationVersion') errors.push(notSupported(at, strategy, ['OldestEmulationVersion']))
  }
  if (preferredHolder && !strategy) {
    errors.push(forbiddenField('spec.preferredHolder', 'may only be specified if `strategy` is defined'))
  }
  return errors
}

export const validateLeaseUpdate = (lease: Lease): FieldError[] => validateLease(lease)
