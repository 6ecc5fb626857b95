import type { DeclaredSize } from '../../cel/cost-estimate.ts'
import { type Range, UNBOUNDED } from '../../cel/cost-range.ts'
import type { StructTypes } from '../../cel/environment.ts'
import {
  BOOL,
  BYTES,
  type CelType,
  DOUBLE,
  DURATION,
  DYN,
  INT,
  listOf,
  mapOf,
  STRING,
  structType,
  TIMESTAMP,
} from '../../cel/types.ts'
import { mostOf } from '../json-schema.ts'
import { nodeOf, type SchemaNode } from '../node.ts'
import { escapeName, isReserved } from './escape.ts'

/** The name of the type of `self`, which no expression may mean by chance: `self.a` is a field. */
export const SELF_TYPE = 'selfType0'

const MAX_REQUEST_BYTES = 3 * 1024 * 1024

/** The CEL type of a schema, and how many elements or chars its values can have. */
export interface Declaration {
  readonly kind: 'scalar' | 'list' | 'map' | 'object'
  readonly type: CelType
  /** Chars, bytes, items or entries, at most. */
  readonly maxElements: number
  /** The fewest bytes a value takes as JSON. */
  readonly minBytes: number
  readonly element?: Declaration
  readonly key?: Declaration
  readonly fields?: ReadonlyMap<string, Declaration>
}

const scalar = (type: CelType, minBytes: number, maxElements = 0): Declaration => ({
  kind: 'scalar',
  type,
  minBytes,
  maxElements,
})
const STRING_KEY = scalar(STRING, 2)

/** undefined: rules cannot see values of this schema. Object types are named by their place, below `name`. */
export function declarationOf(node: SchemaNode, isResourceRoot: boolean, name: string): Declaration | undefined {
  if (node.intOrString) return scalar(DYN, 1, node.schema.maxLength === undefined ? MAX_REQUEST_BYTES - 2 : fourfold(node))
  const full = isResourceRoot ? withObjectMeta(node) : node
  switch (node.schema.type) {
    case 'array':
      return listDeclaration(full, name)
    case 'object':
      return objectDeclaration(full, name)
    case 'string':
      return stringDeclaration(full)
    case 'boolean':
      return scalar(BOOL, 4)
    case 'number':
      return scalar(DOUBLE, 1)
    case 'integer':
      return scalar(INT, 1)
    default:
      return undefined
  }
}

function listDeclaration(node: SchemaNode, name: string): Declaration | undefined {
  const { items } = node
  const element = items === undefined ? undefined : declarationOf(items, items.embedded, `${name}.@idx`)
  if (element === undefined) return undefined
  const { maxItems } = node.schema
  const maxElements = maxItems === undefined ? Math.floor((MAX_REQUEST_BYTES - 2) / (element.minBytes + 1)) : mostOf(maxItems)
  return { kind: 'list', type: listOf(element.type), element, maxElements, minBytes: 2 }
}

function objectDeclaration(node: SchemaNode, name: string): Declaration | undefined {
  if (typeof node.additional === 'object') {
    const element = declarationOf(node.additional, node.additional.embedded, `${name}.@elem`)
    if (element === undefined) return undefined
    const { maxProperties } = node.schema
    const guess = Math.floor((MAX_REQUEST_BYTES - 2) / (element.minBytes + 6))
    const maxElements = maxProperties === undefined ? guess : mostOf(maxProperties)
    return { kind: 'map', type: mapOf(STRING, element.type), key: STRING_KEY, element, maxElements, minBytes: 2 }
  }
  const fields = new Map<string, Declaration>()
  let minBytes = 2
  for (const [property, child] of node.properties) {
    const identifier = escapeName(property)
    const declaration = declarationOf(child, child.embedded, `${name}.${identifier ?? property}`)
    if (declaration === undefined) continue
    if (identifier !== undefined) fields.set(identifier, declaration)
    if (node.required.includes(property) && !child.hasDefault) minBytes += Buffer.byteLength(property) + declaration.minBytes + 4
  }
  return { kind: 'object', type: structType(name), fields, maxElements: 0, minBytes }
}

function stringDeclaration(node: SchemaNode): Declaration {
  const { maxLength, enum: values } = node.schema
  switch (node.schema.format) {
    case 'byte':
      return scalar(BYTES, 2, maxLength === undefined ? MAX_REQUEST_BYTES - 2 : mostOf(maxLength))
    case 'duration':
      return scalar(DURATION, 3, 32)
    case 'date':
      return scalar(TIMESTAMP, 12, 12)
    case 'date-time':
      return scalar(TIMESTAMP, 21, 32)
  }
  if (maxLength !== undefined) return scalar(STRING, 2, fourfold(node))
  if (values === undefined || values.length === 0) return scalar(STRING, 2, MAX_REQUEST_BYTES - 2)
  return scalar(STRING, 2, Math.max(0, ...values.map((value) => (typeof value === 'string' ? Buffer.byteLength(value) : 0))))
}

/** maxLength counts code points, sizes count bytes. */
const fourfold = (node: SchemaNode): number => mostOf(node.schema.maxLength as number) * 4

/** Rules at the root of a resource see its apiVersion, kind, and the names in its metadata. */
export function withObjectMeta(node: SchemaNode): SchemaNode {
  const text = nodeOf({ type: 'string' })
  const metadata = nodeOf({ type: 'object', properties: { name: { type: 'string' }, generateName: { type: 'string' } } })
  const isText = (child: SchemaNode | undefined): boolean => child?.schema.type === 'string'
  const own = node.properties.get('metadata')
  const hasNames = isText(own?.properties.get('name')) && isText(own?.properties.get('generateName'))
  if (isText(node.properties.get('kind')) && isText(node.properties.get('apiVersion')) && hasNames) return node
  return { ...node, properties: new Map([...node.properties, ['kind', text], ['apiVersion', text], ['metadata', metadata]]) }
}

/** The object types in `declaration`, for the type checker. */
export function structTypesOf(declaration: Declaration): StructTypes {
  const types = new Map<string, Declaration>()
  collect(declaration, types)
  return {
    find: (name) => types.get(name)?.type,
    field: (name, field) => {
      const fields = types.get(name)?.fields
      return (fields?.get(field) ?? (isReserved(field) ? fields?.get(`__${field}__`) : undefined))?.type
    },
  }
}

function collect(declaration: Declaration, into: Map<string, Declaration>): void {
  if (declaration.kind === 'object') into.set(declaration.type.name, declaration)
  for (const field of declaration.fields?.values() ?? []) collect(field, into)
  if (declaration.element !== undefined) collect(declaration.element, into)
}

/** Sizes of what a path below `self` (or `oldSelf`) leads to. */
export function declaredSizes(root: Declaration): DeclaredSize {
  return ({ path }) => {
    if (path === undefined || path.length === 0) return undefined
    let current: Declaration | undefined = root
    for (const step of path.slice(1)) {
      if (step === '@items' || step === '@values') current = current.element
      else if (step === '@keys') current = current.key
      else current = current.fields?.get(step)
      if (current === undefined) return undefined
    }
    const range: Range = { min: 0, max: Math.min(current.maxElements, UNBOUNDED) }
    return range
  }
}

/** How often a value of this schema can occur in one request, at most. */
export const mostOccurrences = (declaration: Declaration): number => Math.floor(MAX_REQUEST_BYTES / (declaration.minBytes + 1))
