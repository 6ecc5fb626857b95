// Brings a release's objects into the cluster: server-side apply, three-way merges by us, or replacement.
import type { Unstructured } from '../../apimachinery/object.ts'
import type { Cluster } from './cluster.ts'
import { isKept, keyOf, objectsOf, owned, threeWayPatch } from './manifest-objects.ts'
import type { ReleaseRecord } from './record.ts'

export interface ApplyOptions {
  /** Server-side apply overrides other managers' fields. */
  readonly forceConflicts?: boolean
  /** What is there is replaced, not merged with. */
  readonly forceReplace?: boolean
  /** Notes what was not there before, so that it can be taken away again. */
  readonly cleanupOnFail?: boolean
}

/** Applies `objects` of `r` and deletes what only `current` had. What it makes anew goes into `created`. */
export async function applyObjects(
  cluster: Cluster,
  r: ReleaseRecord,
  current: ReleaseRecord | undefined,
  objects: readonly Unstructured[],
  created: Unstructured[],
  o: ApplyOptions,
): Promise<void> {
  const old = new Map((current ? objectsOf(current.manifest) : []).map((x) => [keyOf(x, r.namespace), x]))
  for (const x of objects) {
    const key = keyOf(x, r.namespace)
    const before = old.get(key)
    old.delete(key)
    const byServer = r.apply_method === 'ssa' || !x.metadata.name
    const live = byServer && !o.cleanupOnFail ? undefined : await cluster.read(x, r.namespace)
    if (o.cleanupOnFail && !live) created.push(x)
    const mine = owned(x, r.name, r.namespace)
    if (byServer) await cluster.apply(mine, r.namespace, { force: o.forceConflicts || current?.apply_method !== 'ssa' })
    else if (!live) await cluster.create(mine, r.namespace)
    else if (o.forceReplace) await cluster.replace(mine, live, r.namespace)
    else {
      const patch = threeWayPatch(before, mine, live)
      if (Object.keys(patch).length > 0) await cluster.merge(x, r.namespace, patch)
    }
  }
  for (const gone of old.values()) if (!isKept(gone)) await cluster.delete(gone, r.namespace)
}
