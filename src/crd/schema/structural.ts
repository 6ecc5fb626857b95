import { type FieldError, forbiddenField, invalid, required } from '../../apimachinery/field-error.ts'
import type { Steps } from '../../apimachinery/steps.ts'
import type { JsonSchema } from './json-schema.ts'
import { atIndex, atKey, child } from './path.ts'
import { patternErrors } from './pattern-errors.ts'

type Level = 'root' | 'item' | 'field'

/** What keeps `schema` from being structural: types that are missing, or said inside of anyOf, oneOf, allOf and not; or patterns that
 *  are none. Sorted. */
export function* structuralErrors(schema: JsonSchema, path: string): Steps<FieldError[]> {
  const patterns = yield* patternErrors(schema, path)
  const errors = [...patterns, ...invariants(schema, 'root', path), ...completeness(schema, schema, path, path)]
  const text = (error: FieldError): string => `${error.field}: ${error.message}`
  return errors.toSorted((a, b) => (text(a) < text(b) ? -1 : text(a) > text(b) ? 1 : 0))
}

const itemsOf = (schema: JsonSchema | undefined): JsonSchema | undefined =>
  schema?.items === undefined || Array.isArray(schema.items) ? undefined : (schema.items as JsonSchema)
const additionalOf = (schema: JsonSchema | undefined): JsonSchema | undefined =>
  typeof schema?.additionalProperties === 'object' ? schema.additionalProperties : undefined
const propertiesOf = (schema: JsonSchema): [string, JsonSchema][] => Object.entries(schema.properties ?? {})
const ownProperty = (schema: JsonSchema | undefined, name: string): JsonSchema | undefined =>
  schema?.properties !== undefined && Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined

function invariants(schema: JsonSchema, level: Level, path: string): FieldError[] {
  const items = itemsOf(schema)
  const additional = additionalOf(schema)
  const errors: FieldError[] = []
  if (schema.type === 'array' && items === undefined) errors.push(required(child(path, 'items'), 'must be specified'))
  if (items !== undefined) errors.push(...invariants(items, 'item', child(path, 'items')))
  for (const [name, property] of propertiesOf(schema)) {
    errors.push(...invariants(property, 'field', atKey(child(path, 'properties'), name)))
  }
  if (schema.additionalProperties !== undefined && level === 'root') {
    errors.push(forbiddenField(child(path, 'additionalProperties'), 'must not be used at the root'))
  }
  if (additional !== undefined) errors.push(...invariants(additional, 'field', child(path, 'additionalProperties')))
  errors.push(...extensionErrors(schema, path))
  errors.push(...valueValidation(schema, isIntOrStringAnyOf(schema.anyOf), isIntOrStringAnyOf(schema.allOf?.[0]?.anyOf), path))
  errors.push(...typeErrors(schema, level, path), ...metaErrors(schema, level, path))
  return errors
}

const NOT_EMPTY: Readonly<Record<Level, string>> = {
  root: 'must not be empty at the root',
  item: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
}

function typeErrors(schema: JsonSchema, level: Level, path: string): FieldError[] {
  const at = child(path, 'type')
  const embedded = schema['x-kubernetes-embedded-resource'] === true
  const type = schema.type ?? ''
  const errors: FieldError[] = []
  if (embedded && type !== 'object') {
    const detail = 'must be object if x-kubernetes-embedded-resource is true'
    errors.push(type === '' ? required(at, detail) : invalid(at, type, detail))
  } else if (type === '' && !schema['x-kubernetes-int-or-string'] && !schema['x-kubernetes-preserve-unknown-fields']) {
    errors.push(required(at, NOT_EMPTY[level]))
  }
  if (embedded && schema.additionalProperties !== undefined) {
    errors.push(forbiddenField(child(path, 'additionalProperties'), 'must not be used if x-kubernetes-embedded-resource is set'))
  }
  if (level === 'root' && type !== '' && type !== 'object') errors.push(invalid(at, type, 'must be object at the root'))
  return errors
}

function metaErrors(schema: JsonSchema, level: Level, path: string): FieldError[] {
  const embedded = schema['x-kubernetes-embedded-resource'] === true
  const isResource = level === 'root' || embedded
  const errors: FieldError[] = []
  const at = (name: string): string => atKey(child(path, 'properties'), name)
  for (const name of ['kind', 'apiVersion']) {
    const property = ownProperty(schema, name)
    if (isResource && property !== undefined && property.type !== 'string') {
      errors.push(invalid(child(at(name), 'type'), property.type ?? '', 'must be string'))
    }
  }
  const metadata = ownProperty(schema, 'metadata')
  if (metadata !== undefined) {
    if (isResource && metadata.type !== 'object')
      errors.push(invalid(child(at('metadata'), 'type'), metadata.type ?? '', 'must be object'))
    if (level === 'root' && !restrictsNamesOnly(metadata)) {
      const detail = 'must not specify anything other than name and generateName, but metadata is implicitly specified'
      errors.push(forbiddenField(at('metadata'), detail))
    }
  }
  if (embedded && !schema['x-kubernetes-preserve-unknown-fields'] && propertiesOf(schema).length === 0) {
    const detail = 'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields'
    errors.push(required(child(path, 'properties'), detail))
  }
  return errors
}

function restrictsNamesOnly(metadata: JsonSchema): boolean {
  const names = Object.keys(metadata.properties ?? {})
  if (names.some((name) => name !== 'name' && name !== 'generateName')) return false
  return Object.entries(metadata).every(([key, value]) => ['type', 'properties', 'default'].includes(key) || !isKept(key, value))
}

/** Whether a structural schema has something for what a field of a schema says. */
function isKept(key: string, value: unknown): boolean {
  if (value === undefined || value === null) return false
  if (pointers.has(key) || keptIfEmpty.has(key)) return true
  return !isZero(value) && !(leftOutIfEmpty.has(key) && Object.keys(value).length === 0)
}

/** Maps that structural schemas have no place for. */
const leftOutIfEmpty: ReadonlySet<string> = new Set(['patternProperties', 'definitions', 'dependencies'])
/** Lists that a structural schema takes as they are; of others it makes its own, and none of an empty one. */
const keptIfEmpty: ReadonlySet<string> = new Set(['required', 'x-kubernetes-list-map-keys', 'x-kubernetes-validations'])
/** Set by any value, the empty text too. */
const pointers: ReadonlySet<string> = new Set(['default', 'x-kubernetes-list-type', 'x-kubernetes-map-type'])

const isZero = (value: unknown): boolean =>
  value === undefined || value === null || value === false || value === '' || (Array.isArray(value) && value.length === 0)

function isIntOrStringAnyOf(anyOf: readonly JsonSchema[] | undefined): boolean {
  if (anyOf?.length !== 2) return false
  return ['integer', 'string'].every((type, i) => {
    const schema = anyOf[i] as JsonSchema
    return schema.type === type && Object.entries(schema).every(([key, value]) => key === 'type' || isZero(value))
  })
}

function extensionErrors(schema: JsonSchema, path: string): FieldError[] {
  if (!schema['x-kubernetes-int-or-string']) return []
  const detail = 'must be false if x-kubernetes-int-or-string is true'
  return (['x-kubernetes-preserve-unknown-fields', 'x-kubernetes-embedded-resource'] as const)
    .filter((key) => schema[key])
    .map((key) => invalid(child(path, key), true, detail))
}

function valueValidation(schema: JsonSchema, skipAnyOf: boolean, skipFirstAllOf: boolean, path: string): FieldError[] {
  const errors: FieldError[] = []
  const each = (schemas: readonly JsonSchema[] | undefined, key: string, skips: (i: number) => boolean): void => {
    schemas?.forEach((part, i) => {
      errors.push(...nested(part, skips(i), atIndex(child(path, key), i)))
    })
  }
  if (!skipAnyOf) each(schema.anyOf, 'anyOf', () => false)
  each(schema.allOf, 'allOf', (i) => skipFirstAllOf && i === 0)
  each(schema.oneOf, 'oneOf', () => false)
  if (schema.not !== undefined) errors.push(...nested(schema.not, false, child(path, 'not')))
  return errors
}

/** Fields that may only be outside of anyOf, oneOf, allOf and not, and what each must be inside. */
const OUTSIDE_ONLY: readonly (readonly [keyof JsonSchema, string])[] = [
  ['type', 'empty'],
  ['default', 'undefined'],
  ['title', 'empty'],
  ['description', 'empty'],
  ['nullable', 'false'],
  ['x-kubernetes-preserve-unknown-fields', 'false'],
  ['x-kubernetes-embedded-resource', 'false'],
  ['x-kubernetes-int-or-string', 'false'],
  ['x-kubernetes-list-map-keys', 'empty'],
  ['x-kubernetes-list-type', 'undefined'],
  ['x-kubernetes-map-type', 'undefined'],
  ['x-kubernetes-validations', 'empty'],
]

function nested(schema: JsonSchema, skipAnyOf: boolean, path: string): FieldError[] {
  const errors = valueValidation(schema, skipAnyOf, false, path)
  const items = itemsOf(schema)
  if (items !== undefined) errors.push(...nested(items, false, child(path, 'items')))
  for (const [name, property] of propertiesOf(schema)) {
    errors.push(...nested(property, false, atKey(child(path, 'properties'), name)))
  }
  if (schema.additionalProperties) {
    errors.push(forbiddenField(child(path, 'additionalProperties'), 'must be undefined to be structural'))
  }
  for (const [key, must] of OUTSIDE_ONLY) {
    const isGiven = schema[key] !== undefined && schema[key] !== null
    const present = pointers.has(key) ? isGiven : !isZero(schema[key])
    if (present) errors.push(forbiddenField(child(path, key), `must be ${must} to be structural`))
  }
  if (ownProperty(schema, 'metadata') !== undefined) {
    errors.push(forbiddenField(atKey(child(path, 'properties'), 'metadata'), 'must not be specified in a nested context'))
  }
  return errors
}

/** What is validated inside of junctors must be specified outside of them. */
function completeness(value: JsonSchema, outside: JsonSchema | undefined, outsidePath: string, path: string): FieldError[] {
  if (outside === undefined) return [required(outsidePath, `because it is defined in ${path}`)]
  const parts: [JsonSchema, string][] = []
  if (value.not !== undefined) parts.push([value.not, child(path, 'not')])
  for (const key of ['allOf', 'anyOf', 'oneOf'] as const) {
    for (const [i, part] of (value[key] ?? []).entries()) parts.push([part, atIndex(child(path, key), i)])
  }
  return parts.flatMap(([part, at]) => nestedCompleteness(part, outside, outsidePath, at))
}

function nestedCompleteness(value: JsonSchema, outside: JsonSchema | undefined, outsidePath: string, path: string): FieldError[] {
  if (outside === undefined) return [required(outsidePath, `because it is defined in ${path}`)]
  const errors = completeness(value, outside, outsidePath, path)
  const items = itemsOf(value)
  if (items !== undefined)
    errors.push(...nestedCompleteness(items, itemsOf(outside), child(outsidePath, 'items'), child(path, 'items')))
  for (const [name, property] of propertiesOf(value)) {
    const place = atKey(child(outsidePath, 'properties'), name)
    errors.push(...nestedCompleteness(property, ownProperty(outside, name), place, atKey(child(path, 'properties'), name)))
  }
  return errors
}
