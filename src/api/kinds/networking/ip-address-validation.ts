import { type FieldError, required } from '../../../apimachinery/field-error.ts'
import type { IPAddress } from '../../../apimachinery/kinds.generated.ts'
import { isDns1123Subdomain, isPathSegmentName } from '../../../apimachinery/names.ts'
import { checkUnchanged, type Errors, pushInvalid } from '../errors.ts'
import { requireSegment } from './references.ts'

export function validateIPAddress({ spec }: IPAddress): FieldError[] {
  const errors: Errors = []
  const at = 'spec.parentRef'
  const parent = spec?.parentRef
  if (!parent) {
    errors.push(required(at))
    return errors
  }
  if (parent.group) pushInvalid(errors, `${at}.group`, parent.group, isDns1123Subdomain(parent.group))
  requireSegment(parent.resource, `${at}.resource`, errors)
  requireSegment(parent.name, `${at}.name`, errors)
  if (parent.namespace) pushInvalid(errors, `${at}.namespace`, parent.namespace, isPathSegmentName(parent.namespace))
  return errors
}

export function validateIPAddressUpdate(now: IPAddress, old: IPAddress): FieldError[] {
  const errors: Errors = []
  errors.push(...validateIPAddress(now))
  checkUnchanged(now.spec?.parentRef, old.spec?.parentRef, 'spec.parentRef', errors, '*networking.ParentReference')
  return errors
}
