import type { JSONSchema } from 'json-schema-to-typescript'
import type { JsonSchema } from '../schema/json-schema.ts'

/** The whole object: what the schema says, and what every object has. */
export function rootSchema(schema: JsonSchema, apiVersion: string, kind: string): JSONSchema {
  const own = jsonSchemaOf(schema)
  const { apiVersion: _, kind: __, metadata: ___, ...properties } = own.properties ?? {}
  return {
    ...own,
    type: 'object',
    properties: { apiVersion: { const: apiVersion }, kind: { const: kind }, metadata: { tsType: 'ObjectMeta' }, ...properties },
    required: [...new Set(['metadata', ...((own.required || []) as string[]).filter((r) => r !== 'apiVersion' && r !== 'kind')])],
  }
}

/** A structural schema as JSON Schema. Fields that are not declared are pruned, so types have none. */
function jsonSchemaOf(schema: JsonSchema): JSONSchema {
  const { description, properties, items, additionalProperties, enum: values, type } = schema
  const required = presentFields(schema)
  const inner: JSONSchema = {
    ...(description === undefined ? {} : { description: description.replaceAll('*/', '*\\/') }),
    ...(required.length > 0 ? { required } : {}),
  }
  if (schema['x-kubernetes-int-or-string']) inner.type = nullable(['integer', 'string'], schema)
  else if (type !== undefined) inner.type = nullable([type], schema)
  if (values !== undefined) inner.enum = [...values] as JSONSchema['enum'] & unknown[]
  if (items !== undefined && !Array.isArray(items)) inner.items = jsonSchemaOf(items as JsonSchema)
  if (type !== 'object') return inner
  const entries = Object.entries(properties ?? {}).map(([name, part]) => [name, jsonSchemaOf(part)] as const)
  if (schema['x-kubernetes-embedded-resource']) {
    const text: JSONSchema = { type: 'string' }
    entries.push(['apiVersion', text], ['kind', text], ['metadata', { tsType: 'ObjectMeta' }])
  }
  inner.properties = Object.fromEntries(entries)
  inner.additionalProperties =
    typeof additionalProperties === 'object'
      ? jsonSchemaOf(additionalProperties)
      : additionalProperties === true || schema['x-kubernetes-preserve-unknown-fields'] === true
  return inner
}

/** What a reader can count on: what must be given, and what the server fills in. */
function presentFields({ required = [], properties = {} }: JsonSchema): string[] {
  const defaulted = Object.keys(properties).filter((name) => (properties[name]?.default ?? null) !== null)
  return [...new Set([...required, ...defaulted])]
}

const nullable = (types: string[], schema: JsonSchema): JSONSchema['type'] & unknown[] =>
  (schema.nullable ? [...types, 'null'] : types) as JSONSchema['type'] & unknown[]
