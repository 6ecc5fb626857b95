import {
  type Atom,
  deduced,
  type FieldAtom,
  type ListAtom,
  lazily,
  type MapAtom,
  type Ref,
  type ScalarName,
  untyped,
} from './atom.ts'

/** The parts of an OpenAPI schema (built-in or structural CRD) that say how values merge. */
export interface OpenApiSchema {
  readonly $ref?: string
  readonly type?: string
  readonly format?: string
  readonly properties?: Readonly<Record<string, OpenApiSchema>>
  readonly additionalProperties?: OpenApiSchema | boolean
  readonly items?: OpenApiSchema
  readonly default?: unknown
  readonly 'x-kubernetes-list-type'?: string
  readonly 'x-kubernetes-list-map-keys'?: readonly string[]
  readonly 'x-kubernetes-map-type'?: string
  readonly 'x-kubernetes-patch-strategy'?: string
  readonly 'x-kubernetes-patch-merge-key'?: string
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean
  readonly 'x-kubernetes-embedded-resource'?: boolean
}

/** Finds the type of a definition that a `$ref` names. */
type Resolve = (ref: string) => Atom

/** The merge type of a schema, as kube-openapi's schemaconv makes it. `keepUnknown`: members that no property names may be there. */
export function atomOf(schema: OpenApiSchema, resolve: Resolve, keepUnknown = false): Atom {
  const keep = keepUnknown || schema['x-kubernetes-preserve-unknown-fields'] === true
  switch (schema.type) {
    case undefined:
    case '':
      return { scalar: 'untyped', list: listAtom(schema, resolve, keep), map: mapAtom(schema, resolve, keep) }
    case 'object':
      return { map: mapAtom(schema, resolve, keep) }
    case 'array':
      return { list: listAtom(schema, resolve, keep) }
    default:
      return { scalar: scalarOf(schema) }
  }
}

function scalarOf({ type, format }: OpenApiSchema): ScalarName {
  if (type === 'integer' || type === 'number') return 'numeric'
  if (type === 'boolean') return 'boolean'
  return type === 'string' && (!format || format === 'byte') ? 'string' : 'untyped'
}

function refOf(schema: OpenApiSchema, resolve: Resolve, keepUnknown: boolean): Ref {
  const { $ref } = schema
  if ($ref === undefined) return lazily(() => atomOf(schema, resolve, keepUnknown))
  const mapType = schema['x-kubernetes-map-type']
  return lazily(() => (mapType === undefined ? resolve($ref) : withRelationship(resolve($ref), mapType === 'atomic')))
}

/** A `x-kubernetes-map-type` beside a `$ref` overrules the definition. */
function withRelationship(atom: Atom, atomic: boolean): Atom {
  return {
    ...atom,
    ...(atom.map ? { map: { ...atom.map, atomic } } : {}),
    ...(atom.list ? { list: { ...atom.list, associative: atom.list.associative && !atomic } } : {}),
  }
}

function mapAtom(schema: OpenApiSchema, resolve: Resolve, keepUnknown: boolean): MapAtom {
  const fields = new Map<string, FieldAtom>()
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    fields.set(name, { type: refOf(property, resolve, keepUnknown), default: property.default })
  }
  return { atomic: schema['x-kubernetes-map-type'] === 'atomic', fields, element: elementOf(schema, resolve, keepUnknown) }
}

function elementOf(schema: OpenApiSchema, resolve: Resolve, keepUnknown: boolean): Ref | undefined {
  const { additionalProperties: more } = schema
  if (more === undefined) {
    return keepUnknown || Object.keys(schema.properties ?? {}).length === 0 ? lazily(() => deduced) : undefined
  }
  if (typeof more === 'boolean') return more ? lazily(() => deduced) : undefined
  return refOf(more, resolve, keepUnknown)
}

function listAtom(schema: OpenApiSchema, resolve: Resolve, keepUnknown: boolean): ListAtom {
  const element = schema.items ? refOf(schema.items, resolve, keepUnknown) : lazily(() => untyped)
  return { ...relationshipOf(schema), element }
}

function relationshipOf(schema: OpenApiSchema): { associative: boolean; keys: readonly string[] } {
  const listType = schema['x-kubernetes-list-type']
  if (listType !== undefined) {
    const keys = listType === 'map' ? [...(schema['x-kubernetes-list-map-keys'] ?? [])].sort() : []
    return { associative: listType === 'map' || listType === 'set', keys }
  }
  if (!schema['x-kubernetes-patch-strategy']?.split(',').includes('merge')) return { associative: false, keys: [] }
  const mergeKey = schema['x-kubernetes-patch-merge-key']
  return { associative: true, keys: mergeKey === undefined ? [] : [mergeKey] }
}
