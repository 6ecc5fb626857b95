// Pods and nodes for scheduler tests.
import type { Node, Pod, PodSpec } from '../../src/apimachinery/kinds.generated.ts'
import { createSnapshot, type Snapshot } from '../../src/scheduler/snapshot.ts'

let uids = 0

interface PodLike extends Partial<PodSpec> {
  readonly name?: string
  readonly labels?: Record<string, string>
  readonly requests?: Record<string, string>
  readonly started?: number
}

export function pod({ name, labels = {}, requests = {}, started = 0, ...spec }: PodLike = {}): Pod {
  const uid = `u${uids++}`
  return {
    metadata: { name: name ?? uid, namespace: 'default', uid, labels, creationTimestamp: new Date(started).toISOString() },
    spec: { containers: [{ name: 'c', image: 'app:1', resources: { requests } }], ...spec },
    status: { phase: 'Pending', startTime: new Date(started).toISOString() },
  }
}

interface NodeLike extends Partial<NonNullable<Node['spec']>> {
  readonly labels?: Record<string, string>
  readonly cpu?: string
  readonly memory?: string
  readonly pods?: string
  readonly images?: Record<string, number>
}

export function node(
  name: string,
  { labels = {}, cpu = '4', memory = '8Gi', pods = '110', images = {}, ...spec }: NodeLike = {},
): Node {
  return {
    metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
    spec,
    status: {
      allocatable: { cpu, memory, pods },
      images: Object.entries(images).map(([image, sizeBytes]) => ({ names: [image], sizeBytes })),
    },
  }
}

/** A world of `nodes` with `placed` pods on them. */
export function world(nodes: readonly Node[], placed: Readonly<Record<string, readonly Pod[]>> = {}): Snapshot {
  const snapshot = createSnapshot({
    namespaceLabels: (ns) => ({ 'kubernetes.io/metadata.name': ns }),
    groupSelectors: () => undefined,
  })
  for (const n of nodes) snapshot.setNode(n)
  for (const [name, some] of Object.entries(placed))
    for (const p of some) snapshot.setPod({ ...p, spec: { ...(p.spec as PodSpec), nodeName: name } })
  return snapshot
}
