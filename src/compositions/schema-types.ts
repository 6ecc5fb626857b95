import type { StructTypes } from '../crd/cel/environment.ts'
import { fromJson } from '../crd/cel/json-values.ts'
import { LazyList } from '../crd/cel/lazy-list.ts'
import { parseDuration, parseTimestamp } from '../crd/cel/library/time-text.ts'
import {
  BOOL,
  BYTES,
  type CelType,
  DOUBLE,
  DURATION,
  DYN,
  INT,
  listOf,
  mapOf,
  STRING,
  structType,
  TIMESTAMP,
} from '../crd/cel/types.ts'
import { CelDouble, CelMap, type Value } from '../crd/cel/values.ts'
import type { JsonSchema } from '../crd/schema/json-schema.ts'
import { isReserved } from '../crd/schema/rules/escape.ts'

/** A schema whose references lead somewhere: a part of an OpenAPI document, or of a definition (which has none). */
export interface TypedSchema {
  readonly schema: JsonSchema
  readonly refs: (ref: string) => JsonSchema | undefined
}

const noRefs = (): undefined => undefined
export const typedSchema = (schema: JsonSchema): TypedSchema => ({ schema, refs: noRefs })

/** The same with its reference, or its single allOf, followed. */
function resolved({ schema, refs }: TypedSchema): TypedSchema {
  for (let current = schema, depth = 0; depth < 20; depth++) {
    const ref = current.$ref ?? (current.allOf?.length === 1 ? current.allOf[0]?.$ref : undefined)
    if (ref === undefined) return { schema: current, refs }
    const found = refs(ref)
    if (found === undefined) return { schema: {}, refs }
    current = found
  }
  return { schema: {}, refs }
}

export type Shape = 'object' | 'map' | 'list' | 'string' | 'integer' | 'number' | 'boolean' | 'any'

export interface Shaped extends TypedSchema {
  readonly shape: Shape
}

/** What values of a schema are; `any` where the schema does not tell (also quantities and int-or-string). */
export function shapeOf(typed: TypedSchema): Shaped {
  const { schema, refs } = resolved(typed)
  const shaped = (shape: Shape): Shaped => ({ schema, refs, shape })
  if (schema['x-kubernetes-int-or-string'] || schema.format === 'int-or-string' || schema.oneOf) return shaped('any')
  switch (schema.type) {
    case 'string':
    case 'integer':
    case 'number':
    case 'boolean':
      return shaped(schema.type)
    case 'array':
      return shaped(schema.items === undefined ? 'any' : 'list')
    case 'object':
      if (schema['x-kubernetes-preserve-unknown-fields']) return shaped('any')
      if (Object.keys(schema.properties ?? {}).length > 0) return shaped('object')
      return shaped(typeof schema.additionalProperties === 'object' ? 'map' : 'any')
    default:
      return shaped(schema.properties ? 'object' : 'any')
  }
}

/** The schema of a field of an object or map; undefined when it has none of that name. */
export function fieldOf({ schema, refs, shape }: Shaped, name: string): TypedSchema | undefined {
  const { properties = {}, additionalProperties } = schema
  if (shape === 'map') return { schema: additionalProperties as JsonSchema, refs }
  const property = Object.hasOwn(properties, name) ? properties[name] : undefined
  return property && { schema: property, refs }
}

export const itemOf = ({ schema, refs }: Shaped): TypedSchema => ({ schema: schema.items as JsonSchema, refs })

/** The CEL types of schemas. A name of an object type has a space in it, so that no expression means it by chance. */
export class SchemaTypes implements StructTypes {
  readonly #structs = new Map<string, { readonly type: CelType; readonly shaped: Shaped }>()

  /** The type of a value of `typed` that stands at `path`, such as `deployment.spec`. */
  typeOf(typed: TypedSchema, path: string): CelType {
    const shaped = shapeOf(typed)
    switch (shaped.shape) {
      case 'string':
        return stringType(shaped.schema.format)
      case 'integer':
        return INT
      case 'number':
        return DOUBLE
      case 'boolean':
        return BOOL
      case 'list':
        return listOf(this.typeOf(itemOf(shaped), `${path}[]`))
      case 'map':
        return mapOf(
          STRING,
          this.typeOf({ schema: shaped.schema.additionalProperties as JsonSchema, refs: shaped.refs }, `${path}{}`),
        )
      case 'object':
        return this.#struct(shaped, `object ${path}`)
      case 'any':
        return DYN
    }
  }

  #struct(shaped: Shaped, name: string): CelType {
    const type = structType(name)
    this.#structs.set(name, { type, shaped })
    return type
  }

  find(name: string): CelType | undefined {
    return this.#structs.get(name)?.type
  }

  /** The schema that an object type was made of. */
  schemaOf(name: string): Shaped | undefined {
    return this.#structs.get(name)?.shaped
  }

  field(typeName: string, field: string): CelType | undefined {
    const shaped = this.#structs.get(typeName)?.shaped
    const name = /^__(.+)__$/.exec(field)?.[1]
    const found = shaped && (fieldOf(shaped, field) ?? (name && isReserved(name) ? fieldOf(shaped, name) : undefined))
    return found && this.typeOf(found, `${typeName.slice('object '.length)}.${field}`)
  }
}

function stringType(format: string | undefined): CelType {
  switch (format) {
    case 'date-time':
      return TIMESTAMP
    case 'duration':
      return DURATION
    case 'byte':
      return BYTES
    default:
      return STRING
  }
}

/** JSON as expressions see a value of `typed`. What does not fit its schema is seen as it is. */
export function typedValue(value: unknown, typed: TypedSchema): Value {
  if (value === null || value === undefined) return null
  const shaped = shapeOf(typed)
  switch (shaped.shape) {
    case 'object':
    case 'map':
      return typeof value === 'object' && !Array.isArray(value) ? new TypedMap(value as object, shaped) : fromJson(value)
    case 'list':
      return Array.isArray(value) ? itemsOf(value, itemOf(shaped)) : fromJson(value)
    case 'number':
      return typeof value === 'number' || typeof value === 'bigint' ? new CelDouble(Number(value)) : fromJson(value)
    case 'string':
      return typeof value === 'string' ? textValue(value, shaped.schema.format) : fromJson(value)
    default:
      return fromJson(value)
  }
}

const itemsOf = (items: readonly unknown[], item: TypedSchema): Value => new LazyList(items, (one) => typedValue(one, item))

function textValue(text: string, format: string | undefined): Value {
  switch (format) {
    case 'date-time':
      return parseTimestamp(text) ?? text
    case 'duration':
      return parseDuration(text) ?? text
    case 'byte':
      return Buffer.from(text, 'base64')
    default:
      return text
  }
}

class TypedMap extends CelMap {
  readonly #raw: Readonly<Record<string, unknown>>
  readonly #shaped: Shaped
  constructor(raw: object, shaped: Shaped) {
    super()
    this.#raw = raw as Record<string, unknown>
    this.#shaped = shaped
  }
  get size(): number {
    return this.keys().length
  }
  get(key: Value): Value | undefined {
    if (typeof key !== 'string') return undefined
    const name = Object.hasOwn(this.#raw, key) ? key : (/^__(.+)__$/.exec(key)?.[1] ?? key)
    const value = Object.hasOwn(this.#raw, name) ? this.#raw[name] : undefined
    if (value === undefined || value === null) return undefined
    const field = fieldOf(this.#shaped, name)
    return field ? typedValue(value, field) : fromJson(value)
  }
  keys(): readonly Value[] {
    return Object.keys(this.#raw).filter((name) => this.#raw[name] !== undefined && this.#raw[name] !== null)
  }
}
