import { writeDuration } from '../../apimachinery/duration.ts'
import { parseJson } from '../../apimachinery/json.ts'
import { setMember } from '../../apimachinery/members.ts'
import { WireError, type WireReader, wireBytes, wireVarint } from '../../apimachinery/wire-reader.ts'
import { messageFields, type ScalarKind, type StructType, structType, type Type } from '../schema/types.ts'
import { isWrapped, wireOf } from './message-writer.ts'

type Json = Record<string, unknown>

const maxDepth = 500
/** Reads a value that stands after its tag. */
type ValueReader = (from: WireReader) => unknown
/** Reads a value into the object that has it. */
type FieldReader = (from: WireReader, into: Json) => void

interface Plan {
  readonly wire: number
  readonly read: FieldReader
  /** For lists of numbers, which may come packed. */
  readonly readPacked: FieldReader | undefined
}

const plans = new WeakMap<StructType, readonly (Plan | undefined)[]>()

/** Reads the fields of a struct up to the reader's end. What Go would leave empty is absent. Unknown fields are skipped. */
export function readMessage(type: StructType, from: WireReader, into: Json = {}): Json {
  let plan = plans.get(type)
  if (!plan) {
    const fields: Plan[] = []
    for (const { number, name, type: fieldType } of messageFields(type)) fields[number] = planOf(name, fieldType)
    plan = fields
    plans.set(type, plan)
  }
  while (from.at < from.end) {
    const tag = from.tag()
    const wire = tag & 7
    const field = plan[tag >>> 3]
    if (!field) from.skip(wire)
    else if (field.wire === wire) field.read(from, into)
    else if (wire === wireBytes && field.readPacked) field.readPacked(from, into)
    else throw new WireError(`proto: wrong wireType = ${wire} for field ${tag >>> 3} of ${type.name}`)
  }
  return into
}

function planOf(name: string, type: Type): Plan {
  if (type.kind === 'list' && !isWrapped(type)) return listPlan(name, type.element)
  if (type.kind === 'map') return { wire: wireBytes, read: entryReader(name, type.value), readPacked: undefined }
  if (name === '' && type.kind === 'struct') {
    return { wire: wireBytes, read: (from, into) => within(from, () => readMessage(type, from, into)), readPacked: undefined }
  }
  const read = valueReader(type)
  return { wire: wireOf(type), read: setting(name, read), readPacked: undefined }
}

const setting =
  (name: string, read: ValueReader): FieldReader =>
  (from, into) => {
    into[name] = read(from)
  }

function listPlan(name: string, element: Type): Plan {
  const read = valueReader(element)
  const wire = wireOf(element)
  const listOf = (into: Json): unknown[] => {
    into[name] ??= []
    return into[name] as unknown[]
  }
  const readPacked: FieldReader = (from, into) =>
    within(from, () => {
      while (from.at < from.end) {
        from.count()
        listOf(into).push(read(from))
      }
    })
  return {
    wire,
    read: (from, into) => void listOf(into).push(read(from)),
    readPacked: wire === wireVarint ? readPacked : undefined,
  }
}

function entryReader(name: string, valueType: Type): FieldReader {
  const read = valueReader(valueType)
  const wire = wireOf(valueType)
  const isBytes = valueType.kind === 'scalar' && valueType.scalar === 'bytes'
  return (from, into) =>
    within(from, () => {
      let key = ''
      let value: unknown = isBytes ? '' : valueType.kind === 'list' ? [] : null
      while (from.at < from.end) {
        const tag = from.tag()
        if (tag === 10) key = from.text()
        else if (tag === 16 + wire) value = read(from)
        else from.skip(tag & 7)
      }
      into[name] ??= {}
      setMember(into[name] as Json, key, value)
    })
}

/** Runs `read` with the reader bounded to the message that stands here. */
function within<T>(from: WireReader, read: () => T): T {
  const end = from.span()
  const outer = from.end
  if (++from.depth > maxDepth) throw new WireError('proto: exceeded max depth')
  from.end = end
  const value = read()
  from.depth--
  from.at = end
  from.end = outer
  return value
}

function valueReader(type: Type): ValueReader {
  switch (type.kind) {
    case 'scalar':
      return scalars[type.scalar]
    case 'struct':
      return (from) => within(from, () => readMessage(type, from))
    case 'list': {
      const plan = listPlan('items', type.element)
      return (from) => fieldsOf(from, { 1: plan }).items ?? []
    }
    case 'map':
      throw new WireError('proto: a map in a list')
  }
}

/** The fields of a small message that no struct describes. */
function fieldsOf(from: WireReader, fields: Readonly<Record<number, Plan>>): Json {
  return within(from, () => {
    const into: Json = {}
    while (from.at < from.end) {
      const tag = from.tag()
      const field = fields[tag >>> 3]
      if (field && field.wire === (tag & 7)) field.read(from, into)
      else from.skip(tag & 7)
    }
    return into
  })
}

const simple = (name: string, wire: number, read: ValueReader): Plan => ({
  wire,
  read: setting(name, read),
  readPacked: undefined,
})

const text: ValueReader = (from) => from.text()
const number: ValueReader = (from) => from.signed()

const raw: ValueReader = (from) => {
  const { value } = fieldsOf(from, { 1: simple('value', wireBytes, (inner) => inner.slice().toString()) })
  if (value === undefined || value === '') return null
  try {
    return parseJson(String(value))
  } catch {
    throw new WireError('proto: embedded JSON cannot be read')
  }
}

const timeFields = { 1: simple('seconds', wireVarint, number), 2: simple('nanos', wireVarint, number) }
const maxSeconds = 8.64e12

const time =
  (write: (date: Date, nanos: number) => string): ValueReader =>
  (from) => {
    const { seconds, nanos } = fieldsOf(from, timeFields) as { seconds?: number; nanos?: number }
    if (seconds === undefined && nanos === undefined) return null
    if (Math.abs(seconds ?? 0) > maxSeconds) throw new WireError('proto: time out of range')
    return write(new Date((seconds ?? 0) * 1000), nanos ?? 0)
  }

const propsReader: ValueReader = (from) => within(from, () => readMessage(structType('apiextensions/v1.JSONSchemaProps'), from))

const union = (fields: Readonly<Record<number, Plan>>): ValueReader => {
  return (from) => {
    const { schema, items, allows } = fieldsOf(from, fields)
    return schema ?? items ?? (allows === undefined ? null : allows)
  }
}

const listField = (read: ValueReader): Plan => ({
  wire: wireBytes,
  read: (from, into) => {
    into.items ??= []
    ;(into.items as unknown[]).push(read(from))
  },
  readPacked: undefined,
})

const bool: ValueReader = (from) => from.signed() !== 0

const scalars: Record<ScalarKind, ValueReader> = {
  string: text,
  bool,
  int32: number,
  int64: (from) => from.int64(),
  float64: (from) => from.double(),
  bytes: (from) => from.slice().toString('base64'),
  Time: time((date) => `${date.toISOString().slice(0, 19)}Z`),
  MicroTime: time(
    (date, nanos) =>
      `${date.toISOString().slice(0, 19)}.${String(Math.floor(nanos / 1000))
        .padStart(6, '0')
        .slice(0, 6)}Z`,
  ),
  Duration: (from) => writeDuration(Number(fieldsOf(from, { 1: simple('value', wireVarint, number) }).value ?? 0)),
  Quantity: (from) => {
    const { value } = fieldsOf(from, { 1: simple('value', wireBytes, text) })
    return value === undefined || value === '' ? '0' : value
  },
  IntOrString: (from) => {
    const fields = {
      1: simple('type', wireVarint, number),
      2: simple('int', wireVarint, number),
      3: simple('text', wireBytes, text),
    }
    const value = fieldsOf(from, fields)
    return value.type === 1 ? (value.text ?? '') : (value.int ?? 0)
  },
  RawExtension: raw,
  FieldsV1: raw,
  JSON: raw,
  any: raw,
  JSONSchemaPropsOrBool: union({ 1: simple('allows', wireVarint, bool), 2: simple('schema', wireBytes, propsReader) }),
  JSONSchemaPropsOrArray: union({ 1: simple('schema', wireBytes, propsReader), 2: listField(propsReader) }),
  JSONSchemaPropsOrStringArray: union({ 1: simple('schema', wireBytes, propsReader), 2: listField(text) }),
}
