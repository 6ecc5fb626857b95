import type { JsonSchema } from './json-schema.ts'

type Refs = (ref: string) => JsonSchema | undefined

/** A schema of OpenAPI with what its references lead to in their place; where one leads back into itself, any object. */
export function inlined(schema: JsonSchema, refs: Refs): JsonSchema {
  return inlineBelow(schema, refs, [])
}

const circular: JsonSchema = { type: 'object' }

function inlineBelow(schema: JsonSchema, refs: Refs, above: readonly string[]): JsonSchema {
  // A reference with a description of its own stands in an allOf.
  const ref = schema.$ref ?? (schema.allOf?.length === 1 ? schema.allOf[0]?.$ref : undefined)
  if (ref !== undefined && above.includes(ref)) return circular
  const meant = ref === undefined ? schema : (refs(ref) ?? {})
  const path = ref === undefined ? above : [...above, ref]
  const below = (part: JsonSchema) => inlineBelow(part, refs, path)
  const { properties, additionalProperties, items, format, type } = meant
  return {
    ...(type === undefined ? {} : { type }),
    ...(format === undefined ? {} : { format }),
    ...(format === 'int-or-string' || meant['x-kubernetes-int-or-string'] ? { 'x-kubernetes-int-or-string': true } : {}),
    ...(properties ? { properties: Object.fromEntries(Object.entries(properties).map(([k, v]) => [k, below(v)])) } : {}),
    ...(typeof additionalProperties === 'object' ? { additionalProperties: below(additionalProperties) } : {}),
    ...(items && !Array.isArray(items) ? { items: below(items as JsonSchema) } : {}),
  }
}
