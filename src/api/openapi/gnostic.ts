import { jsonText } from '../../apimachinery/json.ts'
import type { Schema } from './definitions.ts'

/**
 * The definitions as gnostic's openapi.v2.Document in protobuf, in pieces: what clients before 1.27 ask for. Paths are left out: they read none.
 * Each definition is in a message of definitions of its own: readers of protobuf join them.
 */
export function* gnosticPieces(definitions: Iterable<readonly [string, Schema]>): Generator<Uint8Array> {
  yield text(1, '2.0')
  yield message(2, Buffer.concat([text(1, 'Kubernetes'), text(2, '1.36')]))
  yield message(8, Buffer.alloc(0))
  for (const [name, schema] of definitions) yield message(9, message(1, namedSchema(name, schema)))
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  while (rest > 0x7f) {
    bytes.push((rest % 128) | 0x80)
    rest = Math.floor(rest / 128)
  }
  bytes.push(rest)
  return Buffer.from(bytes)
}

function message(field: number, bytes: Buffer): Buffer {
  return Buffer.concat([varint(field * 8 + 2), varint(bytes.length), bytes])
}

const text = (field: number, value: string): Buffer => message(field, Buffer.from(value))
const flag = (field: number, value: boolean): Buffer => Buffer.concat([varint(field * 8), varint(value ? 1 : 0)])

function double(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleLE(value)
  return Buffer.concat([varint(field * 8 + 1), bytes])
}

const integer = (field: number, value: number): Buffer => Buffer.concat([varint(field * 8), varint(value)])

/** openapi.v2.Any: JSON is YAML. */
const any = (value: unknown): Buffer => text(2, jsonText(value))

function namedSchema(name: string, schema: Schema): Buffer {
  return Buffer.concat([text(1, name), message(2, schemaMessage(schema))])
}

const texts: Readonly<Record<string, number>> = { $ref: 1, format: 2, title: 3, description: 4, pattern: 13 }
const numbers: Readonly<Record<string, number>> = { multipleOf: 6, maximum: 7, minimum: 9 }
const counts: Readonly<Record<string, number>> = {
  maxLength: 11,
  minLength: 12,
  maxItems: 14,
  minItems: 15,
  maxProperties: 17,
  minProperties: 18,
}
const flags: Readonly<Record<string, number>> = { exclusiveMaximum: 8, exclusiveMinimum: 10, uniqueItems: 16, readOnly: 27 }

/** openapi.v2.Schema. */
function schemaMessage(schema: Schema): Buffer {
  const parts: Buffer[] = []
  for (const [key, value] of Object.entries(schema)) {
    const part = field(key, value)
    if (part) parts.push(part)
  }
  return Buffer.concat(parts)
}

function field(key: string, value: unknown): Buffer | undefined {
  if (key.startsWith('x-')) return message(31, Buffer.concat([text(1, key), message(2, any(value))]))
  const number = texts[key]
  if (number !== undefined && typeof value === 'string') return text(number, value)
  if (numbers[key] !== undefined && (typeof value === 'number' || typeof value === 'bigint'))
    return double(numbers[key], Number(value))
  if (counts[key] !== undefined && typeof value === 'number') return integer(counts[key], value)
  if (flags[key] !== undefined && typeof value === 'boolean') return flag(flags[key], value)
  switch (key) {
    case 'default':
      return message(5, any(value))
    case 'required':
      return Buffer.concat((value as string[]).map((v) => text(19, v)))
    case 'enum':
      return Buffer.concat((value as unknown[]).map((v) => message(20, any(v))))
    case 'additionalProperties':
      return message(21, typeof value === 'boolean' ? flag(2, value) : message(1, schemaMessage(value as Schema)))
    case 'type':
      return message(22, Buffer.concat([value].flat().map((v) => text(1, String(v)))))
    case 'items':
      return message(23, message(1, schemaMessage(value as Schema)))
    case 'allOf':
      return Buffer.concat((value as Schema[]).map((v) => message(24, schemaMessage(v))))
    case 'properties':
      return message(
        25,
        Buffer.concat(Object.entries(value as Record<string, Schema>).map(([n, s]) => message(1, namedSchema(n, s)))),
      )
    default:
      return undefined
  }
}
