import { isJsonObject, type Json, type JsonSchema } from '../crd/schema/json-schema.ts'
import { markersOf } from './markers.ts'

/** Something wrong in a Composition, at a field such as `spec.schema.spec.replicas`. */
export interface Problem {
  readonly field: string
  readonly message: string
  /** Nothing is wrong with the Composition itself: it waits for a kind that is not served yet. */
  readonly isPending?: boolean
}

export class SchemaProblem extends Error {
  readonly field: string
  constructor(field: string, message: string) {
    super(message)
    this.name = 'SchemaProblem'
    this.field = field
  }
}

/** Types that other fields may name, as they are written: `Port: { name: string, number: integer }`. */
export type NamedTypes = Readonly<Record<string, Json>>

const scalars: Readonly<Record<string, JsonSchema>> = {
  string: { type: 'string' },
  integer: { type: 'integer' },
  number: { type: 'number' },
  float: { type: 'number' },
  boolean: { type: 'boolean' },
  object: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  any: { 'x-kubernetes-preserve-unknown-fields': true },
}

/**
 * A structural schema of a short one, as kro has it: a map is an object, a text is a type and markers:
 * `string | default="x" required=true`, `[]string`, `map[string]Port`. Throws SchemaProblem.
 */
export function structuralSchema(short: Json, types: NamedTypes, field: string): JsonSchema {
  return fieldSchema(short, types, field, []).schema
}

interface Field {
  readonly schema: JsonSchema
  readonly required: boolean
}

function fieldSchema(short: Json, types: NamedTypes, field: string, within: readonly string[]): Field {
  if (isJsonObject(short)) return { schema: objectSchema(short, types, field, within), required: false }
  if (typeof short !== 'string')
    throw new SchemaProblem(field, 'must be a type such as `string | default="x"`, or a map of fields')
  const bar = short.indexOf('|')
  const type = (bar < 0 ? short : short.slice(0, bar)).trim()
  const base = typeSchema(type, types, field, within)
  if (bar < 0) return { schema: base, required: false }
  const { schema, required } = markersOf(short.slice(bar + 1), base, (message) => new SchemaProblem(field, message))
  return { schema: { ...base, ...schema }, required }
}

function objectSchema(
  short: Readonly<Record<string, Json>>,
  types: NamedTypes,
  field: string,
  within: readonly string[],
): JsonSchema {
  const properties: Record<string, JsonSchema> = {}
  const required: string[] = []
  for (const [name, part] of Object.entries(short)) {
    const made = fieldSchema(part, types, `${field}.${name}`, within)
    properties[name] = made.schema
    if (made.required) required.push(name)
  }
  // An object whose fields all have defaults is there with them: `${schema.spec.db.size}` needs no guard.
  const defaulted = Object.values(properties).some((p) => p.default !== undefined) && required.length === 0
  return { type: 'object', properties, ...(required.length > 0 ? { required } : {}), ...(defaulted ? { default: {} } : {}) }
}

function typeSchema(type: string, types: NamedTypes, field: string, within: readonly string[]): JsonSchema {
  if (type.startsWith('[]')) return { type: 'array', items: typeSchema(type.slice(2).trim(), types, field, within) }
  const map = /^map\[string\](.+)$/.exec(type)
  if (map) return { type: 'object', additionalProperties: typeSchema((map[1] ?? '').trim(), types, field, within) }
  if (Object.hasOwn(scalars, type)) return scalars[type] as JsonSchema
  if (within.includes(type)) throw new SchemaProblem(field, `type ${type} contains itself: ${[...within, type].join(' → ')}`)
  if (Object.hasOwn(types, type)) return fieldSchema(types[type] as Json, types, field, [...within, type]).schema
  const known = [...Object.keys(scalars), ...Object.keys(types)].join(', ')
  throw new SchemaProblem(field, `there is no type ${JSON.stringify(type)}; there are ${known}, []TYPE and map[string]TYPE`)
}
