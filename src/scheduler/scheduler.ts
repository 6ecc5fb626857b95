// The shell: follows nodes and pods, takes one pod at a time through a cycle, binds it or says why not.

import { aborted } from '../apimachinery/aborted.ts'
import { type Clock, systemClock, timeText } from '../apimachinery/clock.ts'
import type { Binding, Node, Pod } from '../apimachinery/kinds.generated.ts'
import type { LabelSelectorObject } from '../apimachinery/label-selector.ts'
import { matchesLabels } from '../apimachinery/label-selector.ts'
import { controllerOf } from '../apimachinery/object.ts'
import type { Resource } from '../apimachinery/resource.ts'
import {
  namespaces,
  nodes,
  poddisruptionbudgets,
  pods,
  replicasets,
  replicationcontrollers,
  services,
  statefulsets,
} from '../apimachinery/resources.generated.ts'
import { isConflict, isNotFound } from '../apimachinery/status.ts'
import type { Client } from '../client/client.ts'
import type { InformerSet } from '../client/informer-set.ts'
import { findCondition } from '../operators/conditions.ts'
import { createEventRecorder, type EventRecorder, type EventType } from '../operators/events.ts'
import { type Log, stderrLog } from '../operators/log.ts'
import { sharedInformers } from '../operators/shared-informers.ts'
import { type Failure, failureMessage, schedule } from './cycle.ts'
import type { Plugin } from './framework.ts'
import { defaultPlugins } from './plugins/index.ts'
import { type Preemption, preempt } from './preemption.ts'
import { createSchedulingQueue, type Entry, type SchedulingQueue } from './queue.ts'
import { createSnapshot, type Snapshot } from './snapshot.ts'

interface SchedulerOptions {
  readonly client: Client
  readonly signal: AbortSignal
  readonly clock?: Clock
  /** In [0, 1). */
  readonly random?: () => number
  readonly log?: Log
  readonly informers?: InformerSet
  /** Takes pods with this spec.schedulerName. */
  readonly name?: string
  readonly plugins?: readonly Plugin[]
}

export interface RunningScheduler {
  /** Resolves after `signal` aborted and the last binding ended. */
  readonly stopped: Promise<void>
}

interface Scheduler {
  readonly client: Client
  readonly clock: Clock
  readonly random: () => number
  readonly log: Log
  readonly informers: InformerSet
  readonly name: string
  readonly plugins: readonly Plugin[]
  readonly snapshot: Snapshot
  readonly queue: SchedulingQueue
  readonly recorder: EventRecorder
  /** Pods that wait for room on a node, by uid. */
  readonly nominated: Map<string, { pod: Pod; node: string }>
  readonly pending: Set<Promise<void>>
  start: number
}

/** How long cycles may follow one another before other work of the process gets a turn. */
const turnMs = 5

export function startScheduler(options: SchedulerOptions): RunningScheduler {
  const { client, signal, clock = systemClock, random = Math.random, log = stderrLog(), name = 'default-scheduler' } = options
  const plugins = options.plugins ?? defaultPlugins
  const informers = sharedInformers(client, { informers: options.informers, signal, clock, random, log })
  let wakeUp = () => {}
  const snapshot = createSnapshot({
    namespaceLabels: (namespace) => informers.of(namespaces).get(namespace)?.metadata.labels ?? {},
    groupSelectors: (pod) => groupSelectors(pod, informers),
  })
  const scheduler: Scheduler = {
    ...{ client, clock, random, informers, name, plugins, snapshot },
    log: log.with({ scheduler: name }),
    queue: createSchedulingQueue({ clock, plugins, onReady: () => wakeUp() }),
    recorder: createEventRecorder(client, { clock, component: name, log }),
    nominated: new Map(),
    pending: new Set(),
    start: 0,
  }
  const read: Resource<never>[] = [
    namespaces,
    services,
    replicasets,
    replicationcontrollers,
    statefulsets,
    poddisruptionbudgets,
  ] as never
  for (const resource of read) informers.of(resource)
  follow(scheduler)
  const ended = aborted(signal)
  const started = Promise.race([informers.synced(), ended])
  const run = async () => {
    await started
    while (!signal.aborted) {
      const ready = new Promise<void>((resolve) => {
        wakeUp = resolve
      })
      await drain(scheduler, signal)
      await Promise.race([ready, ended])
    }
    scheduler.queue.close()
    await Promise.all(scheduler.pending)
    await scheduler.recorder.flushed()
  }
  return { stopped: run() }
}

async function drain(scheduler: Scheduler, signal: AbortSignal): Promise<void> {
  let turn = performance.now()
  for (let entry = scheduler.queue.pop(); entry && !signal.aborted; entry = scheduler.queue.pop()) {
    cycle(scheduler, entry)
    if (performance.now() - turn < turnMs) continue
    await new Promise((resolve) => setImmediate(resolve))
    turn = performance.now()
  }
}

const isTerminal = (pod: Pod): boolean => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'

/** Keeps snapshot and queue in step with the API. */
function follow(scheduler: Scheduler): void {
  const { informers, snapshot, queue, nominated } = scheduler
  informers.of(nodes).onChange((now, before) => {
    if (now) snapshot.setNode(now)
    else if (before) snapshot.removeNode(before.metadata.name ?? '')
    if (!now || !before || matters(now, before)) queue.wake({ kind: 'node', now, before })
  })
  informers.of(pods).onChange((now, before) => {
    const pod = now ?? before
    if (!pod) return
    const uid = pod.metadata.uid ?? ''
    const isPlaced = (p: Pod | undefined): p is Pod => p !== undefined && Boolean(p.spec?.nodeName) && !isTerminal(p)
    if (isPlaced(now)) snapshot.setPod(now)
    else if (!now || isTerminal(now)) snapshot.removePod(pod)
    const waits = now && !now.spec?.nodeName && !isTerminal(now) && !now.metadata.deletionTimestamp
    if (waits && (now.spec?.schedulerName ?? 'default-scheduler') === scheduler.name) {
      const node = now.status?.nominatedNodeName
      if (node) nominated.set(uid, { pod: now, node })
      else nominated.delete(uid)
      if (!snapshot.isAssumed(uid)) queue.set(now)
    } else {
      nominated.delete(uid)
      queue.remove(uid)
    }
    const [is, was] = [isPlaced(now) ? now : undefined, isPlaced(before) ? before : undefined]
    if (is || was) queue.wake({ kind: 'pod', now: is, before: was })
  })
}

/** Whether a node changed in what scheduling looks at; heartbeats don't. */
function matters(now: Node, before: Node): boolean {
  const seen = ({ metadata, spec, status }: Node) =>
    JSON.stringify([metadata.labels, spec?.taints, spec?.unschedulable, status?.allocatable])
  return seen(now) !== seen(before)
}

/** The selectors of what `pod` is one of many of: Services that select it, and its controller. */
function groupSelectors(pod: Pod, informers: InformerSet): LabelSelectorObject[] | undefined {
  const { namespace = '', labels } = pod.metadata
  const selectors: LabelSelectorObject[] = informers
    .of(services)
    .byIndex('namespace', namespace)
    .flatMap(({ spec }) =>
      spec?.selector && Object.keys(spec.selector).length > 0 && matchesLabels(spec.selector, labels)
        ? [{ matchLabels: spec.selector }]
        : [],
    )
  const owner = controllerOf(pod)
  const key = `${namespace}/${owner?.name}`
  if (owner?.kind === 'ReplicaSet') selectors.push(informers.of(replicasets).get(key)?.spec?.selector ?? {})
  else if (owner?.kind === 'StatefulSet') selectors.push(informers.of(statefulsets).get(key)?.spec?.selector ?? {})
  else if (owner?.kind === 'ReplicationController')
    selectors.push({ matchLabels: informers.of(replicationcontrollers).get(key)?.spec?.selector ?? {} })
  return selectors.length > 0 ? selectors : undefined
}

function cycle(scheduler: Scheduler, entry: Entry): void {
  const { pod } = entry
  const uid = pod.metadata.uid ?? ''
  const known = scheduler.informers.of(pods).get(`${pod.metadata.namespace}/${pod.metadata.name}`)
  if (known?.metadata.uid !== uid || scheduler.snapshot.isAssumed(uid)) return
  try {
    const outcome = schedule(pod, scheduler.snapshot, {
      plugins: scheduler.plugins,
      random: scheduler.random,
      start: scheduler.start,
      nominated: (node) => nominatedFor(scheduler, node, pod),
    })
    scheduler.start = outcome.nextStart
    if ('node' in outcome) {
      scheduler.snapshot.assume(pod, outcome.node)
      track(scheduler, bind(scheduler, entry, outcome.node))
    } else track(scheduler, failed(scheduler, entry, outcome))
  } catch (error) {
    scheduler.log.error('scheduling cycle failed', error, { pod: `${pod.metadata.namespace}/${pod.metadata.name}` })
    scheduler.queue.retry(entry)
  }
}

function nominatedFor(scheduler: Scheduler, node: string, pod: Pod): Pod[] {
  const found: Pod[] = []
  for (const n of scheduler.nominated.values())
    if (n.node === node && (n.pod.spec?.priority ?? 0) >= (pod.spec?.priority ?? 0)) found.push(n.pod)
  return found
}

function track(scheduler: Scheduler, work: Promise<void>): void {
  const done = work
    .catch((error) => scheduler.log.error('scheduling failed', error))
    .finally(() => scheduler.pending.delete(done))
  scheduler.pending.add(done)
}

const say = (s: Scheduler, pod: Pod, type: EventType, reason: string, message: string, action: string) =>
  s.recorder.record({ resource: pods, object: pod, type, reason, message, action })

async function bind(scheduler: Scheduler, entry: Entry, node: string): Promise<void> {
  const { pod } = entry
  const { name = '', namespace, uid } = pod.metadata
  const binding: Binding = {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name, ...(namespace ? { namespace } : {}), ...(uid ? { uid } : {}) },
    target: { apiVersion: 'v1', kind: 'Node', name: node },
  }
  try {
    await scheduler.client.create(pods as unknown as Resource<Binding>, binding, { subresource: 'binding', name, namespace })
    scheduler.nominated.delete(uid ?? '')
    say(scheduler, pod, 'Normal', 'Scheduled', `Successfully assigned ${namespace}/${name} to ${node}`, 'Binding')
  } catch (error) {
    scheduler.snapshot.forget(pod)
    // Gone, or bound by somebody else: what the API says about it comes by the informer.
    if (isNotFound(error) || isConflict(error)) return
    say(scheduler, pod, 'Warning', 'FailedScheduling', `binding rejected: ${(error as Error).message}`, 'Scheduling')
    scheduler.queue.retry(entry)
  }
}

/** Back into the queue first: events from now on can wake the pod; then tell why, and make room if that is possible. */
async function failed(scheduler: Scheduler, entry: Entry, failure: Failure): Promise<void> {
  const { pod } = entry
  const rejecting = new Set([...failure.rejections.values()].map((r) => r.plugin ?? ''))
  if (failure.total === 0) rejecting.add('NodeName')
  scheduler.queue.reject(entry, rejecting)
  const budgets = scheduler.informers.of(poddisruptionbudgets).list()
  const { plugins, random } = scheduler
  const outcome = failure.total === 0 ? { message: '' } : preempt(pod, failure, scheduler.snapshot, { plugins, budgets, random })
  const found = 'node' in outcome ? outcome : undefined
  const message = failureMessage(failure, 'message' in outcome ? outcome.message : '')
  say(scheduler, pod, 'Warning', 'FailedScheduling', message, 'Scheduling')
  if (found) scheduler.nominated.set(pod.metadata.uid ?? '', { pod, node: found.node })
  await writeUnschedulable(scheduler, pod, message, found?.node)
  if (found) await evict(scheduler, pod, found)
}

async function writeUnschedulable(scheduler: Scheduler, pod: Pod, message: string, node: string | undefined): Promise<void> {
  const { name = '', namespace, uid } = pod.metadata
  const before = findCondition(pod.status?.conditions, 'PodScheduled')
  const isSame = before?.status === 'False' && before.reason === 'Unschedulable' && before.message === message
  if (isSame && (node ?? pod.status?.nominatedNodeName) === pod.status?.nominatedNodeName) return
  const condition = {
    type: 'PodScheduled',
    status: 'False',
    reason: 'Unschedulable',
    message,
    lastTransitionTime:
      before?.status === 'False' && before.lastTransitionTime ? before.lastTransitionTime : timeText(scheduler.clock.now()),
  }
  const body = { metadata: { uid }, status: { conditions: [condition], ...(node ? { nominatedNodeName: node } : {}) } }
  try {
    await scheduler.client.patch(pods, name, { type: 'strategic', body }, { namespace, subresource: 'status' })
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error
  }
}

async function evict(scheduler: Scheduler, pod: Pod, { node, victims }: Preemption): Promise<void> {
  const { client, clock } = scheduler
  const message = `${scheduler.name}: preempting to accommodate a higher priority pod`
  await Promise.all(
    victims.map(async (victim) => {
      const { name = '', namespace, uid } = victim.metadata
      const condition = {
        type: 'DisruptionTarget',
        status: 'True',
        reason: 'PreemptionByScheduler',
        message,
        lastTransitionTime: timeText(clock.now()),
      }
      try {
        const body = { metadata: { uid }, status: { conditions: [condition] } }
        await client.patch(pods, name, { type: 'strategic', body }, { namespace, subresource: 'status' })
        await client.delete(pods, name, { namespace, ...(uid ? { preconditions: { uid } } : {}) })
        say(scheduler, victim, 'Normal', 'Preempted', `Preempted by pod ${pod.metadata.uid} on node ${node}`, 'Preempting')
      } catch (error) {
        if (!isNotFound(error)) throw error
      }
    }),
  )
}
