import { compile, type JSONSchema } from 'json-schema-to-typescript'
import { type CustomResourceDefinition, versionsOf } from './definition/definition.ts'
import type { JsonSchema } from './schema/json-schema.ts'

/** TypeScript source with one interface per version of a definition: `WidgetV1` for Widget, v1. */
export async function typesOf(definition: CustomResourceDefinition): Promise<string> {
  const { names = {}, group = '' } = definition.spec
  const { kind = '' } = names
  const sources: string[] = []
  for (const version of versionsOf(definition)) {
    const root = rootSchema(version.schema?.openAPIV3Schema ?? {}, `${group}/${version.name}`, kind)
    sources.push(await compile(root, typeName(kind, version.name), { bannerComment: '', format: false }))
  }
  return `${sources.join('\n').trim()}\n`
}

const typeName = (kind: string, version: string): string => `${kind}${version.charAt(0).toUpperCase()}${version.slice(1)}`

const TEXT: JSONSchema = { type: 'string' }
const TEXTS: JSONSchema = { type: 'object', additionalProperties: TEXT }
const METADATA: JSONSchema = {
  type: 'object',
  properties: { name: TEXT, namespace: TEXT, labels: TEXTS, annotations: TEXTS },
  additionalProperties: true,
}

function rootSchema(schema: JsonSchema, apiVersion: string, kind: string): JSONSchema {
  const own = jsonSchemaOf(schema)
  return {
    ...own,
    type: 'object',
    properties: { ...own.properties, apiVersion: { const: apiVersion }, kind: { const: kind }, metadata: METADATA },
    required: [...new Set(['apiVersion', 'kind', 'metadata', ...(schema.required ?? [])])],
  }
}

/** A structural schema as JSON Schema. Fields that are not declared are pruned, so types have none. */
function jsonSchemaOf(schema: JsonSchema): JSONSchema {
  const { description, properties, items, additionalProperties, required, enum: values, type } = schema
  const inner: JSONSchema = {
    ...(description === undefined ? {} : { description }),
    ...(required ? { required: [...required] } : {}),
  }
  if (schema['x-kubernetes-int-or-string']) inner.type = nullable(['integer', 'string'], schema)
  else if (type !== undefined) inner.type = nullable([type], schema)
  if (values !== undefined) inner.enum = [...values] as JSONSchema['enum'] & unknown[]
  if (items !== undefined && !Array.isArray(items)) inner.items = jsonSchemaOf(items as JsonSchema)
  if (type !== 'object') return inner
  const entries = Object.entries(properties ?? {}).map(([name, part]) => [name, jsonSchemaOf(part)] as const)
  if (schema['x-kubernetes-embedded-resource']) entries.push(['apiVersion', TEXT], ['kind', TEXT], ['metadata', METADATA])
  inner.properties = Object.fromEntries(entries)
  inner.additionalProperties =
    typeof additionalProperties === 'object'
      ? jsonSchemaOf(additionalProperties)
      : additionalProperties === true || schema['x-kubernetes-preserve-unknown-fields'] === true
  return inner
}

const nullable = (types: string[], schema: JsonSchema): JSONSchema['type'] & unknown[] =>
  (schema.nullable ? [...types, 'null'] : types) as JSONSchema['type'] & unknown[]
