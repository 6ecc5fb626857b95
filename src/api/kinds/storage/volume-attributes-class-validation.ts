import { type FieldError, forbiddenField } from '../../../apimachinery/field-error.ts'
import type { VolumeAttributesClass } from '../../../apimachinery/kinds.generated.ts'
import { type Errors, isSame } from '../errors.ts'
import { validateParameters, validateProvisioner } from './parameters.ts'

export function validateVolumeAttributesClass(c: VolumeAttributesClass): FieldError[] {
  const errors: Errors = []
  validateProvisioner(c.driverName, 'driverName', errors)
  validateParameters(c.parameters, false, 'parameters', errors)
  return errors
}

export function validateVolumeAttributesClassUpdate(c: VolumeAttributesClass, old: VolumeAttributesClass): FieldError[] {
  const errors: Errors = []
  if (c.driverName !== old.driverName) errors.push(forbiddenField('driverName', 'updates to driverName are forbidden.'))
  if (!isSame(c.parameters, old.parameters)) errors.push(forbiddenField('parameters', 'updates to parameters are forbidden.'))
  errors.push(...validateVolumeAttributesClass(c))
  return errors
}
