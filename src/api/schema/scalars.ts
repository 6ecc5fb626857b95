// Scalars of Go's types in their canonical form.

import { canonicalDuration } from '../../apimachinery/duration.ts'
import { isInt64 } from '../../apimachinery/json.ts'
import { canonicalText } from '../../apimachinery/quantity.ts'
import { canonicalMicroTime, canonicalTime } from './time.ts'
import type { ScalarKind } from './types.ts'

/** Thrown when a value is not what its type says; `decode` then finds out what exactly is wrong. */
export class Misfit extends Error {
  constructor(what: string) {
    super(what)
    this.name = 'Misfit'
  }
}

/** Gives the canonical form of a value, or throws Misfit. Never changes its argument. */
export type Canonicalizer = (value: unknown) => unknown

export type SchemaUnion = 'JSONSchemaPropsOrBool' | 'JSONSchemaPropsOrArray' | 'JSONSchemaPropsOrStringArray'

export const expecting =
  (typeName: 'string' | 'boolean'): Canonicalizer =>
  (value) => {
    if (typeof value !== typeName) throw new Misfit(typeName)
    return value
  }

const int32: Canonicalizer = (value) => {
  if (typeof value !== 'number' || (value | 0) !== value) throw new Misfit('int32')
  return value
}

const int64: Canonicalizer = (value) => {
  if (!isInt64(value)) throw new Misfit('int64')
  return value
}

/** A float that was written without fraction is read as an int64. */
const float64: Canonicalizer = (value) => {
  if (typeof value === 'bigint') return Number(value)
  if (typeof value !== 'number') throw new Misfit('float64')
  return value
}

/** Reads with one of the canonical text functions, whose own errors become Misfit. */
const textual =
  (read: (text: string) => unknown): Canonicalizer =>
  (value) => {
    if (typeof value !== 'string') throw new Misfit('string')
    try {
      return read(value)
    } catch (e) {
      throw new Misfit((e as Error).message)
    }
  }

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** Go reads over line breaks in base64 and writes none. */
export function canonicalBase64(text: string): string | undefined {
  if (text.length % 4 === 0 && base64.test(text)) return zeroTrailingBits(text)
  const joined = text.replace(/[\r\n]/g, '')
  return base64.test(joined) ? zeroTrailingBits(joined) : undefined
}

const zeroTrailingBits = (text: string): string => (text.endsWith('=') ? Buffer.from(text, 'base64').toString('base64') : text)

const quantity = textual(canonicalText)

export const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value)

export const scalars: Record<Exclude<ScalarKind, SchemaUnion>, Canonicalizer> = {
  string: expecting('string'),
  bool: expecting('boolean'),
  float64,
  int32,
  int64,
  bytes: (value) => {
    const text = typeof value === 'string' ? canonicalBase64(value) : undefined
    if (text === undefined) throw new Misfit('base64')
    return text
  },
  Time: textual(canonicalTime),
  MicroTime: textual(canonicalMicroTime),
  Duration: textual(canonicalDuration),
  Quantity: (value) =>
    quantity(
      typeof value === 'number' || typeof value === 'bigint' ? String(value) : typeof value === 'string' ? value.trim() : value,
    ),
  IntOrString: (value) => (typeof value === 'string' ? value : int32(value)),
  RawExtension: (value) => value,
  FieldsV1: (value) => value,
  JSON: (value) => value,
  any: (value) => value,
}
