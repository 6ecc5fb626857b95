import { canonicalDuration } from '../../apimachinery/duration.ts'
import { int64Of, isInt64 } from '../../apimachinery/json.ts'
import { canonicalText } from '../../apimachinery/quantity.ts'
import { DecodeError, decodeAs, type Found } from './go-decode.ts'
import { nodeOf } from './json-syntax.ts'
import { canonicalBase64 } from './scalars.ts'
import { canonicalMicroTime, canonicalTime } from './time.ts'
import type { ScalarType, StructType, Type } from './types.ts'

/** What apimachinery's unstructured converter says of `value` as a `type`: the way of strategic merge patch and apply, with errors of its
 *  own and unknown fields in alphabetical order. Throws DecodeError. */
export function convertTo(type: StructType, value: unknown): Found {
  const unknown: string[] = []
  const converted = convert(type, value, '', unknown)
  return { value: converted, strictErrors: unknown.sort() }
}

const kindOf = (value: unknown): string => {
  if (Array.isArray(value)) return 'slice'
  if (typeof value === 'number' || typeof value === 'bigint') return isInt64(value) ? 'int64' : 'float64'
  if (typeof value === 'object') return 'map'
  return typeof value === 'boolean' ? 'bool' : typeof value
}

function convert(type: Type, value: unknown, path: string, unknown: string[]): unknown {
  if (value === null || value === undefined) return null
  switch (type.kind) {
    case 'scalar':
      return scalar(type, value)
    case 'list':
      if (!Array.isArray(value)) throw new DecodeError(`cannot restore slice from ${kindOf(value)}`)
      return value.map((item, i) => convert(type.element, item, `${path}[${i}]`, unknown))
    case 'map': {
      if (kindOf(value) !== 'map') throw new DecodeError(`cannot restore map from ${kindOf(value)}`)
      const entries = Object.entries(value as object)
      return Object.fromEntries(entries.map(([key, item]) => [key, convert(type.value, item, path, unknown)]))
    }
    case 'struct':
      return struct(type, value, path, unknown)
  }
}

function struct(type: StructType, value: unknown, path: string, unknown: string[]): unknown {
  if (kindOf(value) !== 'map') throw new DecodeError(`cannot restore struct from: ${kindOf(value)}`)
  const from = value as Record<string, unknown>
  const result: Record<string, unknown> = {}
  for (const field of type.fields) {
    if (!Object.hasOwn(from, field.name)) continue
    result[field.name] = convert(field.type, from[field.name], path ? `${path}.${field.name}` : field.name, unknown)
  }
  for (const key of Object.keys(from)) {
    if (!type.byName.has(key)) unknown.push(`unknown field "${path ? `${path}.${key}` : key}"`)
  }
  return result
}

const simple = new Set(['string', 'bool', 'int32', 'int64', 'float64'])

function scalar(type: ScalarType, value: unknown): unknown {
  if (simple.has(type.scalar)) return plain(type, value)
  if (type.scalar === 'bytes') {
    if (typeof value !== 'string') throw new DecodeError(`cannot restore slice from ${kindOf(value)}`)
    const text = canonicalBase64(value)
    if (text !== undefined) return text
    const { message } = failureOf(() => decodeAs(type, nodeOf(value)))
    throw new DecodeError(`error decoding from json: ${message}`)
  }
  const read = texts[type.scalar]
  if (!read || typeof value !== 'string') return decodeAs(type, nodeOf(value)).value
  try {
    read(type.scalar === 'Quantity' ? value.trim() : value)
    return value
  } catch (e) {
    throw new DecodeError((e as Error).message)
  }
}

const texts: Partial<Record<string, (text: string) => unknown>> = {
  Time: canonicalTime,
  MicroTime: canonicalMicroTime,
  Duration: canonicalDuration,
  Quantity: canonicalText,
}

function plain(type: ScalarType, value: unknown): unknown {
  const have = kindOf(value)
  const isNumber = typeof value === 'number' || typeof value === 'bigint'
  if (type.scalar === have || (isNumber && type.scalar === 'float64')) return value
  if (isNumber && type.scalar.startsWith('int')) {
    if (typeof value === 'number' && !Number.isInteger(value)) throw new DecodeError(`cannot convert float64 to ${type.goType}`)
    const whole = isInt64(value) ? value : int64Of(value)
    return type.scalar === 'int32' ? Number(BigInt.asIntN(32, BigInt(whole))) : whole
  }
  // Go can convert a number to a string type (as a rune), so it gets as far as refusing it.
  if (have === 'int64' && type.scalar === 'string') throw new DecodeError(`cannot convert int64 to ${type.goType}`)
  throw new DecodeError(`unrecognized type: ${type.scalar}`)
}

function failureOf(run: () => unknown): Error {
  try {
    run()
  } catch (e) {
    return e as Error
  }
  return new Error('')
}
