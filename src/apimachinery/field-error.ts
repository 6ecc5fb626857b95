import { goJson, quote } from './go-quote.ts'
import { WholeFloat } from './json.ts'
import { doubleText, numberText } from './number-text.ts'
import { groupResource } from './resource.ts'
import { StatusError } from './status.ts'

/** What is wrong with one field; the names are the cause reasons that clients see (k8s.io/apimachinery/pkg/util/validation/field). */
export type FieldErrorType =
  | 'FieldValueNotFound'
  | 'FieldValueRequired'
  | 'FieldValueDuplicate'
  | 'FieldValueInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueForbidden'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'FieldValueTypeInvalid'
  | 'InternalError'

export interface FieldError {
  readonly type: FieldErrorType
  /** As Kubernetes writes it: `spec.template.spec.containers[0].name`, `metadata.labels[a/b]` is written `metadata.labels`. */
  readonly field: string
  /** The text after `field: `, e.g. `Invalid value: "x": must be …`, `Required value`. */
  readonly message: string
}

const goText = (value: unknown): string => {
  if (typeof value === 'string') return quote(value)
  if (value === undefined || value === null) return 'null'
  if (typeof value === 'number') return numberText(value)
  if (value instanceof WholeFloat) return doubleText(Number(value))
  return typeof value === 'object' ? goJson(value) : String(value)
}

const withDetail = (message: string, detail?: string): string => (detail ? `${message}: ${detail}` : message)

export const required = (field: string, detail?: string): FieldError => ({
  type: 'FieldValueRequired',
  field,
  message: withDetail('Required value', detail),
})
export const invalid = (field: string, value: unknown, detail: string): FieldError => ({
  type: 'FieldValueInvalid',
  field,
  message: withDetail(`Invalid value: ${goText(value)}`, detail),
})
export const duplicate = (field: string, value: unknown): FieldError => ({
  type: 'FieldValueDuplicate',
  field,
  message: `Duplicate value: ${goText(value)}`,
})
export const forbiddenField = (field: string, detail: string): FieldError => ({
  type: 'FieldValueForbidden',
  field,
  message: withDetail('Forbidden', detail),
})
export const notFoundField = (field: string, value: unknown): FieldError => ({
  type: 'FieldValueNotFound',
  field,
  message: `Not found: ${goText(value)}`,
})
export const typeInvalid = (field: string, value: unknown, detail: string): FieldError => ({
  type: 'FieldValueTypeInvalid',
  field,
  message: withDetail(`Invalid value: ${goText(value)}`, detail),
})
export const tooLong = (field: string, maxBytes: number): FieldError => ({
  type: 'FieldValueTooLong',
  field,
  message: `Too long: ${maxBytes < 0 ? 'value is too long' : `may not be more than ${maxBytes} byte${maxBytes === 1 ? '' : 's'}`}`,
})
export const tooMany = (field: string, actual: number, max: number): FieldError => ({
  type: 'FieldValueTooMany',
  field,
  message: `Too many: ${actual}: ${max < 0 ? 'has too many items' : `must have at most ${max} item${max === 1 ? '' : 's'}`}`,
})
export const notSupported = (field: string, value: unknown, supported: readonly string[]): FieldError =>
  notSupportedOf(field, value, supportedText(supported))
/** As `notSupported`, of what `supportedText` gives. */
export const notSupportedOf = (field: string, value: unknown, supported: string): FieldError => ({
  type: 'FieldValueNotSupported',
  field,
  message: `Unsupported value: ${goText(value)}: supported values: ${supported}`,
})
export const supportedText = (supported: readonly string[]): string => supported.map((s) => quote(s)).join(', ')

/** Nobody reads more, and an object can be made to have a hundred thousand. */
export const mostErrors = 1000

/** Of all that is told: a value that is wrong and long may be so at many places, and what its enum allows may be longer. */
const mostLetters = 1024 * 1024

/** The 422 answer for the first thousand of `all`, or as many as fit, with one cause each, worded as kube-apiserver words it. */
export function invalidObject(r: { group: string; kind: string }, name: string, all: readonly FieldError[]): StatusError {
  const errors = all.slice(0, howMany(all))
  const texts = [...new Set(errors.map((e) => `${e.field}: ${e.message}`))]
  const text = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`
  const message = `${groupResource({ group: r.group, resource: r.kind })} ${quote(name)} is invalid${texts.length > 0 ? `: ${text}` : ''}`
  const causes = errors.map((e) => ({ reason: e.type, message: e.message, field: e.field }))
  return new StatusError(422, 'Invalid', message, {
    ...(name ? { name } : {}),
    ...(r.group ? { group: r.group } : {}),
    kind: r.kind,
    causes,
  })
}

function howMany(all: readonly FieldError[]): number {
  let letters = 0
  for (const [i, { field, message }] of all.entries()) {
    letters += field.length + message.length
    if (i === mostErrors || (i > 0 && letters > mostLetters)) return i
  }
  return all.length
}
