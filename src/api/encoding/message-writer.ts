import { parseDuration } from '../../apimachinery/duration.ts'
import { jsonText } from '../../apimachinery/json.ts'
import { wireBytes, wireDouble, wireVarint } from '../../apimachinery/wire-reader.ts'
import type { WireWriter } from '../../apimachinery/wire-writer.ts'
import { type MapType, messageFields, type ScalarKind, type StructType, structType, type Type } from '../schema/types.ts'
import { zeros } from '../schema/zeros.ts'

/** Writes a JSON value with its tag; absent values only where Go writes those too. */
type FieldWriter = (to: WireWriter, value: unknown) => void
/** Writes a value without a tag, lengths included. */
type ValueWriter = (to: WireWriter, value: unknown) => void

const messages = new WeakMap<StructType, (to: WireWriter, object: Record<string, unknown>) => void>()

/** Writes the fields of a struct, the last first. Compiled once a type. */
export function writeMessage(type: StructType, to: WireWriter, object: Record<string, unknown>): void {
  let write = messages.get(type)
  if (!write) {
    write = compile(type)
    messages.set(type, write)
  }
  write(to, object)
}

function compile(type: StructType): (to: WireWriter, object: Record<string, unknown>) => void {
  const fields = messageFields(type)
    .reverse()
    .map(({ number, name, type: fieldType, pointer }) => ({ name, write: fieldWriter(number, fieldType, pointer) }))
  return (to, object) => {
    for (const { name, write } of fields) write(to, name === '' ? object : object[name])
  }
}

export function fieldWriter(number: number, type: Type, pointer: boolean): FieldWriter {
  if (type.kind === 'list' && !isWrapped(type)) return listWriter(number, type.element)
  if (type.kind === 'map') return mapWriter(number, type)
  const tag = tagOf(number, type)
  const write = valueWriter(type)
  const zero = pointer || isNilable(type) ? undefined : zeroOf(type)
  return (to, value) => {
    const given = value ?? zero
    if (given === undefined) return
    write(to, given)
    to.tag(tag)
  }
}

/** Named lists are messages of their own, since maps of lists could not be written otherwise. */
export const isWrapped = (type: Type): boolean =>
  type.kind === 'list' && (type.goType === 'v1.ExtraValue' || type.goType === 'v1.Verbs')

const isNilable = (type: Type): boolean => type.kind === 'list' || (type.kind === 'scalar' && type.scalar === 'bytes')

export function wireOf(type: Type): number {
  if (type.kind !== 'scalar') return wireBytes
  if (type.scalar === 'float64') return wireDouble
  return type.scalar === 'bool' || type.scalar === 'int32' || type.scalar === 'int64' ? wireVarint : wireBytes
}

export const tagOf = (number: number, type: Type): number => number * 8 + wireOf(type)

export function zeroOf(type: Type): unknown {
  if (type.kind === 'struct') return {}
  if (type.kind === 'list') return []
  if (type.kind !== 'scalar' || type.scalar === 'bytes') return undefined
  return Object.hasOwn(zeros, type.scalar) ? zeros[type.scalar] : null
}

function listWriter(number: number, element: Type): FieldWriter {
  const tag = tagOf(number, element)
  const write = valueWriter(element)
  const zero = zeroOf(element)
  return (to, value) => {
    if (!Array.isArray(value)) return
    for (let i = value.length - 1; i >= 0; i--) {
      write(to, value[i] ?? zero)
      to.tag(tag)
    }
  }
}

function mapWriter(number: number, type: MapType): FieldWriter {
  const write = writeEntry(type)
  return (to, value) => {
    if (typeof value !== 'object' || value === null) return
    const object = value as Record<string, unknown>
    for (const key of Object.keys(object).sort().reverse()) {
      write(to, key, object[key])
      to.tag(number * 8 + wireBytes)
    }
  }
}

/** Writes a member of a map without its tag. */
export function writeEntry(type: MapType): (to: WireWriter, key: string, value: unknown) => void {
  const valueTag = tagOf(2, type.value)
  const write = valueWriter(type.value)
  const zero = zeroOf(type.value)
  return (to, key, value) => {
    const end = to.length
    const item = value ?? zero
    if (item !== undefined) {
      write(to, item)
      to.tag(valueTag)
    }
    to.text(key)
    to.tag(10)
    to.lengthSince(end)
  }
}

export function valueWriter(type: Type): ValueWriter {
  switch (type.kind) {
    case 'scalar':
      return scalars[type.scalar]
    case 'struct':
      return message((to, value) => writeMessage(type, to, value as Record<string, unknown>))
    case 'list':
      return message(listWriter(1, type.element))
    case 'map':
      return message(mapWriter(1, type))
  }
}

const message =
  (write: ValueWriter): ValueWriter =>
  (to, value) => {
    const end = to.length
    write(to, value)
    to.lengthSince(end)
  }

const text = (to: WireWriter, value: unknown): void => to.text(String(value))
const number = (to: WireWriter, value: unknown): void => to.varint(value as number | bigint)

const blob = (to: WireWriter, bytes: Uint8Array): void => {
  to.bytes(bytes)
  to.varint(bytes.length)
}

/** Opaque JSON, in field 1; nothing for Go's nil. */
const rawJson = message((to, value) => {
  if (value === null || value === undefined) return
  blob(to, Buffer.from(jsonText(value)))
  to.tag(10)
})

const time = (unitNanos: number): ValueWriter =>
  message((to, value) => {
    if (typeof value !== 'string') return
    const micros = unitNanos > 1 ? Number(/\.(\d{1,6})/.exec(value)?.[1]?.padEnd(6, '0') ?? 0) : 0
    to.varint(micros * unitNanos)
    to.tag(16)
    to.varint(Math.floor(Date.parse(value) / 1000))
    to.tag(8)
  })

const props = (to: WireWriter, value: unknown): void =>
  writeMessage(structType('apiextensions/v1.JSONSchemaProps'), to, value as Record<string, unknown>)

/** A schema in `schemaField`, or what else the union holds. */
const schemaOr = (schemaField: number, other: ValueWriter): ValueWriter =>
  message((to, value) => {
    const isSchema = typeof value === 'object' && value !== null && !Array.isArray(value)
    if (isSchema) {
      const end = to.length
      props(to, value)
      to.lengthSince(end)
      to.tag(schemaField * 8 + wireBytes)
    }
    other(to, value)
  })

const eachOf =
  (write: ValueWriter): ValueWriter =>
  (to, value) => {
    if (!Array.isArray(value)) return
    for (let i = value.length - 1; i >= 0; i--) {
      write(to, value[i])
      to.tag(18)
    }
  }

const scalars: Record<ScalarKind, ValueWriter> = {
  string: text,
  bool: (to, value) => to.varint(value ? 1 : 0),
  int32: number,
  int64: number,
  float64: (to, value) => to.double(Number(value)),
  bytes: (to, value) => blob(to, Buffer.from(String(value), 'base64')),
  Time: time(0),
  MicroTime: time(1000),
  Duration: message((to, value) => {
    to.varint(parseDuration(String(value)))
    to.tag(8)
  }),
  Quantity: message((to, value) => {
    text(to, value)
    to.tag(10)
  }),
  IntOrString: message((to, value) => {
    const isText = typeof value === 'string'
    text(to, isText ? value : '')
    to.tag(26)
    to.varint(isText ? 0 : Number(value))
    to.tag(16)
    to.varint(isText ? 1 : 0)
    to.tag(8)
  }),
  RawExtension: rawJson,
  FieldsV1: rawJson,
  JSON: rawJson,
  any: rawJson,
  JSONSchemaPropsOrBool: schemaOr(2, (to, value) => {
    to.varint(value ? 1 : 0)
    to.tag(8)
  }),
  JSONSchemaPropsOrArray: schemaOr(1, eachOf(message(props))),
  JSONSchemaPropsOrStringArray: schemaOr(1, eachOf(text)),
}
