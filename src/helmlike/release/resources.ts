// The objects of a release as the cluster has them, and the pods that its workloads select: Helm's status shows them.
import type { Unstructured } from '../../apimachinery/object.ts'
import type { Cluster, ObjectTable } from './cluster.ts'
import { objectsOf } from './manifest-objects.ts'
import type { ReleaseRecord } from './record.ts'

const RELATED = 'v1/Pod(related)'
const WORKLOADS: ReadonlySet<string> = new Set(['ReplicaSet', 'Deployment', 'StatefulSet', 'DaemonSet', 'Job'])
type Labels = Readonly<Record<string, string>>

/** The labels of a workload's pods; undefined for other objects. */
function selectorOf(o: Unstructured): Labels | undefined {
  const selector = (o.spec as { selector?: { matchLabels?: Labels } & Labels } | undefined)?.selector
  if (o.kind === 'ReplicationController') return selector as Labels | undefined
  return o.kind !== undefined && WORKLOADS.has(o.kind) ? selector?.matchLabels : undefined
}

/** Every object of the manifest and, once each, every selector of pods: `version/kind` -> what `read` finds. */
async function found<T>(
  r: ReleaseRecord,
  cluster: Cluster,
  read: (o: Unstructured) => Promise<T | undefined>,
  pods: (labels: Labels, namespace: string) => Promise<readonly T[]>,
): Promise<Map<string, T[]>> {
  const all = new Map<string, T[]>()
  const add = (key: string, items: readonly T[]) => items.length > 0 && all.set(key, [...(all.get(key) ?? []), ...items])
  const seen = new Set<string>()
  for (const o of objectsOf(r.manifest)) {
    const live = await read(o)
    if (live === undefined) continue
    const { version, kind } = await cluster.resourceOf(o.apiVersion ?? '', o.kind ?? '')
    add(`${version}/${kind}`, [live])
    const labels = selectorOf(o)
    const key = JSON.stringify(labels)
    if (!labels || seen.has(key)) continue
    seen.add(key)
    add(RELATED, await pods(labels, o.metadata.namespace ?? r.namespace))
  }
  return all
}

/** The objects themselves. */
export function releaseObjects(cluster: Cluster, r: ReleaseRecord): Promise<Map<string, Unstructured[]>> {
  return found(
    r,
    cluster,
    (o) => cluster.read(o, r.namespace),
    async (labels, namespace) =>
      (await cluster.selected('v1', 'Pod', namespace, labels)).map((pod) => ({ ...pod, apiVersion: 'v1', kind: 'Pod' })),
  )
}

/** The server's tables of them. */
export function releaseTables(cluster: Cluster, r: ReleaseRecord): Promise<Map<string, ObjectTable[]>> {
  return found(
    r,
    cluster,
    (o) => cluster.tableOf(o, r.namespace),
    async (labels, namespace) => {
      const table = await cluster.tableOf({ apiVersion: 'v1', kind: 'Pod', metadata: { name: '' } }, namespace, labels)
      return table && table.rows.length > 0 ? [table] : []
    },
  )
}
