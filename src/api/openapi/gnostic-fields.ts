import { jsonText } from '../../apimachinery/json.ts'

// The fields of gnostic's messages (github.com/google/gnostic-models, OpenAPIv2.proto and OpenAPIv3.proto): readers of protobuf join what a
// message has of a field several times, so that parts may be written one by one.

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

/** A field that is a message, or bytes. */
export function message(field: number, bytes: Buffer): Buffer {
  return Buffer.concat([varint(field * 8 + 2), varint(bytes.length), bytes])
}

export const text = (field: number, value: string): Buffer => message(field, Buffer.from(value))
export const flag = (field: number, value: boolean): Buffer => Buffer.concat([varint(field * 8), varint(value ? 1 : 0)])

export function double(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleLE(value)
  return Buffer.concat([varint(field * 8 + 1), bytes])
}

export const integer = (field: number, value: number): Buffer => Buffer.concat([varint(field * 8), varint(value)])

/** openapi.v2.Any: JSON is YAML. */
export const any = (value: unknown): Buffer => text(2, jsonText(value))

/** `name` and `value` of the messages that stand for the members of an object. */
export const named = (name: string, value: Buffer): Buffer => Buffer.concat([text(1, name), message(2, value)])

/** A repeated field of texts. */
export const texts = (field: number, values: readonly string[] = []): Buffer => Buffer.concat(values.map((v) => text(field, v)))

/** The members of `object` that begin with x-. */
export function extensions(field: number, object: Readonly<Record<string, unknown>>): Buffer {
  const own = Object.entries(object).filter(([name]) => name.startsWith('x-'))
  return Buffer.concat(own.map(([name, value]) => message(field, named(name, any(value)))))
}

/** The operations of a path, by the fields of their methods. */
export const operations = (
  fields: Readonly<Record<string, number>>,
  item: Readonly<Record<string, unknown>>,
  write: (operation: Readonly<Record<string, unknown>>) => Buffer,
): Buffer[] =>
  Object.entries(fields).flatMap(([method, field]) =>
    Object.hasOwn(item, method) ? [message(field, write(item[method] as Readonly<Record<string, unknown>>))] : [],
  )

/** A text that may be missing. */
export const textOr = (field: number, value: unknown): Buffer =>
  typeof value === 'string' ? text(field, value) : Buffer.alloc(0)

/** A flag that is not written when it is not set. */
export const flagOr = (field: number, value: unknown): Buffer => (value === true ? flag(field, true) : Buffer.alloc(0))
