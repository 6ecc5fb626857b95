import { type FieldError, invalid } from '../../apimachinery/field-error.ts'
import { jsonTypeOf } from '../../apimachinery/go-type.ts'
import { isInt64, WholeFloat } from '../../apimachinery/json.ts'
import { isJsonArray, isJsonObject, type Json, type JsonObject, withSortedKeys } from './json-schema.ts'
import type { SchemaNode } from './node.ts'
import { atIndex, atKey, child } from './path.ts'
import { withChanges } from './prune.ts'

/** The Go type of a field of ObjectMeta; an object type lists its own fields. */
type MetaType =
  | 'string'
  | 'types.UID'
  | 'v1.ManagedFieldsOperationType'
  | 'int64'
  | 'bool'
  | 'Time'
  | 'FieldsV1'
  | { map: 'string' }
  | { list: MetaType }
  | { name: string; fields: MetaFields }
type MetaFields = Readonly<Record<string, MetaType>>

const OWNER_REFERENCE: MetaType = {
  name: 'OwnerReference',
  fields: {
    apiVersion: 'string',
    kind: 'string',
    name: 'string',
    uid: 'types.UID',
    controller: 'bool',
    blockOwnerDeletion: 'bool',
  },
}
const MANAGED_FIELDS: MetaType = {
  name: 'ManagedFieldsEntry',
  fields: {
    manager: 'string',
    operation: 'v1.ManagedFieldsOperationType',
    apiVersion: 'string',
    time: 'Time',
    fieldsType: 'string',
    fieldsV1: 'FieldsV1',
    subresource: 'string',
  },
}
const OBJECT_META: MetaFields = {
  name: 'string',
  generateName: 'string',
  namespace: 'string',
  selfLink: 'string',
  uid: 'types.UID',
  resourceVersion: 'string',
  generation: 'int64',
  creationTimestamp: 'Time',
  deletionTimestamp: 'Time',
  deletionGracePeriodSeconds: 'int64',
  labels: { map: 'string' },
  annotations: { map: 'string' },
  ownerReferences: { list: OWNER_REFERENCE },
  finalizers: { list: 'string' },
  managedFields: { list: MANAGED_FIELDS },
}

export interface Coerced {
  readonly value: Json
  /** Paths of fields that were left out as nothing knows them. */
  readonly unknown: readonly string[]
  /** The first thing of a wrong type; then `value` is as it came. */
  readonly error: FieldError | undefined
}

/** `value` with the metadata of embedded resources reduced to what ObjectMeta has. With `drop`, what is malformed goes. */
export function coerceEmbedded(value: Json, node: SchemaNode, drop = false): Coerced {
  const coercer = new Coercer(drop)
  try {
    return { value: coercer.coerce(value, node, ''), unknown: coercer.unknown.sort(), error: undefined }
  } catch (error) {
    if (error instanceof Malformed) return { value, unknown: [], error: error.field }
    throw error
  }
}

/** The ObjectMeta of a metadata value, unknown fields left out. Throws MetadataError with Go's text for wrong types. */
export function coerceMetadata(metadata: Json, path: string): { value: Json; unknown: string[] } {
  const unknown: string[] = []
  return { value: readStruct('ObjectMeta', OBJECT_META, metadata, '', path, unknown), unknown }
}

/** A value of ObjectMeta has a wrong type. */
export class MetadataError extends Error {}

class Malformed extends Error {
  readonly field: FieldError
  constructor(field: FieldError) {
    super(field.message)
    this.field = field
  }
}

class Coercer {
  readonly unknown: string[] = []
  private readonly drop: boolean

  constructor(drop: boolean) {
    this.drop = drop
  }

  coerce(value: Json, node: SchemaNode | undefined, path: string): Json {
    if (node === undefined || !node.hasEmbedded) return value
    if (isJsonArray(value)) {
      const items = value.map((item, i) => this.coerce(item, node.items, atIndex(path, i)))
      return items.every((item, i) => item === value[i]) ? value : items
    }
    if (!isJsonObject(value)) return value
    const changes = new Map<string, Json | undefined>()
    for (const key of Object.keys(value)) {
      let field: Json | undefined = value[key] as Json
      if (node.embedded) field = this.metaField(key, field, path)
      const property = node.properties.get(key)
      const additional = typeof node.additional === 'object' ? node.additional : undefined
      if (field !== undefined && (property ?? additional) !== undefined) {
        field = this.coerce(field, property ?? additional, property === undefined ? atKey(path, key) : child(path, key))
      }
      if (field !== value[key]) changes.set(key, field)
    }
    return withChanges(value, changes)
  }

  private metaField(key: string, value: Json, path: string): Json | undefined {
    if (key === 'apiVersion' || key === 'kind') {
      if (typeof value === 'string') return value
      if (this.drop) return undefined
      throw new Malformed(invalid(child(path, key), value, 'must be a string'))
    }
    if (key !== 'metadata') return value
    try {
      const { value: metadata, unknown } = coerceMetadata(value, child(path, 'metadata'))
      this.unknown.push(...unknown)
      return metadata
    } catch (error) {
      if (!(error instanceof MetadataError)) throw error
      if (!this.drop) throw new Malformed(invalid(child(path, 'metadata'), withSortedKeys(value), error.message))
      return isJsonObject(value) ? droppingMalformed(value) : value
    }
  }
}

/** What of a metadata can be read, field by field. */
function droppingMalformed(metadata: JsonObject): JsonObject {
  const kept = Object.entries(metadata).flatMap(([key, value]): [string, Json][] => {
    try {
      return Object.entries(coerceMetadata({ [key]: value }, '').value as JsonObject)
    } catch (error) {
      if (error instanceof MetadataError) return []
      throw error
    }
  })
  return Object.fromEntries(kept)
}

function readStruct(name: string, fields: MetaFields, value: Json, at: string, path: string, unknown: string[]): Json {
  if (value === null) return {}
  if (!isJsonObject(value)) throw wrongType(value, at === '' ? `v1.${name}` : `v1.${name}`, at)
  const entries = Object.entries(value).flatMap(([key, field]): [string, Json][] => {
    const type = Object.hasOwn(fields, key) ? fields[key] : undefined
    if (type === undefined) {
      unknown.push(child(path, key))
      return []
    }
    const read = readValue(type, field, `${name}.${key}`, child(path, key), unknown)
    return isEmpty(read) ? [] : [[key, read]]
  })
  return Object.fromEntries(entries)
}

function readValue(type: MetaType, given: Json, at: string, path: string, unknown: string[]): Json {
  // Go reads metadata from its JSON, where a float64 is written as an integer.
  const value = given instanceof WholeFloat ? Number(given) : given
  if (value === null) return null
  if (typeof type === 'object') {
    if ('map' in type) return readMap(value, at)
    if ('fields' in type) return readStruct(type.name, type.fields, value, at, path, unknown)
    if (!isJsonArray(value)) throw wrongType(value, `[]${goType(type.list)}`, at)
    return value.map((item, i) => readValue(type.list, item, at, atIndex(path, i), unknown))
  }
  if (type === 'FieldsV1') return value
  const fits = type === 'int64' ? isInt64(value) : typeof value === (type === 'bool' ? 'boolean' : 'string')
  if (!fits) throw wrongType(value, goType(type), at)
  return value
}

function readMap(value: Json, at: string): Json {
  if (!isJsonObject(value)) throw wrongType(value, 'map[string]string', at)
  for (const item of Object.values(value)) if (typeof item !== 'string' && item !== null) throw wrongType(item, 'string', at)
  return Object.values(value).includes(null)
    ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, item ?? '']))
    : value
}

const goType = (type: MetaType): string => {
  if (typeof type !== 'object') return type === 'Time' ? 'string' : type
  return 'name' in type ? `v1.${type.name}` : 'map' in type ? 'map[string]string' : `[]${goType(type.list)}`
}

function wrongType(value: Json, wanted: string, at: string): MetadataError {
  const kind = jsonTypeOf(value)
  const where = at === '' ? 'value' : `struct field ${at}`
  return new MetadataError(`json: cannot unmarshal ${kind} into Go ${where} of type ${wanted}`)
}

const isEmpty = (value: Json): boolean =>
  value === null ||
  value === '' ||
  value === 0 ||
  (isJsonArray(value) && value.length === 0) ||
  (isJsonObject(value) && Object.keys(value).length === 0)
