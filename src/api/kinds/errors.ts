import type { FieldError, FieldErrorType } from '../../apimachinery/field-error.ts'
import { invalid, notSupported, required, tooLong } from '../../apimachinery/field-error.ts'
import { isDns1123Label, isDns1123Subdomain, isLonger, isQualifiedName, type Problems } from '../../apimachinery/names.ts'
import { sameJson } from '../../apimachinery/same-json.ts'
import { internal, isSameInternal, isSameQuantity } from '../schema/internal.ts'

/** Validation functions add what they find to one list: `(thing, at, errors)`, where `at` is the path of the thing. */
export type Errors = FieldError[]

export const immutableText = 'field is immutable'
export const negativeText = 'must be greater than or equal to 0'
export const notPositiveText = 'must be greater than zero'

/** One error for each problem that a rule of apimachinery/names found. */
export function pushInvalid(errors: Errors, at: string, value: unknown, problems: Problems): void {
  for (const problem of problems) errors.push(invalid(at, value, problem))
}

export function requireText(value: string | undefined | null, at: string, errors: Errors, detail?: string): boolean {
  if (value) return true
  errors.push(required(at, detail))
  return false
}

export const checkLabel = (value: string, at: string, errors: Errors): void =>
  pushInvalid(errors, at, value, isDns1123Label(value))
export const checkSubdomain = (value: string, at: string, errors: Errors): void =>
  pushInvalid(errors, at, value, isDns1123Subdomain(value))
export const checkQualifiedName = (value: string, at: string, errors: Errors): void =>
  pushInvalid(errors, at, value, isQualifiedName(value))

export function checkNotNegative(value: number | undefined | null, at: string, errors: Errors): void {
  if (value != null && value < 0) errors.push(invalid(at, value, negativeText))
}
export function checkPositive(value: number | undefined | null, at: string, errors: Errors): void {
  if (value != null && value <= 0) errors.push(invalid(at, value, notPositiveText))
}

/** One of `supported`, given in the order they are listed in the text. */
export function checkSupported(value: string | undefined, supported: readonly string[], at: string, errors: Errors): void {
  if (!supported.includes(value ?? '')) errors.push(notSupported(at, value ?? '', supported))
}

/** Required, and one of `supported`. */
export function checkChoice(value: string | undefined, supported: readonly string[], at: string, errors: Errors): void {
  if (!value) errors.push(required(at))
  else checkSupported(value, supported, at, errors)
}

/** As `checkChoice` where Go has a pointer: an empty text is a choice, and a wrong one. */
export function checkGivenChoice(
  value: string | null | undefined,
  supported: readonly string[],
  at: string,
  errors: Errors,
): void {
  if (value == null) errors.push(required(at))
  else checkSupported(value, supported, at, errors)
}

export function checkLength(value: string | undefined, max: number, at: string, errors: Errors): void {
  if (value !== undefined && isLonger(value, max)) errors.push(tooLong(at, max))
}

/** `type` is the value's in the internal struct (see `internal`): it says how the value is shown, above all when it is not there. */
export function checkUnchanged(now: unknown, before: unknown, at: string, errors: Errors, type = '*string'): void {
  if (!isSameAs(type, now, before)) errors.push(invalid(at, internal(type, now), immutableText))
}

/** `isSame` for values of a type of the internal structs (see `internal`), where a pointer to an empty struct is something, and two forms of one
 *  quantity are the same. */
export const isSameAs = (type: string, a: unknown, b: unknown): boolean =>
  sameJson(a, b) || (isSame(a, b, isSameQuantity) && isSameInternal(type, a, b))

type Same = (a: unknown, b: unknown) => boolean

/** Go's semantic equality over JSON values: absent, null, empty lists and empty maps are the same. `leaf` tells of those that are no objects. */
export function isSame(a: unknown, b: unknown, leaf: Same = Object.is): boolean {
  if (a === b) return true
  if (isNothing(a) && isNothing(b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return leaf(a, b)
  if (Array.isArray(a) || Array.isArray(b)) return Array.isArray(a) && Array.isArray(b) && sameLists(a, b, leaf)
  return sameMaps(a as Record<string, unknown>, b as Record<string, unknown>, leaf)
}

function isNothing(value: unknown): boolean {
  if (value === undefined || value === null) return true
  return typeof value === 'object' && Object.keys(value).length === 0
}

const sameLists = (a: readonly unknown[], b: readonly unknown[], leaf: Same): boolean =>
  a.length === b.length && a.every((item, i) => isSame(item, b[i], leaf))

function sameMaps(a: Record<string, unknown>, b: Record<string, unknown>, leaf: Same): boolean {
  for (const key of Object.keys(a)) if (!isSame(a[key], Object.hasOwn(b, key) ? b[key] : undefined, leaf)) return false
  for (const key of Object.keys(b)) if (!Object.hasOwn(a, key) && !isNothing(b[key])) return false
  return true
}

/** An invalid value whose text is not shown. */
export const invalidOmitted = (field: string, detail: string, type: FieldErrorType = 'FieldValueInvalid'): FieldError => ({
  type,
  field,
  message: `Invalid value: ${detail}`,
})
