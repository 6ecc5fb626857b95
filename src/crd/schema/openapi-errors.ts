import { type FieldError, forbiddenField, invalid, notSupported, required } from '../../apimachinery/field-error.ts'
import type { Steps } from '../../apimachinery/steps.ts'
import { goJson, type JsonSchema } from './json-schema.ts'
import { atIndex, atKey, child } from './path.ts'
import { type Place, placeOf, type RuleCosts, ruleErrors, ruleFormErrors } from './rule-errors.ts'

/** What differs when an existing CRD is updated: what was accepted once is not refused now. */
export interface SchemaOptions {
  readonly requireStructural: boolean
  readonly requireValidTypes: boolean
  readonly requireAtomicSets: boolean
  readonly requireListMapKeyRules: boolean
  /** The schema is what it was: its rules may cost what they cost. */
  readonly ignoreRuleCosts: boolean
}

const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string']
const META_FIELDS = ['metadata', 'kind', 'apiVersion']

interface Context {
  readonly options: SchemaOptions
  /** Why defaults are forbidden here; undefined: they are not. */
  readonly noDefaults: string | undefined
  readonly insideMeta: boolean
  /** The list or map above whose old items cannot be told: oldSelf means nothing below. */
  readonly uncorrelatable: string | undefined
  readonly costs: RuleCosts | undefined
  /** undefined: rules are not compiled here. */
  readonly place: Place | undefined
}

interface Found {
  readonly schema: FieldError[]
  readonly rules: FieldError[]
}

/** What OpenAPI schemas of CRDs may not say, and what is wrong with rules when `costs` is given (it is filled). */
export function* openApiErrors(
  schema: JsonSchema,
  path: string,
  options: SchemaOptions,
  costs: RuleCosts | undefined,
): Steps<FieldError[]> {
  const place = costs === undefined ? undefined : placeOf(schema)
  const context: Context = { options, noDefaults: undefined, insideMeta: false, uncorrelatable: undefined, costs, place }
  const found = yield* check(schema, path, true, context)
  return [...found.schema, ...found.rules]
}

function* check(schema: JsonSchema, path: string, isRoot: boolean, context: Context): Steps<Found> {
  const found: Found = { schema: forbidden(schema, path, context), rules: [] }
  const add = (more: Found): void => {
    found.schema.push(...more.schema)
    found.rules.push(...more.rules)
  }
  if (schema.uniqueItems) {
    found.schema.push(
      forbiddenField(
        child(path, 'uniqueItems'),
        'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
      ),
    )
  }
  for (const [part, at, inner] of partsOf(schema, path, isRoot, context)) add(yield* check(part, at, false, inner))
  found.schema.push(
    ...mutuallyExclusive(schema, path),
    ...extensionErrors(schema, path),
    ...listErrors(schema, path, context.options),
  )
  if (context.options.requireListMapKeyRules) found.schema.push(...listMapKeyErrors(schema, path))
  found.schema.push(...ruleFormErrors(schema, path))
  const hasRules = (schema['x-kubernetes-validations'] ?? []).length > 0
  if (hasRules && found.schema.length === 0 && context.place !== undefined && context.costs !== undefined) {
    found.rules.push(
      ...(yield* ruleErrors(schema, path, context.place, context.costs, context.uncorrelatable, context.options.ignoreRuleCosts)),
    )
  }
  return found
}

function forbidden(schema: JsonSchema, path: string, context: Context): FieldError[] {
  const errors: FieldError[] = []
  const forbid = (key: string, detail = `${key} is not supported`): number =>
    errors.push(forbiddenField(child(path, key), detail))
  if (context.options.requireValidTypes && schema.type && !TYPES.includes(schema.type)) {
    errors.push(notSupported(child(path, 'type'), schema.type, TYPES))
  }
  const hasDefault = schema.default !== undefined && schema.default !== null
  if (hasDefault && context.noDefaults !== undefined) forbid('default', `must not be set ${context.noDefaults}`)
  if (schema.id) forbid('id')
  if (schema.additionalItems !== undefined) forbid('additionalItems')
  if (Object.keys(schema.patternProperties ?? {}).length > 0) forbid('patternProperties')
  if (Object.keys(schema.definitions ?? {}).length > 0) forbid('definitions')
  if (schema.dependencies !== undefined) forbid('dependencies')
  if (schema.$ref !== undefined) forbid('$ref')
  if (schema.type === 'null') forbid('type', 'type cannot be set to null, use nullable as an alternative')
  if (Array.isArray(schema.items) && schema.items.length > 0) forbid('items', 'items must be a schema object and not an array')
  if (context.insideMeta && schema['x-kubernetes-embedded-resource']) {
    forbid('x-kubernetes-embedded-resource', 'must not be used inside of resource meta')
  }
  return errors
}

type Part = readonly [schema: JsonSchema, path: string, context: Context]

/** The schemas inside of `schema`, each with what holds there. */
function partsOf(schema: JsonSchema, path: string, isRoot: boolean, context: Context): Part[] {
  const plain: Context = { ...context, place: undefined }
  const list = (key: 'allOf' | 'oneOf' | 'anyOf'): Part[] =>
    (schema[key] ?? []).map((part, i) => [part, atIndex(child(path, key), i), plain])
  const map = (key: 'definitions' | 'dependencies'): Part[] =>
    Object.entries(schema[key] ?? {}).flatMap(([name, part]): Part[] =>
      // A dependency that is neither a schema nor names is nothing to Go, but is there.
      Array.isArray(part) || part === null ? [] : [[part as JsonSchema, atKey(child(path, key), name), plain]],
    )
  return [
    ...additionalPart(schema, path, context),
    ...propertyParts(schema, path, isRoot, context),
    ...(schema.not === undefined ? [] : [[schema.not, child(path, 'not'), plain] as const]),
    ...list('allOf'),
    ...list('oneOf'),
    ...list('anyOf'),
    ...map('definitions'),
    ...itemParts(schema, path, context),
    ...map('dependencies'),
  ]
}

function additionalPart(schema: JsonSchema, path: string, context: Context): Part[] {
  const additional = schema.additionalProperties
  if (typeof additional !== 'object') return []
  const noDefaults = context.insideMeta ? 'inside additionalProperties applying to object metadata' : context.noDefaults
  const place = context.place && placeOf(additional, context.place, schema)
  return [[additional, child(path, 'additionalProperties'), { ...context, noDefaults, place }]]
}

function propertyParts(schema: JsonSchema, path: string, isRoot: boolean, context: Context): Part[] {
  const mapType = schema['x-kubernetes-map-type']
  const correlatable = mapType === undefined || mapType === 'granular' || mapType === 'atomic'
  return Object.entries(schema.properties ?? {}).map(([name, property]): Part => {
    const isMeta = (isRoot || schema['x-kubernetes-embedded-resource'] === true) && META_FIELDS.includes(name)
    return [
      property,
      atKey(child(path, 'properties'), name),
      {
        ...context,
        uncorrelatable: context.uncorrelatable ?? (correlatable ? undefined : path),
        insideMeta: context.insideMeta || isMeta,
        noDefaults: isMeta && isRoot ? `in top-level ${name}` : context.noDefaults,
        place: context.place && placeOf(property, context.place, schema),
      },
    ]
  })
}

function itemParts(schema: JsonSchema, path: string, context: Context): Part[] {
  if (schema.items === undefined) return []
  const uncorrelatable = context.uncorrelatable ?? (schema['x-kubernetes-list-type'] === 'map' ? undefined : path)
  const inner = (item: JsonSchema): Context => ({
    ...context,
    uncorrelatable,
    place: context.place && placeOf(item, context.place, schema),
  })
  if (!Array.isArray(schema.items)) return [[schema.items as JsonSchema, child(path, 'items'), inner(schema.items as JsonSchema)]]
  return (schema.items as JsonSchema[]).map((item, i): Part => [item, atIndex(child(path, 'items'), i), inner(item)])
}

function mutuallyExclusive(schema: JsonSchema, path: string): FieldError[] {
  const { additionalProperties, properties } = schema
  if (additionalProperties === undefined || additionalProperties === true || Object.keys(properties ?? {}).length === 0) return []
  return [forbiddenField(child(path, 'additionalProperties'), 'additionalProperties and properties are mutual exclusive')]
}

function wrongType(schema: JsonSchema, path: string, wanted: string, extension: string): FieldError {
  const detail = `must be ${wanted} if ${extension} is specified`
  return schema.type ? invalid(child(path, 'type'), schema.type, detail) : required(child(path, 'type'), detail)
}

function extensionErrors(schema: JsonSchema, path: string): FieldError[] {
  const errors: FieldError[] = []
  if (schema['x-kubernetes-preserve-unknown-fields'] === false) {
    errors.push(invalid(child(path, 'x-kubernetes-preserve-unknown-fields'), false, 'must be true or undefined'))
  }
  const mapType = schema['x-kubernetes-map-type']
  if (mapType === undefined) return errors
  if (schema.type !== 'object') errors.push(wrongType(schema, path, 'object', 'x-kubernetes-map-type'))
  if (mapType !== 'atomic' && mapType !== 'granular') {
    errors.push(notSupported(child(path, 'x-kubernetes-map-type'), mapType, ['atomic', 'granular']))
  }
  return errors
}

const singleItem = (schema: JsonSchema): JsonSchema | undefined =>
  schema.items === undefined || Array.isArray(schema.items) ? undefined : (schema.items as JsonSchema)

function listErrors(schema: JsonSchema, path: string, options: SchemaOptions): FieldError[] {
  const listType = schema['x-kubernetes-list-type']
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  const errors: FieldError[] = []
  if (listType !== undefined && schema.type !== 'array') errors.push(wrongType(schema, path, 'array', 'x-kubernetes-list-type'))
  else if (options.requireAtomicSets && listType === 'set') errors.push(...setItemErrors(schema, path))
  if (listType !== undefined && !['atomic', 'set', 'map'].includes(listType)) {
    errors.push(notSupported(child(path, 'x-kubernetes-list-type'), listType, ['atomic', 'set', 'map']))
  }
  if (keys.length > 0 && listType !== 'map') {
    const at = child(path, 'x-kubernetes-list-type')
    const detail = 'must be map if x-kubernetes-list-map-keys is non-empty'
    errors.push(listType === undefined ? required(at, detail) : invalid(at, listType, detail))
  }
  if (listType === 'map') errors.push(...keyedListErrors(schema, keys, path))
  return errors
}

function setItemErrors(schema: JsonSchema, path: string): FieldError[] {
  const item = singleItem(schema)
  const detail = 'must be atomic as item of a list with x-kubernetes-list-type=set'
  const listType = item?.['x-kubernetes-list-type']
  if (item?.type === 'array' && listType !== undefined && listType !== 'atomic') {
    return [invalid(child(child(path, 'items'), 'x-kubernetes-list-type'), listType, detail)]
  }
  if (item?.type === 'object' && item['x-kubernetes-map-type'] !== 'atomic') {
    return [invalid(child(child(path, 'items'), 'x-kubernetes-map-type'), listType ?? null, detail)]
  }
  return []
}

function keyedListErrors(schema: JsonSchema, keys: readonly string[], path: string): FieldError[] {
  const errors: FieldError[] = []
  const items = child(path, 'items')
  const atKeys = child(path, 'x-kubernetes-list-map-keys')
  if (keys.length === 0) errors.push(required(atKeys, 'must not be empty if x-kubernetes-list-type is map'))
  if (schema.items === undefined) errors.push(required(items, 'must have a schema if x-kubernetes-list-type is map'))
  const item = singleItem(schema)
  if (schema.items !== undefined && item === undefined) {
    errors.push(invalid(items, schema.items, 'must only have a single schema if x-kubernetes-list-type is map'))
  }
  if (item !== undefined && item.type !== 'object') {
    errors.push(invalid(child(items, 'type'), item.type ?? '', "must be object if parent array's x-kubernetes-list-type is map"))
  }
  if (item?.type !== 'object') return errors
  keys.forEach((key, i) => {
    const property = item.properties !== undefined && Object.hasOwn(item.properties, key) ? item.properties[key] : undefined
    const wrong = (detail: string): FieldError => ({
      type: 'FieldValueInvalid',
      field: atKeys,
      message: `Invalid value: ${goJson(keys)}: ${detail}`,
    })
    if (property === undefined) errors.push(wrong('entries must all be names of item properties'))
    else if (property.type === 'array' || property.type === 'object') {
      const at = child(atKey(child(items, 'properties'), key), 'type')
      errors.push(invalid(at, item.type, "must be a scalar type if parent array's x-kubernetes-list-type is map"))
    }
    if (keys.indexOf(key) < i) errors.push(wrong('must not contain duplicate entries'))
  })
  return errors
}

/** Items of sets and maps are no nulls, and keys are always there. */
export function listMapKeyErrors(schema: JsonSchema, path: string): FieldError[] {
  const listType = schema['x-kubernetes-list-type']
  const item = singleItem(schema)
  if (item === undefined || (listType !== 'set' && listType !== 'map')) return []
  const items = child(path, 'items')
  const errors = item.nullable
    ? [forbiddenField(child(items, 'nullable'), `cannot be nullable when x-kubernetes-list-type is ${listType}`)]
    : []
  if (listType === 'set') return errors
  for (const key of schema['x-kubernetes-list-map-keys'] ?? []) {
    const property = item.properties !== undefined && Object.hasOwn(item.properties, key) ? item.properties[key] : undefined
    if (property === undefined) continue
    const at = atKey(child(items, 'properties'), key)
    if (!item.required?.includes(key) && (property.default === undefined || property.default === null)) {
      const detail = 'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property'
      errors.push(required(child(at, 'default'), detail))
    }
    if (property.nullable) {
      errors.push(
        forbiddenField(child(at, 'nullable'), 'this property is in x-kubernetes-list-map-keys, so it cannot be nullable'),
      )
    }
  }
  return errors
}
