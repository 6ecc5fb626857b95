import { sameJson } from '../../apimachinery/same-json.ts'
import { isKnownFormat } from '../formats/formats.ts'
import type { Json, JsonSchema } from '../schema/json-schema.ts'
import { TERMINATING, withCondition } from './conditions.ts'
import { type CustomResourceDefinition, type DefinitionStatus, storageVersion, versionsOf } from './definition.ts'

/** Deletion waits until the finalizer's work, deleting all objects of the kind, is done. */
export const CLEANUP_FINALIZER = 'customresourcecleanup.apiextensions.k8s.io'

/** A new definition as it is stored: its status begins with the storage version, its generation with 1. */
export function prepareCreate(definition: CustomResourceDefinition): CustomResourceDefinition {
  const storage = storageVersion(definition)
  return {
    ...definition,
    metadata: { ...definition.metadata, generation: 1 },
    status: storage === undefined ? {} : { storedVersions: [storage] },
  }
}

/** An updated definition as it is stored: the status stays, and remembers a new storage version. */
export function prepareUpdate(definition: CustomResourceDefinition, old: CustomResourceDefinition): CustomResourceDefinition {
  const changed = !sameJson(definition.spec as unknown as Json, old.spec as unknown as Json)
  const generation = (old.metadata.generation ?? 0) + (changed ? 1 : 0)
  return {
    ...definition,
    metadata: { ...definition.metadata, generation },
    status: withStored(old.status ?? {}, storageVersion(definition)),
  }
}

function withStored(status: DefinitionStatus, storage: string | undefined): DefinitionStatus {
  const stored = status.storedVersions ?? []
  return storage === undefined || stored.includes(storage) ? status : { ...status, storedVersions: [...stored, storage] }
}

/** The definition after the first DELETE: its generation and its grace stay, unlike those of other objects. */
export function beginDeletion(definition: CustomResourceDefinition, now: string): CustomResourceDefinition {
  const { finalizers = [] } = definition.metadata
  return {
    ...definition,
    metadata: {
      ...definition.metadata,
      deletionTimestamp: now,
      finalizers: finalizers.includes(CLEANUP_FINALIZER) ? finalizers : [...finalizers, CLEANUP_FINALIZER],
    },
    status: withCondition(definition.status ?? {}, TERMINATING.pending, now),
  }
}

/** Whether the definition is being deleted and its objects are still to be. */
export function isTerminating(definition: CustomResourceDefinition): boolean {
  return definition.metadata.deletionTimestamp !== undefined && (definition.metadata.finalizers ?? []).includes(CLEANUP_FINALIZER)
}

/** Warnings about formats that no version of the API server checks; on update only about new ones. */
export function formatWarnings(definition: CustomResourceDefinition, old?: CustomResourceDefinition): string[] {
  const before = old === undefined ? [] : unknownFormats(old)
  return unknownFormats(definition)
    .filter((format) => !before.includes(format))
    .map((format) => `unrecognized format ${JSON.stringify(format)}`)
}

/** Versions with the same schema are one, so that what it says is told once. */
function unknownFormats(definition: CustomResourceDefinition): string[] {
  const schemas = versionsOf(definition).flatMap((version) => version.schema?.openAPIV3Schema ?? [])
  const [first] = schemas
  const identical =
    schemas.length === versionsOf(definition).length && schemas.every((schema) => sameJson(schema as Json, first as Json))
  return (identical && first !== undefined ? [first] : schemas).flatMap(formatsIn)
}

function formatsIn(schema: JsonSchema): string[] {
  const own = schema.format && !isKnownFormat(schema.format, schema.type ?? '') ? [schema.format] : []
  return [...own, ...partsOf(schema).flatMap(formatsIn)]
}

function partsOf(schema: JsonSchema): JsonSchema[] {
  const items = schema.items === undefined ? [] : Array.isArray(schema.items) ? schema.items : [schema.items]
  const junctors = [
    ...(schema.allOf ?? []),
    ...(schema.anyOf ?? []),
    ...(schema.oneOf ?? []),
    ...(schema.not === undefined ? [] : [schema.not]),
  ]
  const additional = typeof schema.additionalProperties === 'object' ? [schema.additionalProperties] : []
  return [...(items as JsonSchema[]), ...junctors, ...Object.values(schema.properties ?? {}), ...additional]
}
