import type { RE2JS } from 're2js'
import { supportedText } from '../../apimachinery/field-error.ts'
import { pattern } from '../cel/library/patterns.ts'
import { stringFormat } from '../formats/formats.ts'
import { goJson, identityOf, type Json, type JsonSchema, type ValidationRule } from './json-schema.ts'

/** A schema in the form that validation walks over: maps for properties, formats and patterns looked up. */
export interface SchemaNode {
  readonly schema: JsonSchema
  /** 'integer' and 'string' for int-or-string; empty for any type. */
  readonly types: readonly string[]
  readonly nullable: boolean
  readonly intOrString: boolean
  readonly embedded: boolean
  /** Whether this or anything below it is an embedded resource: where nothing is, nobody has to look. */
  readonly hasEmbedded: boolean
  /** Whether this or anything below it is a list whose items must differ. */
  readonly hasSets: boolean
  readonly preserve: boolean
  readonly hasDefault: boolean
  readonly properties: ReadonlyMap<string, SchemaNode>
  /** false: none are allowed; undefined: nothing is said. */
  readonly additional: SchemaNode | boolean | undefined
  readonly items: SchemaNode | undefined
  readonly required: readonly string[]
  /** undefined: any value. */
  readonly allowed: Allowed | undefined
  readonly anyOf: readonly SchemaNode[]
  readonly allOf: readonly SchemaNode[]
  readonly oneOf: readonly SchemaNode[]
  readonly not: SchemaNode | undefined
  /** What Kubernetes checks of the format; '' when it ignores it. */
  readonly format: string
  readonly checkFormat: ((text: string) => boolean) | undefined
  /** undefined: no pattern; a text: the pattern cannot be compiled, and why. */
  readonly pattern: (() => RE2JS | string) | undefined
  readonly listType: string
  readonly listMapKeys: readonly string[]
  readonly mapType: string
  readonly rules: readonly ValidationRule[]
}

/** The values of an enum. */
interface Allowed {
  /** By `identityOf`. */
  readonly identities: ReadonlySet<unknown>
  /** As messages list them: made once, thousands of values may be wrong. */
  readonly text: string
}

/** The nodes of `schema`, to validate objects or what they have by default. Defaults that are null count as none, as in Go. For objects formats that
 *  Kubernetes does not know are left out, and x-kubernetes-int-or-string says types; for defaults neither is so. */
export function nodeOf(schema: JsonSchema, of: 'objects' | 'defaults' = 'objects'): SchemaNode {
  const intOrString = schema['x-kubernetes-int-or-string'] === true
  const types = schema.type ? [schema.type] : intOrString && of === 'objects' ? ['integer', 'string'] : []
  const format = of === 'defaults' ? (schema.format ?? '') : knownFormat(schema.format ?? '', types)
  const below = (inner: JsonSchema): SchemaNode => nodeOf(inner, of)
  const { items } = schema
  const embedded = schema['x-kubernetes-embedded-resource'] === true
  const listType = schema['x-kubernetes-list-type'] ?? ''
  const properties = new Map(Object.entries(schema.properties ?? {}).map(([name, property]) => [name, below(property)]))
  const additional =
    typeof schema.additionalProperties === 'object' ? below(schema.additionalProperties) : schema.additionalProperties
  const item = items === undefined || Array.isArray(items) ? undefined : below(items as JsonSchema)
  const parts = [...properties.values(), ...(typeof additional === 'object' ? [additional] : []), ...(item ? [item] : [])]
  return {
    schema: withFloatBounds(schema),
    types,
    nullable: schema.nullable === true,
    intOrString,
    embedded,
    hasEmbedded: embedded || parts.some((part) => part.hasEmbedded),
    hasSets: listType === 'set' || listType === 'map' || parts.some((part) => part.hasSets),
    preserve: schema['x-kubernetes-preserve-unknown-fields'] === true,
    hasDefault: schema.default !== undefined && schema.default !== null,
    properties,
    additional,
    items: item,
    required: schema.required ?? [],
    allowed: schema.enum === undefined || schema.enum.length === 0 ? undefined : allowedBy(schema.enum),
    anyOf: (schema.anyOf ?? []).map(below),
    allOf: (schema.allOf ?? []).map(below),
    oneOf: (schema.oneOf ?? []).map(below),
    not: schema.not === undefined ? undefined : below(schema.not),
    format,
    checkFormat: format === '' ? undefined : stringFormat(format),
    pattern: schema.pattern ? patternOf(schema.pattern) : undefined,
    listType,
    listMapKeys: schema['x-kubernetes-list-map-keys'] ?? [],
    mapType: schema['x-kubernetes-map-type'] ?? '',
    rules: schema['x-kubernetes-validations'] ?? [],
  }
}

const allowedBy = (values: readonly Json[]): Allowed => ({
  identities: new Set(values.map(identityOf)),
  text: supportedText(values.map((value) => (typeof value === 'string' ? value : goJson(value)))),
})

/** Bounds are float64, whose digits an int64 may be read from. */
function withFloatBounds(schema: JsonSchema): JsonSchema {
  const { maximum, minimum, multipleOf } = schema
  if (typeof maximum !== 'bigint' && typeof minimum !== 'bigint' && typeof multipleOf !== 'bigint') return schema
  const bounds = Object.entries({ maximum, minimum, multipleOf }).filter(([, bound]) => bound !== undefined)
  return { ...schema, ...Object.fromEntries(bounds.map(([name, bound]) => [name, Number(bound)])) }
}

const NUMBER_FORMATS: Readonly<Record<string, readonly string[]>> = { integer: ['int32', 'int64'], number: ['float', 'double'] }

function knownFormat(format: string, types: readonly string[]): string {
  const type = types.length === 1 ? (types[0] as string) : ''
  if (type === '' || type === 'string') return stringFormat(format) === undefined ? '' : format
  return NUMBER_FORMATS[type]?.includes(format) ? format : ''
}

/** Compiled when it is first asked for: a schema may have thousands, and each takes its time. */
function patternOf(source: string): () => RE2JS | string {
  let compiled: RE2JS | string | undefined
  return () => {
    compiled ??= compiledPattern(source)
    return compiled
  }
}

function compiledPattern(source: string): RE2JS | string {
  try {
    return pattern(source)
  } catch (error) {
    return (error as Error).message
  }
}

/** The node of the field `name` of an object: a property, or what additionalProperties says. */
export function fieldNode(node: SchemaNode | undefined, name: string): SchemaNode | undefined {
  if (node === undefined) return undefined
  const property = node.properties.get(name)
  if (property !== undefined) return property
  return typeof node.additional === 'object' ? node.additional : undefined
}

export const defaultOf = (node: SchemaNode): Json => node.schema.default as Json

/** The root of a resource: its apiVersion, kind and metadata are not in the schema. */
export const asResourceRoot = (node: SchemaNode): SchemaNode =>
  node.embedded ? node : { ...node, embedded: true, hasEmbedded: true }
