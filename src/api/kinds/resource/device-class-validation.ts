import { type FieldError, invalid } from '../../../apimachinery/field-error.ts'
import type { DeviceClass } from '../../../apimachinery/kinds.generated.ts'
import type { Errors } from '../errors.ts'
import { isExtended } from '../pod-spec/resources.ts'
import { validateConfiguration, validateSelector } from './claim-validation.ts'
import { checkItems } from './names.ts'

export function validateDeviceClass({ spec }: DeviceClass): FieldError[] {
  const errors: Errors = []
  checkItems(spec?.selectors, 32, validateSelector, 'spec.selectors', errors)
  checkItems(spec?.config, 32, validateConfiguration, 'spec.config', errors)
  const name = spec?.extendedResourceName
  if (name !== undefined && !isExtended(name)) {
    errors.push(invalid('spec.extendedResourceName', name, 'must be a valid extended resource name'))
  }
  return errors
}

export const validateDeviceClassUpdate = (c: DeviceClass): FieldError[] => validateDeviceClass(c)
