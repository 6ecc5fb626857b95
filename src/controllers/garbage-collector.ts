// Deletes what has lost its owners, over all kinds, custom ones included; and carries out foreground and orphan deletion.
import { aborted } from '../apimachinery/aborted.ts'
import { type Clock, sleep, systemClock, untilBeat } from '../apimachinery/clock.ts'
import type { KubeObject, OwnerReference } from '../apimachinery/object.ts'
import { apiVersionOf, type Resource } from '../apimachinery/resource.ts'
import { apiservices, customresourcedefinitions } from '../apimachinery/resources.generated.ts'
import { isConflict, isNotFound } from '../apimachinery/status.ts'
import { pauses } from '../apimachinery/steps.ts'
import type { Client } from '../client/client.ts'
import { createInformer, type Informer } from '../client/informer.ts'
import type { InformerSet } from '../client/informer-set.ts'
import { removeFinalizer } from '../operators/finalizers.ts'
import { type Log, stderrLog } from '../operators/log.ts'
import type { RunOptions } from '../operators/run-controllers.ts'
import { createQueue, type Queue } from '../operators/work/queue.ts'
import { type Discovered, discoverAll, isKind } from './discovery.ts'
import {
  createOwnershipGraph,
  foregroundFinalizer,
  type GraphNode,
  graphNodeOf,
  judge,
  type OwnerState,
  type OwnershipGraph,
  orphanFinalizer,
} from './ownership-graph.ts'

interface Collector {
  readonly client: Client
  readonly graph: OwnershipGraph
  readonly queue: Queue
  readonly log: Log
  /** Requests in process wait for nothing: ten thousand dependents would be one turn of the event loop. */
  readonly pause: () => Promise<void> | undefined
  /** By `version/resource`. */
  readonly watched: Map<
    string,
    { readonly resource: Resource; readonly informer: Informer<KubeObject>; readonly stop: () => void }
  >
}

const workers = 8
/** A kind is served a moment after its definition has changed. */
const servedAfterMs = 200
/** Discovery is asked once more so long after a change, and so often while there are aggregated servers: what those serve changes unsaid. */
const discoveryEveryMs = 30_000
const discoveryRetryMs = 1000

const isCollectable = ({ resource, verbs }: Discovered): boolean =>
  resource.resource !== 'events' && ['list', 'watch', 'delete'].every((verb) => verbs.includes(verb))

interface RunningCollector {
  /** Resolves when all kinds are being watched. */
  readonly started: Promise<void>
  readonly stopped: Promise<void>
  readonly graph: OwnershipGraph
}

export function startGarbageCollector(
  client: Client,
  options: RunOptions & { readonly informers: InformerSet },
): RunningCollector {
  const { signal, informers, clock = systemClock, random = Math.random } = options
  const log = (options.log ?? stderrLog()).with({ controller: 'garbage-collector-controller' })
  const collector: Collector = {
    client,
    graph: createOwnershipGraph(),
    queue: createQueue({ clock, random }),
    log,
    watched: new Map(),
    pause: pauses(),
  }
  const follow = () => followAll(collector, informers, { ...options, clock, random })
  const started = (async () => {
    while (!signal.aborted && !(await follow())) await sleep(clock, discoveryRetryMs, signal)
    if (signal.aborted) return
    await Promise.race([Promise.all([...collector.watched.values()].map((w) => w.informer.synced())), aborted(signal)])
  })()
  void started.then(() => followChanges(follow, informers, { signal, clock }))
  signal.addEventListener('abort', () => void collector.queue.shutDown())
  const work = async () => {
    await started
    for (let uid = await collector.queue.get(); uid !== undefined; uid = await collector.queue.get()) {
      await collector.pause()
      if (!signal.aborted) await attempt(collector, uid)
      collector.queue.done(uid)
    }
  }
  return { started, stopped: Promise.all(Array.from({ length: workers }, work)).then(() => {}), graph: collector.graph }
}

/** Calls `follow` (whether discovery answered) whenever other kinds may be served than before. */
function followChanges(
  follow: () => Promise<boolean>,
  informers: InformerSet,
  { signal, clock }: { readonly signal: AbortSignal; readonly clock: Clock },
): void {
  const aggregated = informers.of(apiservices)
  let due = Number.POSITIVE_INFINITY
  let cancel = () => {}
  const within = (ms: number, isRepeat: boolean): void => {
    if (signal.aborted || clock.now() + ms >= due) return
    cancel()
    due = clock.now() + ms
    cancel = clock.after(ms, async () => {
      due = Number.POSITIVE_INFINITY
      if (!(await follow())) within(discoveryRetryMs, isRepeat)
      else if (!isRepeat || aggregated.list().some((s) => s.spec?.service)) within(untilBeat(clock, discoveryEveryMs), true)
    })
  }
  for (const informer of [informers.of(customresourcedefinitions), aggregated])
    informer.onChange(() => within(servedAfterMs, false))
  signal.addEventListener('abort', () => cancel())
}

/** Watches every kind there is, and stops watching those that are no more. False when discovery failed. */
async function followAll(
  collector: Collector,
  informers: InformerSet,
  options: RunOptions & { readonly clock: NonNullable<RunOptions['clock']>; readonly random: () => number },
): Promise<boolean> {
  let found: Discovered[]
  let stale: ReadonlySet<string>
  try {
    const all = await discoverAll(collector.client, options.signal)
    found = all.found.filter(isCollectable)
    stale = new Set(all.stale)
  } catch (error) {
    if (!options.signal.aborted) collector.log.warn('discovery failed, trying again', { error: String(error) })
    return false
  }
  const name = (r: Resource) => `${apiVersionOf(r)}/${r.resource}`
  const current = new Set(found.map((d) => name(d.resource)))
  for (const { resource } of found) if (!collector.watched.has(name(resource))) followOne(collector, informers, resource, options)
  for (const [key, { resource, informer, stop }] of collector.watched) {
    // An aggregated server that is silent now has not lost its objects.
    if (current.has(key) || stale.has(apiVersionOf(resource))) continue
    stop()
    collector.watched.delete(key)
    for (const object of informer.list()) enqueue(collector, collector.graph.remove(object.metadata.uid ?? ''))
  }
  return true
}

function followOne(
  collector: Collector,
  informers: InformerSet,
  resource: Resource,
  { signal, clock, random }: RunOptions & { readonly random: () => number },
): void {
  const end = new AbortController()
  // Kinds that others in the process follow anyway are shared; the rest are ours, and end when the kind does.
  const shared = informers.existing(resource).find((i) => i.isWhole)
  const informer = shared ?? createInformer(collector.client, resource, { random, ...(clock ? { clock } : {}) })
  const unsubscribe = informer.onChange((now, before) => {
    const uids: string[] = []
    if (before && before.metadata.uid !== now?.metadata.uid) uids.push(...collector.graph.remove(before.metadata.uid ?? ''))
    if (now) uids.push(...collector.graph.set(graphNodeOf(resource, now)))
    enqueue(collector, uids)
  })
  if (!shared) informer.start(AbortSignal.any([signal, end.signal]))
  collector.watched.set(`${apiVersionOf(resource)}/${resource.resource}`, {
    resource,
    informer,
    stop: () => {
      unsubscribe()
      end.abort()
    },
  })
}

function enqueue(collector: Collector, uids: Iterable<string>): void {
  for (const uid of uids) collector.queue.add(uid)
}

async function attempt(collector: Collector, uid: string): Promise<void> {
  const node = collector.graph.get(uid)
  try {
    if (node) await collect(collector, node)
    collector.queue.forget(uid)
  } catch (error) {
    if (isNotFound(error)) return
    if (!isConflict(error))
      collector.log.error('object not collected', error, { key: node?.key, resource: node?.resource.resource })
    collector.queue.addRateLimited(uid)
  }
}

async function collect(collector: Collector, node: GraphNode): Promise<void> {
  if (node.isOrphaning) return orphan(collector, node)
  if (node.isForeground) return finishForeground(collector, node)
  if (node.isDeleting) return
  const states = new Map<string, OwnerState>()
  for (const owner of node.owners) states.set(owner.uid, await stateOf(collector, node, owner))
  const dependents = collector.graph.dependents(node.uid)
  const verdict = judge(node, states, dependents)
  if (verdict.do === 'nothing') return
  if (verdict.do === 'drop-references') return dropReferences(collector, node, new Set(verdict.uids))
  if (verdict.unblocks) for (const d of dependents) await stopBlocking(collector, d, node.uid)
  const { resource, name, namespace, uid } = node
  const { finalizers = [] } = (await collector.client.get(resource, name, { namespace })).metadata
  const policy =
    verdict.policy ??
    (finalizers.includes(orphanFinalizer) ? 'Orphan' : finalizers.includes(foregroundFinalizer) ? 'Foreground' : 'Background')
  await collector.client.delete(resource, name, { namespace, propagationPolicy: policy, preconditions: { uid } })
}

/** In the graph, or else asked of the API: the graph may be behind. */
async function stateOf(collector: Collector, node: GraphNode, owner: OwnerReference): Promise<OwnerState> {
  const known = collector.graph.get(owner.uid)
  if (known) {
    const isSameNamespace = known.namespace === undefined || known.namespace === node.namespace
    if (!isSameNamespace) return 'absent'
    return known.isForeground && owner.blockOwnerDeletion ? 'waiting' : 'solid'
  }
  const kind = [...collector.watched.values()].find((w) => isKind(w.resource, owner.apiVersion, owner.kind))?.resource
  if (!kind)
    throw new Error(`owner ${owner.kind} ${owner.name}: no resource of kind ${owner.kind} in ${owner.apiVersion} is served`)
  if (kind.namespaced && node.namespace === undefined) return 'solid'
  try {
    const live = await collector.client.get(kind, owner.name, kind.namespaced ? { namespace: node.namespace } : {})
    return live.metadata.uid === owner.uid ? 'solid' : 'absent'
  } catch (error) {
    if (isNotFound(error)) return 'absent'
    throw error
  }
}

/** Writes the owner references that `change` makes of the live ones, under the live resourceVersion. */
async function rewriteOwners(
  { client, pause }: Collector,
  { resource, name, namespace, uid }: GraphNode,
  change: (owners: readonly OwnerReference[]) => OwnerReference[],
): Promise<void> {
  await pause()
  const live = await client.get(resource, name, { namespace })
  if (live.metadata.uid !== uid) return
  const before = live.metadata.ownerReferences ?? []
  const ownerReferences = change(before)
  if (JSON.stringify(before) === JSON.stringify(ownerReferences)) return
  const body = { metadata: { uid, resourceVersion: live.metadata.resourceVersion, ownerReferences } }
  await client.patch(resource, name, { type: 'merge', body }, { namespace })
}

const dropReferences = (collector: Collector, node: GraphNode, uids: ReadonlySet<string>): Promise<void> =>
  rewriteOwners(collector, node, (owners) => owners.filter((o) => !uids.has(o.uid)))

const stopBlocking = (collector: Collector, node: GraphNode, uid: string): Promise<void> =>
  rewriteOwners(collector, node, (owners) => owners.map((o) => (o.uid === uid ? { ...o, blockOwnerDeletion: false } : o)))

async function orphan(collector: Collector, node: GraphNode): Promise<void> {
  for (const dependent of collector.graph.dependents(node.uid)) await dropReferences(collector, dependent, new Set([node.uid]))
  await letGo(collector, node, orphanFinalizer)
}

/** Lets the object go when no dependent blocks it any more; else sees to those. */
async function finishForeground(collector: Collector, node: GraphNode): Promise<void> {
  const blocking = collector.graph
    .dependents(node.uid)
    .filter((d) => d.owners.some((o) => o.uid === node.uid && o.blockOwnerDeletion))
  if (blocking.length === 0) return letGo(collector, node, foregroundFinalizer)
  enqueue(
    collector,
    blocking.filter((d) => !d.isForeground).map((d) => d.uid),
  )
}

async function letGo({ client }: Collector, { resource, name, namespace, uid }: GraphNode, finalizer: string): Promise<void> {
  const live = await client.get(resource, name, { namespace })
  if (live.metadata.uid === uid) await removeFinalizer(client, resource, live, finalizer)
}
