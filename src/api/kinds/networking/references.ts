import { isDns1123Subdomain, isPathSegmentName } from '../../../apimachinery/names.ts'
import { type Errors, pushInvalid, requireText } from '../errors.ts'

export function requireSegment(value: string | undefined, at: string, errors: Errors): void {
  if (requireText(value, at, errors)) pushInvalid(errors, at, value, isPathSegmentName(value ?? ''))
}

interface Reference {
  apiGroup?: string | null
  kind?: string
  name?: string
}

/** A reference to an object of any kind. */
export function validateReference({ apiGroup, kind, name }: Reference, at: string, errors: Errors): void {
  if (apiGroup != null) pushInvalid(errors, `${at}.apiGroup`, apiGroup, isDns1123Subdomain(apiGroup))
  requireSegment(kind, `${at}.kind`, errors)
  requireSegment(name, `${at}.name`, errors)
}
