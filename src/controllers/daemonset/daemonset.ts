// Keeps one pod on every node that the template fits, and renews them node by node.
import { scaledValue } from '../../apimachinery/intstr.ts'
import type { DaemonSet, DaemonSetStatus, Node, Pod } from '../../apimachinery/kinds.generated.ts'
import { controllerOf } from '../../apimachinery/object.ts'
import { controllerrevisions, daemonsets, nodes, pods } from '../../apimachinery/resources.generated.ts'
import { type Context, defineController, watching } from '../../operators/controller.ts'
import { sameValue } from '../../operators/equality.ts'
import { adopters, claim } from '../../operators/owners.ts'
import { writeStatus } from '../../operators/status.ts'
import { inSlowStart } from '../batches.ts'
import { isAvailable, isReady, isTerminal, isTerminating } from '../pods.ts'
import { createPod, deletePod } from '../replicaset.ts'
import { hashOf, revisionLabel, revisionsOf, truncate } from '../revisions.ts'
import { daemonPod, nodeOf, placement } from './placement.ts'

interface Decision {
  /** Names of nodes to start a pod on. */
  readonly create: readonly string[]
  readonly remove: readonly Pod[]
}

interface Situation {
  readonly nodes: readonly Node[]
  readonly pods: readonly Pod[]
  /** Of the present template. */
  readonly hash: string
  readonly now: number
}

const burst = 250
const isCurrent = (pod: Pod, hash: string): boolean => pod.metadata.labels?.[revisionLabel] === hash
const byAge = (a: Pod, b: Pod): number => (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? '')

/** Pods by the node they are on or made for, those that are leaving excepted unless `leaving`. */
function byNode(all: readonly Pod[], leaving = false): Map<string, Pod[]> {
  return Map.groupBy(
    all.filter((p) => leaving || !isTerminating(p)),
    (p) => nodeOf(p) ?? '',
  )
}

function limits(set: DaemonSet, desired: number): { unavailable: number; surge: number } {
  const { maxSurge = 0, maxUnavailable = 1 } = set.spec?.updateStrategy?.rollingUpdate ?? {}
  const surge = scaledValue(maxSurge, desired, 'up') ?? 0
  const unavailable = scaledValue(maxUnavailable, desired, 'up') ?? 0
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable }
}

/** What to do next so that each node that fits has one pod of the present template. */
function decide(set: DaemonSet, s: Situation): Decision {
  if (set.metadata.deletionTimestamp) return { create: [], remove: [] }
  const onNode = byNode(s.pods, true)
  const create: string[] = []
  const remove: Pod[] = []
  const desired = s.nodes.filter((n) => placement(set, n).starts).length
  const surges = set.spec?.updateStrategy?.type !== 'OnDelete' && limits(set, desired).surge > 0
  for (const node of s.nodes) {
    const name = node.metadata.name ?? ''
    const { starts, stays } = placement(set, node)
    const here = onNode.get(name) ?? []
    const staying = here.filter((p) => !isTerminating(p))
    if (!stays) remove.push(...staying)
    else if (staying.length === 0 && starts) {
      // A pod that is leaving still holds the node's ports and volumes.
      if (here.length === 0) create.push(name)
    } else {
      const running = staying.filter((p) => !isTerminal(p))
      remove.push(...staying.filter(isTerminal))
      if (!surges) remove.push(...running.sort(byAge).slice(1))
    }
  }
  const known = new Set(s.nodes.map((n) => n.metadata.name))
  for (const [name, stray] of onNode)
    if (!known.has(name)) remove.push(...stray.filter((p) => !p.spec?.nodeName && !isTerminating(p)))
  if (create.length + remove.length === 0 && set.spec?.updateStrategy?.type !== 'OnDelete') return renew(set, s, desired)
  return { create: create.slice(0, burst), remove: remove.slice(0, burst) }
}

/** A step of a rolling update. */
function renew(set: DaemonSet, s: Situation, desired: number): Decision {
  const { surge, unavailable } = limits(set, desired)
  const minReady = set.spec?.minReadySeconds ?? 0
  const onNode = byNode(s.pods)
  const create: string[] = []
  const broken: Pod[] = []
  const replaceable: Pod[] = []
  const candidates: string[] = []
  let missing = 0
  let surging = 0
  for (const node of s.nodes.filter((n) => placement(set, n).starts)) {
    const name = node.metadata.name ?? ''
    const here = onNode.get(name) ?? []
    const fresh = here.find((p) => isCurrent(p, s.hash))
    const old = here.filter((p) => !isCurrent(p, s.hash)).sort(byAge)[0]
    const isUp = (pod: Pod | undefined) => pod !== undefined && isAvailable(pod, minReady, s.now)
    if (surge === 0) {
      if (old && !isUp(old)) broken.push(old)
      else if (old) replaceable.push(old)
      if (!isUp(old) && !isUp(fresh)) missing++
    } else if (old && fresh) {
      if (isUp(fresh) || !isUp(old)) broken.push(old)
      else surging++
    } else if (old) {
      if (isUp(old)) candidates.push(name)
      else create.push(name)
    }
  }
  if (surge > 0) return { create: [...create, ...candidates.slice(0, Math.max(0, surge - surging))], remove: broken }
  return { create: [], remove: [...broken, ...replaceable.slice(0, Math.max(0, unavailable - missing))] }
}

function statusOf(set: DaemonSet, s: Situation): DaemonSetStatus {
  const onNode = byNode(s.pods, true)
  const minReady = set.spec?.minReadySeconds ?? 0
  const count = { desired: 0, current: 0, misscheduled: 0, ready: 0, updated: 0, available: 0 }
  for (const node of s.nodes) {
    const here = (onNode.get(node.metadata.name ?? '') ?? []).sort(byAge)
    if (!placement(set, node).starts) {
      if (here.length > 0) count.misscheduled++
      continue
    }
    count.desired++
    if (here.length === 0) continue
    count.current++
    const ready = here.filter(isReady)
    if (ready.length > 0) count.ready++
    if (ready.some((p) => isAvailable(p, minReady, s.now))) count.available++
    if (here.some((p) => isCurrent(p, s.hash))) count.updated++
  }
  return {
    ...set.status,
    desiredNumberScheduled: count.desired,
    currentNumberScheduled: count.current,
    numberMisscheduled: count.misscheduled,
    numberReady: count.ready,
    updatedNumberScheduled: count.updated,
    numberAvailable: count.available,
    numberUnavailable: count.desired - count.available,
    observedGeneration: set.metadata.generation ?? 0,
  }
}

/** When a failed pod on a node may be replaced: 1 s after the first failure, doubled up to 15 minutes. */
class FailureBackoff {
  readonly #nodes = new Map<string, { readonly uid: string; readonly failures: number; readonly until: number }>()
  /** Milliseconds to wait before `pod` may go; 0: now. */
  left(key: string, pod: Pod, now: number): number {
    const known = this.#nodes.get(key)
    if (known && known.uid === pod.metadata.uid) return Math.max(0, known.until - now)
    const failures = known && now - known.until < 2 * longestBackoffMs ? known.failures + 1 : 0
    const wait = failures === 0 ? 0 : Math.min(longestBackoffMs, 1000 * 2 ** Math.min(failures - 1, 20))
    this.#nodes.set(key, { uid: pod.metadata.uid ?? '', failures, until: now + wait })
    return wait
  }
}
const longestBackoffMs = 900_000
const failures = new WeakMap<Context['informers'], FailureBackoff>()

/** `decision` without failed pods whose time has not come, and when that is. */
function paced(set: DaemonSet, decision: Decision, { informers, clock }: Context): Decision & { readonly waitMs?: number } {
  const backoff = failures.get(informers) ?? new FailureBackoff()
  failures.set(informers, backoff)
  let waitMs: number | undefined
  const remove = decision.remove.filter((pod) => {
    const left = isTerminal(pod) ? backoff.left(`${set.metadata.uid}/${nodeOf(pod)}`, pod, clock.now()) : 0
    if (left > 0) waitMs = Math.min(waitMs ?? left, left)
    return left === 0
  })
  return { create: decision.create, remove, ...(waitMs === undefined ? {} : { waitMs }) }
}

async function act(set: DaemonSet, { create, remove }: Decision, hash: string, context: Context): Promise<void> {
  for (const pod of remove.filter(isTerminal))
    context.event(
      set,
      'Warning',
      'FailedDaemonPod',
      `Found failed daemon pod ${pod.metadata.namespace}/${pod.metadata.name} on node ${nodeOf(pod)}, will try to kill it`,
    )
  const removed = await Promise.allSettled(remove.map((pod) => deletePod(set, pod, context)))
  const { error } = await inSlowStart(create.length, (i) => createPod(set, daemonPod(set, create[i] ?? '', hash), context))
  if (error !== undefined) throw error
  for (const result of removed) if (result.status === 'rejected') throw result.reason
}

const matters = (now: Node | undefined, before: Node | undefined): boolean =>
  !now ||
  !before ||
  !sameValue(now.metadata.labels, before.metadata.labels) ||
  !sameValue(now.spec?.taints, before.spec?.taints) ||
  now.spec?.unschedulable !== before.spec?.unschedulable

export const daemonSetController = defineController<DaemonSet>({
  name: 'daemonset-controller',
  for: daemonsets,
  owns: [pods, controllerrevisions],
  watches: [
    watching(
      nodes,
      (_node, informers) =>
        informers
          .of(daemonsets)
          .list()
          .map((d) => `${d.metadata.namespace}/${d.metadata.name}`),
      matters,
    ),
    watching(pods, (pod, informers) =>
      adopters(
        pod,
        controllerOf(pod) ? [] : informers.of(daemonsets).byIndex('namespace', pod.metadata.namespace ?? ''),
        (d) => d.spec?.selector,
      ),
    ),
  ],
  async reconcile(set, context) {
    if (!set.spec?.selector) return undefined
    const revisions = await revisionsOf(context, daemonsets, set)
    const hash = hashOf(revisions.current)
    const situation = async (): Promise<Situation> => ({
      nodes: context.informers.of(nodes).list(),
      pods: await claim(context, { resource: daemonsets, owner: set, selector: set.spec?.selector ?? {} }, pods),
      hash,
      now: context.clock.now(),
    })
    const before = await situation()
    const decision = paced(set, decide(set, before), context)
    await act(set, decision, hash, context)
    const after = await situation()
    const status = statusOf(set, after)
    await writeStatus(context.client, daemonsets, set, status)
    await truncate(context, set, revisions, new Set(after.pods.map((p) => p.metadata.labels?.[revisionLabel] ?? '')))
    const minReady = set.spec.minReadySeconds ?? 0
    const wait = minReady > 0 && status.numberReady !== status.numberAvailable ? minReady * 1000 : undefined
    const requeueAfterMs = Math.min(wait ?? Number.POSITIVE_INFINITY, decision.waitMs ?? Number.POSITIVE_INFINITY)
    return Number.isFinite(requeueAfterMs) ? { requeueAfterMs } : undefined
  },
})
