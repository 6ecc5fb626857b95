import { type FieldError, forbiddenField, invalid, required } from '../../apimachinery/field-error.ts'
import { isInt64 } from '../../apimachinery/json.ts'
import {
  isDns1035Label,
  isDns1123Label,
  isLabelValue,
  isPathSegmentName,
  isPathSegmentPrefix,
  isQualifiedName,
} from '../../apimachinery/names.ts'
import { isJsonArray, isJsonObject, type Json, type JsonObject, own, withSortedKeys } from './json-schema.ts'
import { coerceMetadata, MetadataError } from './metadata.ts'
import type { SchemaNode } from './node.ts'
import { atIndex, atKey, child } from './path.ts'

const MOST_ANNOTATION_BYTES = 256 * 1024

/** What is wrong with the apiVersion, kind and metadata of the embedded resources in `value`. */
export function embeddedErrors(value: Json, node: SchemaNode | undefined, path = ''): FieldError[] {
  if (node === undefined || !node.hasEmbedded) return []
  if (isJsonArray(value)) return value.flatMap((item, i) => embeddedErrors(item, node.items, atIndex(path, i)))
  if (!isJsonObject(value)) return []
  const errors = node.embedded ? resourceErrors(value, path) : []
  const additional = typeof node.additional === 'object' ? node.additional : undefined
  const below = Object.keys(value).flatMap((key) => {
    const property = node.properties.get(key)
    if (property !== undefined) return embeddedErrors(value[key] as Json, property, child(path, key))
    return embeddedErrors(value[key] as Json, additional, atKey(path, key))
  })
  return [...errors, ...below]
}

function resourceErrors(resource: JsonObject, path: string): FieldError[] {
  const missing = ['apiVersion', 'kind']
    .filter((key) => own(resource, key) === undefined)
    .map((key) => required(child(path, key)))
  const present = Object.keys(resource).flatMap((key) => {
    const value = resource[key] as Json
    const at = child(path, key)
    if (key === 'apiVersion') return apiVersionErrors(value, at)
    if (key === 'kind') return kindErrors(value, at)
    return key === 'metadata' ? metadataErrors(value, at) : []
  })
  return [...missing, ...present]
}

function apiVersionErrors(value: Json, path: string): FieldError[] {
  if (typeof value !== 'string') return [invalid(path, value, 'must be a string')]
  if (value === '') return [invalid(path, value, 'must not be empty')]
  return value.split('/').length > 2 ? [invalid(path, value, `unexpected GroupVersion string: ${value}`)] : []
}

function kindErrors(value: Json, path: string): FieldError[] {
  if (typeof value !== 'string') return [invalid(path, value, 'must be a string')]
  if (value === '') return [invalid(path, value, 'must not be empty')]
  const problems = isDns1035Label(value.toLowerCase())
  return problems.length === 0
    ? []
    : [invalid(path, value, `may have mixed case, but should otherwise match: ${problems.join(',')}`)]
}

function metadataErrors(value: Json, path: string): FieldError[] {
  let metadata: JsonObject
  try {
    metadata = coerceMetadata(value, path).value as JsonObject
  } catch (error) {
    if (error instanceof MetadataError) return [invalid(path, withSortedKeys(value), error.message)]
    throw error
  }
  return [
    ...nameErrors(metadata, path),
    ...labelErrors(metadata, path),
    ...annotationErrors(metadata, path),
    ...ownerErrors(metadata, path),
    ...finalizerErrors(metadata, path),
  ]
}

function nameErrors(metadata: JsonObject, path: string): FieldError[] {
  const errors: FieldError[] = []
  const text = (key: string): string => (typeof metadata[key] === 'string' ? (metadata[key] as string) : '')
  for (const problem of isPathSegmentPrefix(text('generateName')))
    errors.push(invalid(child(path, 'generateName'), text('generateName'), problem))
  for (const problem of isPathSegmentName(text('name') || 'fakename'))
    errors.push(invalid(child(path, 'name'), text('name'), problem))
  if (text('namespace') !== '') {
    for (const problem of isDns1123Label(text('namespace')))
      errors.push(invalid(child(path, 'namespace'), text('namespace'), problem))
  }
  const generation = metadata.generation
  if (isInt64(generation) && generation < 0) {
    errors.push(invalid(child(path, 'generation'), generation, 'must be greater than or equal to 0'))
  }
  return errors
}

function labelErrors(metadata: JsonObject, path: string): FieldError[] {
  const at = child(path, 'labels')
  return entriesOf(metadata.labels).flatMap(([key, value]) => [
    ...isQualifiedName(key).map((problem) => invalid(at, key, problem)),
    ...isLabelValue(value).map((problem) => invalid(at, value, problem)),
  ])
}

function annotationErrors(metadata: JsonObject, path: string): FieldError[] {
  const at = child(path, 'annotations')
  const entries = entriesOf(metadata.annotations)
  const errors = entries.flatMap(([key]) => isQualifiedName(key.toLowerCase()).map((problem) => invalid(at, key, problem)))
  const size = entries.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0)
  if (size <= MOST_ANNOTATION_BYTES) return errors
  const tooLong = {
    type: 'FieldValueTooLong',
    field: at,
    message: `Too long: may not be more than ${MOST_ANNOTATION_BYTES} bytes`,
  } as const
  return [...errors, tooLong]
}

function ownerErrors(metadata: JsonObject, path: string): FieldError[] {
  const owners = isJsonArray(metadata.ownerReferences) ? (metadata.ownerReferences as readonly JsonObject[]) : []
  const errors = owners.flatMap((owner) => {
    const at = child(path, 'ownerReferences')
    const empty = (key: string): boolean => !owner[key]
    return [
      ...(empty('apiVersion') ? [invalid(child(at, 'apiVersion'), '', 'version must not be empty')] : []),
      ...['kind', 'name', 'uid'].filter(empty).map((key) => invalid(child(at, key), '', 'must not be empty')),
    ]
  })
  const controllers = owners.filter((owner) => owner.controller === true)
  if (controllers.length < 2) return errors
  const names = controllers.slice(0, 2).map((owner) => String(owner.name))
  const detail = `Only one reference can have Controller set to true. Found "true" in references for ${names[0]} and ${names[1]}`
  return [...errors, invalid(child(path, 'ownerReferences'), metadata.ownerReferences, detail)]
}

function finalizerErrors(metadata: JsonObject, path: string): FieldError[] {
  const finalizers = isJsonArray(metadata.finalizers) ? (metadata.finalizers as readonly string[]) : []
  const at = child(path, 'finalizers')
  const errors = finalizers.flatMap((finalizer) => isQualifiedName(finalizer).map((problem) => invalid(at, finalizer, problem)))
  if (!finalizers.includes('orphan') || !finalizers.includes('foregroundDeletion')) return errors
  return [...errors, forbiddenField(at, 'orphan and foregroundDeletion cannot both be set')]
}

const entriesOf = (value: Json | undefined): [string, string][] =>
  isJsonObject(value) ? (Object.entries(value) as [string, string][]) : []
