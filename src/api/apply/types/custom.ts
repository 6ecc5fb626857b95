import type { Atom } from './atom.ts'
import { definitionType } from './built-in.ts'
import { atomOf, type OpenApiSchema } from './schema-types.ts'

const objectMeta = '#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'
const typeMeta: Record<string, OpenApiSchema> = { apiVersion: { type: 'string' }, kind: { type: 'string' } }

/** The merge type of a custom resource by the `openAPIV3Schema` of its version, with Kubernetes's own metadata at the root and in
 *  embedded resources. Without a schema everything but the metadata is deduced from the values. */
export function typeFromCrdSchema(schema: OpenApiSchema | undefined): Atom {
  const root = schema ? withEmbedded(schema) : { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
  return atomOf(withObjectFields(root), (ref) => definitionType(ref.slice(ref.lastIndexOf('/') + 1)))
}

function withObjectFields(schema: OpenApiSchema): OpenApiSchema {
  return { ...schema, properties: { ...schema.properties, ...typeMeta, metadata: { $ref: objectMeta } } }
}

function withEmbedded(schema: OpenApiSchema): OpenApiSchema {
  const { properties, additionalProperties, items } = schema
  const result: OpenApiSchema = {
    ...schema,
    ...(properties ? { properties: Object.fromEntries(Object.entries(properties).map(([k, v]) => [k, withEmbedded(v)])) } : {}),
    ...(typeof additionalProperties === 'object' ? { additionalProperties: withEmbedded(additionalProperties) } : {}),
    ...(items ? { items: withEmbedded(items) } : {}),
  }
  return schema['x-kubernetes-embedded-resource'] ? withObjectFields(result) : result
}
