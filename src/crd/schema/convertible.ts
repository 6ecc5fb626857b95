import type { JsonSchema } from './json-schema.ts'

/** Whether Kubernetes can make a structural schema of `schema` at all: it has nothing, however deep, that structural schemas have no place for. */
export function isConvertible(schema: JsonSchema): boolean {
  return hasPlace(schema) && innerSchemas(schema).every(isConvertible)
}

function hasPlace(schema: JsonSchema): boolean {
  if (schema.id || schema.$schema || schema.$ref || schema.additionalItems !== undefined) return false
  if (schema['x-kubernetes-preserve-unknown-fields'] === false) return false
  if (Array.isArray(schema.items) && schema.items.length > 0) return false
  return [schema.patternProperties, schema.dependencies, schema.definitions].every((map) => Object.keys(map ?? {}).length === 0)
}

function innerSchemas(schema: JsonSchema): readonly JsonSchema[] {
  const { items, properties = {}, additionalProperties, not } = schema
  const isSchema = (value: unknown): value is JsonSchema => typeof value === 'object' && value !== null && !Array.isArray(value)
  const { allOf = [], anyOf = [], oneOf = [] } = schema
  return [items, additionalProperties, not, ...Object.values(properties), ...allOf, ...anyOf, ...oneOf].filter(isSchema)
}
