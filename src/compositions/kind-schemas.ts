import type { Unstructured } from '../apimachinery/object.ts'
import type { Resource } from '../apimachinery/resource.ts'
import { customresourcedefinitions } from '../apimachinery/resources.generated.ts'
import { isNotFound } from '../apimachinery/status.ts'
import type { Client } from '../client/client.ts'
import { OpenApiDocuments } from '../client/openapi-documents.ts'
import type { RestMapper } from '../client/rest-mapper.ts'
import { type CustomResourceDefinition, versionNamed } from '../crd/definition/definition.ts'
import type { JsonSchema } from '../crd/schema/json-schema.ts'
import { type TypedSchema, typedSchema } from './schema-types.ts'

export interface KnownKind {
  readonly resource: Resource<Unstructured>
  readonly schema: TypedSchema
}

const text: JsonSchema = { type: 'string' }
const texts: JsonSchema = { type: 'object', additionalProperties: text }
const time: JsonSchema = { type: 'string', format: 'date-time' }

/** What every object has besides what a definition says. */
const objectFields: Readonly<Record<string, JsonSchema>> = {
  apiVersion: text,
  kind: text,
  metadata: {
    type: 'object',
    properties: {
      ...Object.fromEntries(['name', 'generateName', 'namespace', 'uid', 'resourceVersion'].map((name) => [name, text])),
      labels: texts,
      annotations: texts,
      generation: { type: 'integer' },
      creationTimestamp: time,
      deletionTimestamp: time,
      finalizers: { type: 'array', items: text },
      ownerReferences: { type: 'array', items: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
    },
  },
}

/** The schema of whole objects of a kind whose definition says `schema`. */
export const wholeObject = (schema: JsonSchema): TypedSchema =>
  typedSchema({ ...schema, type: 'object', properties: { ...schema.properties, ...objectFields } })

/** Which kinds a cluster serves, and how their objects look: of definitions for custom kinds, else of OpenAPI. */
export class KindSchemas {
  readonly #client: Client
  readonly #mapper: RestMapper
  readonly #documents: OpenApiDocuments<JsonSchema>

  constructor(client: Client, mapper: RestMapper) {
    this.#client = client
    this.#mapper = mapper
    this.#documents = new OpenApiDocuments(client)
  }

  /** undefined: nothing serves that kind. A kind whose schema nobody tells may have any fields. */
  async of(apiVersion: string, kind: string): Promise<KnownKind | undefined> {
    const resource = await this.#mapper.resourceOf(apiVersion, kind)
    if (!resource) return undefined
    const custom = resource.group.includes('.') ? await this.#definition(resource) : undefined
    const schema = custom ?? (await this.#documents.schemaOf(resource)) ?? typedSchema({})
    return { resource, schema }
  }

  async #definition({ group, resource, version }: Resource<Unstructured>): Promise<TypedSchema | undefined> {
    try {
      const found = await this.#client.get(customresourcedefinitions, `${resource}.${group}`)
      const schema = versionNamed(found as unknown as CustomResourceDefinition, version)?.schema?.openAPIV3Schema
      return schema && wholeObject(schema)
    } catch (error) {
      if (isNotFound(error)) return undefined
      throw error
    }
  }
}
