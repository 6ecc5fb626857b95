import type { ManagedFieldsEntry } from '../../apimachinery/object.ts'
import { FieldSet } from './fields/field-set.ts'
import type { Path } from './fields/path-element.ts'
import { type Manager, readManagers, writeManagers } from './managers.ts'

/** Ownership of the replicas of a resource, seen through its scale subresource and back. */

const scaleVersion = 'autoscaling/v1'
const scalePath: Path = ['f:spec', 'f:replicas']

/** Where each version of the resource keeps its replicas. */
type ReplicasPaths = ReadonlyMap<string, Path>

/** The managedFields of the Scale of an object with `entries`. */
export function scaleEntries(
  entries: readonly ManagedFieldsEntry[] | undefined,
  paths: ReplicasPaths,
): ManagedFieldsEntry[] | undefined {
  const managers = new Map<string, Manager>()
  for (const [id, manager] of readManagers(entries)) {
    const path = paths.get(manager.apiVersion)
    if (path && manager.set.has(path)) managers.set(id, { ...manager, apiVersion: scaleVersion, set: FieldSet.of(scalePath) })
  }
  return writeManagers(managers)
}

/** The managedFields of the object itself after its Scale was written with `scaled`; `apiVersion` is that of the resource. */
export function entriesAfterScale(
  entries: readonly ManagedFieldsEntry[] | undefined,
  scaled: readonly ManagedFieldsEntry[] | undefined,
  paths: ReplicasPaths,
  apiVersion: string,
): ManagedFieldsEntry[] | undefined {
  const before = readManagers(entries)
  const scalers = new Map(readManagers(scaled))
  const result = new Map<string, Manager>()
  for (const [id, manager] of before) {
    if (!paths.has(manager.apiVersion)) continue
    const path = paths.get(manager.apiVersion)
    if (!path || !manager.set.has(path)) result.set(id, manager)
    else if (scalers.delete(id)) result.set(id, manager)
    else {
      const set = manager.set.difference(FieldSet.of(path))
      if (!set.isEmpty()) result.set(id, { ...manager, set })
    }
  }
  const path = paths.get(apiVersion)
  for (const [id, manager] of scalers) {
    if (path && manager.set.has(scalePath))
      result.set(id, { ...manager, apiVersion, set: FieldSet.of(path), time: before.get(id)?.time })
  }
  return writeManagers(result)
}
