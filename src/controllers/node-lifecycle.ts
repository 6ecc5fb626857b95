// Notices nodes that went silent: conditions become Unknown, taints keep pods away, their pods count as not ready.
import { timeText } from '../apimachinery/clock.ts'
import type { Lease, Node, NodeCondition, Taint } from '../apimachinery/kinds.generated.ts'
import { leases, nodes, pods } from '../apimachinery/resources.generated.ts'
import { isNotFound } from '../apimachinery/status.ts'
import { findCondition } from '../operators/conditions.ts'
import { type Context, defineController, watching } from '../operators/controller.ts'
import { sameValue } from '../operators/equality.ts'
import { isReady } from './pods.ts'

const leaseNamespace = 'kube-node-lease'
/** A node that renews neither its Lease nor its status for this long is taken for lost. */
const gracePeriodMs = 50_000

/** Taints by the condition and status they stand for. */
const taintsFor: readonly {
  readonly type: string
  readonly status: string
  readonly key: string
  readonly executes?: boolean
}[] = [
  { type: 'Ready', status: 'False', key: 'node.kubernetes.io/not-ready', executes: true },
  { type: 'Ready', status: 'Unknown', key: 'node.kubernetes.io/unreachable', executes: true },
  { type: 'MemoryPressure', status: 'True', key: 'node.kubernetes.io/memory-pressure' },
  { type: 'DiskPressure', status: 'True', key: 'node.kubernetes.io/disk-pressure' },
  { type: 'PIDPressure', status: 'True', key: 'node.kubernetes.io/pid-pressure' },
  { type: 'NetworkUnavailable', status: 'True', key: 'node.kubernetes.io/network-unavailable' },
]
const cordon = 'node.kubernetes.io/unschedulable'

/** When a node that was last heard of at `heard` is taken for lost. Pure. */
function lostAt(node: Node, heard: number): number {
  const ready = findCondition(node.status?.conditions, 'Ready')
  const since = ready ? heard : Math.max(heard, Date.parse(node.metadata.creationTimestamp ?? '') || 0)
  return since + gracePeriodMs
}

/** The conditions of a node that is lost. Pure. */
function lostConditions(node: Node, now: number): NodeCondition[] {
  const before = node.status?.conditions ?? []
  const known = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure']
  const after = known.map((type) => unknown(before, type, node, now))
  return [...before.filter((c) => !known.includes(c.type)), ...after]
}

function unknown(conditions: readonly NodeCondition[], type: string, node: Node, now: number): NodeCondition {
  const before = findCondition(conditions, type)
  if (before?.status === 'Unknown') return before
  const [reason, message] = before
    ? ['NodeStatusUnknown', 'Kubelet stopped posting node status.']
    : ['NodeStatusNeverUpdated', 'Kubelet never posted node status.']
  const lastHeartbeatTime = before?.lastHeartbeatTime ?? node.metadata.creationTimestamp ?? timeText(now)
  return { type, status: 'Unknown', reason, message, lastHeartbeatTime, lastTransitionTime: timeText(now) }
}

/** The taints `node` ought to have by its conditions; those of others stay. */
export function taintsOf(node: Node, now: number): Taint[] {
  const ours = new Set([...taintsFor.map((t) => t.key), cordon])
  const before = node.spec?.taints ?? []
  const wanted: Taint[] = []
  for (const { type, status, key, executes } of taintsFor) {
    if (findCondition(node.status?.conditions, type)?.status !== status) continue
    wanted.push({ key, effect: 'NoSchedule' })
    if (executes) wanted.push({ key, effect: 'NoExecute', timeAdded: timeText(now) })
  }
  if (!findCondition(node.status?.conditions, 'Ready')) {
    // A node that never reported keeps the taint it was registered with.
    wanted.push(...before.filter((t) => t.key === 'node.kubernetes.io/not-ready'))
  }
  if (node.spec?.unschedulable) wanted.push({ key: cordon, effect: 'NoSchedule' })
  const kept = wanted.map((w) => before.find((b) => b.key === w.key && b.effect === w.effect) ?? w)
  return [...before.filter((b) => !ours.has(b.key)), ...kept]
}

/** When something was last heard of a node: its Lease or its Ready heartbeat changed. Measured by our clock, not the node's. */
class Heartbeats {
  readonly #last = new Map<string, { readonly mark: string; readonly at: number }>()
  heard(node: Node, lease: Lease | undefined, now: number): number {
    const name = node.metadata.name ?? ''
    const mark = `${lease?.spec?.renewTime} ${findCondition(node.status?.conditions, 'Ready')?.lastHeartbeatTime}`
    const known = this.#last.get(name)
    if (known?.mark === mark) return known.at
    this.#last.set(name, { mark, at: now })
    return now
  }
  forget(name: string): void {
    this.#last.delete(name)
  }
}

const beatsOf = new WeakMap<Context['informers'], Heartbeats>()

/** Pods on a node that is lost serve nobody as far as we know. */
async function markNotReady(name: string, { client, informers, clock, event }: Context): Promise<void> {
  const informer = informers.of(pods)
  informer.addIndexer('node', (p) => (p.spec?.nodeName ? [p.spec.nodeName] : []))
  for (const pod of informer.byIndex('node', name).filter(isReady)) {
    const condition = { type: 'Ready', status: 'False', lastTransitionTime: timeText(clock.now()) }
    const body = { metadata: { uid: pod.metadata.uid }, status: { conditions: [condition] } }
    try {
      await client.patch(
        pods,
        pod.metadata.name ?? '',
        { type: 'strategic', body },
        { namespace: pod.metadata.namespace, subresource: 'status' },
      )
      event(pod, 'Warning', 'NodeNotReady', 'Node is not ready', pods as never)
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }
}

export const nodeLifecycleController = defineController<Node>({
  name: 'node-controller',
  for: nodes,
  reads: [leases, pods as never],
  watches: [watching(leases, ({ metadata }) => (metadata.namespace === leaseNamespace && metadata.name ? [metadata.name] : []))],
  async reconcile(node, context) {
    const { client, clock, informers, event } = context
    const name = node.metadata.name ?? ''
    if (node.metadata.deletionTimestamp) return undefined
    const beats = beatsOf.get(informers) ?? new Heartbeats()
    beatsOf.set(informers, beats)
    const heard = beats.heard(node, informers.of(leases).get(`${leaseNamespace}/${name}`), clock.now())
    const left = lostAt(node, heard) - clock.now()
    const conditions = left > 0 ? undefined : lostConditions(node, clock.now())
    let current = node
    if (conditions && !sameValue(conditions, node.status?.conditions)) {
      current = await client.patch(
        nodes,
        name,
        { type: 'strategic', body: { status: { conditions } } },
        { subresource: 'status' },
      )
      event(node, 'Normal', 'NodeNotReady', `Node ${name} status is now: NodeNotReady`)
    }
    const taints = taintsOf(current, clock.now())
    if (!sameValue(taints, current.spec?.taints ?? [])) {
      const { resourceVersion } = current.metadata
      await client.patch(nodes, name, { type: 'merge', body: { metadata: { resourceVersion }, spec: { taints } } })
    }
    const ready = findCondition(current.status?.conditions, 'Ready')
    if (ready && ready.status !== 'True') await markNotReady(name, context)
    return left > 0 ? { requeueAfterMs: left } : undefined
  },
  removed: async (name, { informers }) => beatsOf.get(informers)?.forget(name),
})
