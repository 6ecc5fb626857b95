import type { ManagedFieldsEntry, ObjectMeta } from '../../apimachinery/object.ts'
import type { Steps } from '../../apimachinery/steps.ts'
import type { FieldSet } from './fields/field-set.ts'
import { readFields, readFieldsAhead, writeFields, writeFieldsSteps } from './fields/fields-v1.ts'

export type Json = Record<string, unknown>

/** Who owns what: one entry of metadata.managedFields. */
export interface Manager {
  readonly name: string
  readonly operation: 'Apply' | 'Update'
  readonly apiVersion: string
  readonly subresource: string
  readonly set: FieldSet
  /** RFC 3339, whole seconds; undefined when never written. */
  readonly time: string | undefined
}

/** By identity: name, operation, subresource and, for updates, apiVersion. Never changed in place. */
export type Managers = ReadonlyMap<string, Manager>

/** The identity of a manager, in the JSON text by which Go sorts them. */
export function identityOf(manager: Pick<Manager, 'name' | 'operation' | 'apiVersion' | 'subresource'>): string {
  return JSON.stringify({
    ...(manager.name ? { manager: manager.name } : {}),
    operation: manager.operation,
    ...(manager.operation === 'Update' ? { apiVersion: manager.apiVersion } : {}),
    ...(manager.subresource ? { subresource: manager.subresource } : {}),
  })
}

/** Reads metadata.managedFields. Throws an Error that says what is wrong with an entry. */
export function readManagers(entries: readonly ManagedFieldsEntry[] | undefined): Managers {
  const managers = new Map<string, Manager>()
  for (const [i, entry] of (entries ?? []).entries()) {
    const { manager: name = '', operation, apiVersion = '', subresource = '', fieldsType, fieldsV1, time } = entry
    if (operation !== 'Apply' && operation !== 'Update') throw new Error('operation must be `Apply` or `Update`')
    if (apiVersion === '') throw new Error('apiVersion must not be empty')
    if (!fieldsType) throw new Error(`missing fieldsType in managed fields entry ${i}`)
    if (fieldsType !== 'FieldsV1')
      throw new Error(`invalid fieldsType ${JSON.stringify(fieldsType)} in managed fields entry ${i}`)
    const read = { name, operation, apiVersion, subresource, time: time ?? undefined, set: readFields(fieldsV1) }
    managers.set(identityOf(read), read)
  }
  return managers
}

/** Reads what of `readManagers` takes long when there is much of it; that then finds it done. */
export function* readSets(entries: readonly ManagedFieldsEntry[] | undefined): Steps<void> {
  for (const entry of entries ?? []) yield* readFieldsAhead(entry?.fieldsV1)
}

/** Writes what of `writeManagers` takes long when there is much of it; that then finds it done. */
export function* writeSets(managers: Managers): Steps<void> {
  for (const { set } of managers.values()) yield* writeFieldsSteps(set)
}

/** Writes metadata.managedFields in Go's order; undefined when nobody owns anything. */
export function writeManagers(managers: Managers): ManagedFieldsEntry[] | undefined {
  if (managers.size === 0) return undefined
  return [...managers.values()].sort(compareManagers).map(({ name, operation, apiVersion, subresource, set, time }) => ({
    ...(name ? { manager: name } : {}),
    operation,
    apiVersion,
    ...(time ? { time } : {}),
    fieldsType: 'FieldsV1',
    fieldsV1: writeFields(set),
    ...(subresource ? { subresource } : {}),
  }))
}

const compareText = (a: string, b: string): number => (a === b ? 0 : a < b ? -1 : 1)

function compareManagers(a: Manager, b: Manager): number {
  return (
    compareText(a.operation, b.operation) ||
    compareText(a.time ?? '', b.time ?? '') ||
    compareText(a.name, b.name) ||
    compareText(a.apiVersion, b.apiVersion) ||
    compareText(a.subresource, b.subresource)
  )
}

const metadataOf = (object: Json): ObjectMeta => (object.metadata ?? {}) as ObjectMeta

/** The entries of an object; undefined when it has none. */
export const entriesOf = (object: Json): ManagedFieldsEntry[] | undefined => {
  const { managedFields } = metadataOf(object)
  return Array.isArray(managedFields) ? managedFields : undefined
}

/** `object` with other entries, or without any. */
export function withEntries(object: Json, entries: readonly ManagedFieldsEntry[] | undefined): Json {
  const metadata = metadataOf(object)
  if (entries === undefined && metadata.managedFields === undefined) return object
  const { managedFields: _, ...rest } = metadata
  return { ...object, metadata: entries === undefined ? rest : { ...rest, managedFields: entries } }
}

const maxUpdateManagers = 10

/** Joins the oldest updaters into `ancient-changes`, one a version, when there are more than ten. */
export function capUpdaters(managers: Managers): Managers {
  const updaters = [...managers].filter(([, manager]) => manager.operation === 'Update')
  if (updaters.length <= maxUpdateManagers) return managers
  updaters.sort(([idA, a], [idB, b]) => compareText(a.time ?? '', b.time ?? '') || compareText(idA, idB))
  const capped = new Map(managers)
  const firstOfVersion = new Map<string, string>()
  let count = updaters.length
  for (const [id, manager] of updaters) {
    if (count <= maxUpdateManagers) break
    const { apiVersion } = manager
    const first = firstOfVersion.get(apiVersion)
    if (first === undefined) {
      firstOfVersion.set(apiVersion, id)
      continue
    }
    const bucket: Manager = { ...manager, name: 'ancient-changes', subresource: '' }
    const bucketId = identityOf(bucket)
    const joined = capped.get(bucketId) ?? capped.get(first)
    if (!capped.has(bucketId)) capped.delete(first)
    capped.delete(id)
    capped.set(bucketId, { ...bucket, set: joined ? manager.set.union(joined.set) : manager.set })
    count--
  }
  return capped
}
