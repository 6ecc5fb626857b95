import { type FieldError, invalid } from '../../../apimachinery/field-error.ts'
import type { CSIStorageCapacity } from '../../../apimachinery/kinds.generated.ts'
import { isDns1123Subdomain } from '../../../apimachinery/names.ts'
import { signOf } from '../../../apimachinery/quantity.ts'
import { checkUnchanged, type Errors, negativeText, pushInvalid } from '../errors.ts'
import { hasInvalidValue, validateLabelSelector } from '../selector.ts'

function validate(c: CSIStorageCapacity, anyValue: boolean): FieldError[] {
  const errors: Errors = []
  validateLabelSelector(c.nodeTopology, 'nodeTopology', errors, anyValue)
  pushInvalid(errors, 'storageClassName', c.storageClassName ?? '', isDns1123Subdomain(c.storageClassName ?? ''))
  if (c.capacity !== undefined && signOf(c.capacity) < 0) errors.push(invalid('capacity', c.capacity, negativeText))
  return errors
}

export const validateCSIStorageCapacity = (c: CSIStorageCapacity): FieldError[] => validate(c, false)

export function validateCSIStorageCapacityUpdate(c: CSIStorageCapacity, old: CSIStorageCapacity): FieldError[] {
  const errors = validate(c, hasInvalidValue(old.nodeTopology))
  checkUnchanged(c.nodeTopology, old.nodeTopology, 'nodeTopology', errors, '*meta/v1.LabelSelector')
  if (c.storageClassName !== old.storageClassName) {
    checkUnchanged(c.storageClassName ?? '', old.storageClassName, 'storageClassName', errors, 'string')
  }
  return errors
}
