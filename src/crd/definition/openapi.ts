import type { JsonSchema } from '../schema/json-schema.ts'
import { conversionProblem } from '../schema/schema-errors.ts'
import { type CustomResourceDefinition, type DefinitionVersion, versionNamed } from './definition.ts'

/** A schema as OpenAPI documents show it. */
type PublishedSchema = Readonly<Record<string, unknown>>
type OpenApiVersion = 'v2' | 'v3'

const CONVENTIONS = 'More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md'
const API_VERSION = `APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized schemas to the latest internal value, and may reject unrecognized values. ${CONVENTIONS}#resources`
const KIND = `Kind is a string value representing the REST resource this object represents. Servers may infer this from the endpoint the client submits requests to. Cannot be updated. In CamelCase. ${CONVENTIONS}#types-kinds`
const EMBEDDED_API_VERSION = `apiVersion defines the versioned schema of this representation of an object. ${CONVENTIONS}#resources`
const EMBEDDED_KIND = `kind is a string value representing the type of this object. In CamelCase. ${CONVENTIONS}#types-kinds`
const OBJECT_META = `Standard object's metadata. ${CONVENTIONS}#metadata`
const LIST_META = `Standard list metadata. ${CONVENTIONS}#types-kinds`
const META = 'io.k8s.apimachinery.pkg.apis.meta.v1'

/** The schemas of a version's kind and list kind, by their names in the document: `com.example.v1.Widget`. */
export function publishedSchemas(
  definition: CustomResourceDefinition,
  versionName: string,
  document: OpenApiVersion,
): Map<string, PublishedSchema> {
  const { group = '', names = {}, preserveUnknownFields = false } = definition.spec
  const { kind = '', listKind = '', plural = '' } = names
  const version = versionNamed(definition, versionName)
  const model = (of: string): string => [...group.split('.').reverse(), versionName, of].join('.')
  const extensions = (of: string): PublishedSchema => ({
    'x-kubernetes-group-version-kind': [{ group, kind: of, version: versionName }],
    ...selectableFields(version),
  })
  const own = kindSchema(version?.schema?.openAPIV3Schema, document, preserveUnknownFields)
  const list = {
    description: `${listKind} is a list of ${kind}`,
    type: 'object',
    required: ['items'],
    properties: {
      ...typeMeta(API_VERSION, KIND),
      items: {
        description: `List of ${plural}. ${CONVENTIONS}`,
        type: 'array',
        items: { $ref: prefix(document) + model(kind) },
      },
      metadata: reference(`${META}.ListMeta`, LIST_META, document),
    },
  }
  return new Map([
    [model(kind), { ...own, ...extensions(kind) }],
    [model(listKind), { ...list, ...extensions(listKind) }],
  ])
}

const prefix = (document: OpenApiVersion): string => (document === 'v2' ? '#/definitions/' : '#/components/schemas/')

/** Beside a reference nothing else counts in v3. */
function reference(name: string, description: string, document: OpenApiVersion): PublishedSchema {
  const $ref = prefix(document) + name
  return document === 'v2' ? { description, $ref } : { description, allOf: [{ $ref }] }
}

const typeMeta = (apiVersion: string, kind: string): PublishedSchema => ({
  apiVersion: { description: apiVersion, type: 'string' },
  kind: { description: kind, type: 'string' },
})

function selectableFields(version: DefinitionVersion | undefined): PublishedSchema {
  const fields = (version?.selectableFields ?? []).map(({ jsonPath = '' }) => ({ fieldPath: jsonPath.replace(/^\./, '') }))
  return fields.length === 0 ? {} : { 'x-kubernetes-selectable-fields': fields }
}

/** With no properties told, clients would take all others for unknown: then they are told nothing. */
function kindSchema(schema: JsonSchema | undefined, document: OpenApiVersion, preserveUnknownFields: boolean): PublishedSchema {
  if (schema === undefined || conversionProblem(schema) !== undefined) return { type: 'object' }
  const isOpen = preserveUnknownFields || schema['x-kubernetes-preserve-unknown-fields'] === true
  if (document === 'v2' && isOpen) return { type: 'object' }
  const published = publish(schema, document)
  const metadata = reference(`${META}.ObjectMeta`, OBJECT_META, document)
  return { ...published, properties: { ...(published.properties as object), ...typeMeta(API_VERSION, KIND), metadata } }
}

function publish(schema: JsonSchema, document: OpenApiVersion): PublishedSchema {
  const parts = partsOf(document === 'v2' ? lossy(schema) : unfolded(schema), document)
  const isOpen = document === 'v2' && schema['x-kubernetes-preserve-unknown-fields'] === true
  if (!schema['x-kubernetes-embedded-resource'] || isOpen) return parts
  const required = [...new Set([...(schema.required ?? []), 'kind', 'apiVersion'])]
  const metadata = reference(`${META}.ObjectMeta`, OBJECT_META, document)
  const properties = { ...(parts.properties as object), ...typeMeta(EMBEDDED_API_VERSION, EMBEDDED_KIND), metadata }
  return { ...parts, required, properties }
}

function partsOf(schema: JsonSchema, document: OpenApiVersion): PublishedSchema {
  const { properties, items, additionalProperties } = schema
  const inner = (part: JsonSchema): PublishedSchema => publish(part, document)
  return {
    ...schema,
    ...(properties === undefined
      ? {}
      : { properties: Object.fromEntries(Object.entries(properties).map(([name, part]) => [name, inner(part)])) }),
    ...(items === undefined ? {} : { items: inner(items as JsonSchema) }),
    ...(typeof additionalProperties === 'object' ? { additionalProperties: inner(additionalProperties) } : {}),
  }
}

const INT_OR_STRING: readonly JsonSchema[] = [{ type: 'integer' }, { type: 'string' }]

/** What x-kubernetes-int-or-string means to those who do not know it. */
function unfolded(schema: JsonSchema): JsonSchema {
  if (!schema['x-kubernetes-int-or-string'] || saysIntOrString(schema.anyOf) || saysIntOrString(schema.allOf?.[0]?.anyOf)) {
    return schema
  }
  if (schema.anyOf === undefined) return { ...schema, anyOf: INT_OR_STRING }
  return { ...schema, allOf: [{ anyOf: INT_OR_STRING }, ...(schema.allOf ?? [])] }
}

const saysIntOrString = (parts: readonly JsonSchema[] | undefined): boolean =>
  parts?.length === 2 && parts[0]?.type === 'integer' && parts[1]?.type === 'string'

/** What of a schema OpenAPI v2, and what kubectl makes of it, can say. */
function lossy(schema: JsonSchema): JsonSchema {
  const { allOf: _all, anyOf: _any, oneOf: _one, not: _not, default: _default, nullable, ...rest } = schema
  const open = rest['x-kubernetes-preserve-unknown-fields'] === true
  const { type, items, properties, required, ...others } = rest
  const keepsParts = !nullable && !open
  const noType = nullable || (type === 'array' && (items === undefined || open)) || (open && type === 'object')
  const left = requiredInV2(schema, keepsParts)
  return {
    ...others,
    ...(type === undefined || noType ? {} : { type }),
    ...(items === undefined || !keepsParts ? {} : { items }),
    ...(properties === undefined || !keepsParts ? {} : { properties }),
    ...(left.length === 0 ? {} : { required: left }),
  }
}

function requiredInV2({ required = [], properties = {}, additionalProperties }: JsonSchema, keepsParts: boolean): string[] {
  if (typeof additionalProperties === 'object' && additionalProperties.nullable) return []
  const isNullable = (name: string): boolean => Object.hasOwn(properties, name) && properties[name]?.nullable === true
  return keepsParts ? required.filter((name) => !isNullable(name)) : [...required]
}
