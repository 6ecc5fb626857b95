import { type Clock, systemClock } from '../apimachinery/clock.ts'
import { controllerOf, type KubeObject, keyOf } from '../apimachinery/object.ts'
import type { Resource } from '../apimachinery/resource.ts'
import { isConflict } from '../apimachinery/status.ts'
import type { Client } from '../client/client.ts'
import { createInformerSet, type InformerSet } from '../client/informer-set.ts'
import { createEventRecorder, type EventRecorder, type EventType } from './events.ts'
import { type Log, stderrLog } from './log.ts'
import { seeingOwnWrites } from './own-writes.ts'
import { createQueue, priorities, type Queue } from './queue.ts'

/** Run again after this time, whether or not something changes. */
export interface Result {
  readonly requeueAfterMs?: number
}

/** What a reconcile may use. `client` writes are in the informers by the time they resolve. */
export interface Context {
  readonly client: Client
  readonly informers: InformerSet
  readonly clock: Clock
  /** In [0, 1). */
  readonly random: () => number
  /** Aborts when the controller stops. */
  readonly signal: AbortSignal
  readonly log: Log
  /** The object's children: those of `resource` whose controlling owner is `owner`. */
  children<C extends KubeObject>(resource: Resource<C>, owner: KubeObject): readonly C[]
  /** Records an Event about `object` (default: as of the controller's own kind). */
  event(object: KubeObject, type: EventType, reason: string, message: string, resource?: Resource<never>): void
}

/** A resource whose changes concern objects of another: `keys` says which (asked for the object after and before a change). */
export interface Watch {
  readonly resource: Resource
  readonly keys: (object: KubeObject, informers: InformerSet) => Iterable<string>
  /** Whether a change matters; always when absent. */
  readonly when?: (now: KubeObject | undefined, before: KubeObject | undefined) => boolean
}

export interface Controller<T extends KubeObject = KubeObject> {
  /** Such as `deployment-controller`: in events, logs and metrics. */
  readonly name: string
  readonly for: Resource<T>
  /** Resources whose objects have one of ours as controlling owner. */
  readonly owns?: readonly Resource[]
  readonly watches?: readonly Watch[]
  /** Other resources that `reconcile` reads from the informers. */
  readonly reads?: readonly Resource[]
  /** Whether a change of our own kind matters; always when absent. */
  readonly when?: (now: T | undefined, before: T | undefined) => boolean
  /** How many objects are worked on at once (8). */
  readonly workers?: number
  /** Brings one object closer to what it asks for. What it throws is retried with back-off. */
  reconcile(object: T, context: Context): Promise<Result | undefined>
  /** Told of keys whose object is gone. */
  removed?(key: string, context: Context): Promise<void>
}

/** Types `controller` by its kind; lists of controllers hold it without that type. */
export const defineController = <T extends KubeObject>(controller: Controller<T>): Controller =>
  controller as unknown as Controller

/** A typed `Watch`. */
export function watching<T extends KubeObject>(
  resource: Resource<T>,
  keys: (object: T, informers: InformerSet) => Iterable<string>,
  when?: (now: T | undefined, before: T | undefined) => boolean,
): Watch {
  return { resource, keys, ...(when ? { when } : {}) } as unknown as Watch
}

/** Counters, named as controller-runtime names its metrics. */
export interface ControllerMetrics {
  success: number
  error: number
  requeueAfter: number
  activeWorkers: number
  /** Sum and number of the times that reconciles took. */
  seconds: number
  count: number
}

export interface RunOptions {
  readonly signal: AbortSignal
  readonly clock?: Clock
  /** In [0, 1). */
  readonly random?: () => number
  readonly log?: Log
  /** Shared with others; made when absent. */
  readonly informers?: InformerSet
}

export interface Running {
  readonly informers: InformerSet
  /** Resolves when all informers are filled and the workers run. */
  readonly started: Promise<void>
  /** Resolves when all workers have ended, after `signal` aborted. */
  readonly stopped: Promise<void>
  readonly metrics: ReadonlyMap<string, ControllerMetrics>
  readonly queues: ReadonlyMap<string, Queue>
  /** Resolves when all queues are empty and nothing runs; delayed keys are not waited for. */
  idle(): Promise<void>
}

/** Runs `controllers` until `signal` aborts. One that waits for a kind that is not served yet does not hold up the others. */
export function runControllers(client: Client, controllers: readonly Controller[], options: RunOptions): Running {
  const { signal, clock = systemClock, random = Math.random, log = stderrLog() } = options
  const informers =
    options.informers ??
    createInformerSet(client, {
      signal,
      clock,
      random,
      onError: (error, what) => log.warn(`retrying: ${what}`, { error: String(error) }),
    })
  const runs = controllers.map((c) => run(c, client, informers, { signal, clock, random, log }))
  return {
    informers,
    started: Promise.all(runs.map((r) => r.started)).then(() => {}),
    stopped: Promise.all(runs.map((r) => r.stopped)).then(() => {}),
    metrics: new Map(runs.map((r) => [r.name, r.metrics])),
    queues: new Map(runs.map((r) => [r.name, r.queue])),
    async idle() {
      const isBusy = () => runs.some((r) => r.queue.length > 0 || r.metrics.activeWorkers > 0)
      // Watches deliver in later turns of the event loop: quiet counts only when it lasts.
      for (let quiet = 0; quiet < 3; quiet = isBusy() ? 0 : quiet + 1) await new Promise((resolve) => setImmediate(resolve))
    },
  }
}

interface Environment {
  readonly signal: AbortSignal
  readonly clock: Clock
  readonly random: () => number
  readonly log: Log
}

function run(controller: Controller, client: Client, informers: InformerSet, environment: Environment) {
  const { signal, clock, random } = environment
  const queue = createQueue({ clock, random })
  const metrics: ControllerMetrics = { success: 0, error: 0, requeueAfter: 0, activeWorkers: 0, seconds: 0, count: 0 }
  const log = environment.log.with({ controller: controller.name })
  const recorder = createEventRecorder(client, { clock, component: controller.name, log })
  const context = contextOf(controller, seeingOwnWrites(client, informers, clock), informers, { ...environment, log }, recorder)

  subscribe(controller, informers, queue)
  const used = [
    controller.for,
    ...(controller.owns ?? []),
    ...(controller.watches ?? []).map((w) => w.resource),
    ...(controller.reads ?? []),
  ]
  const started = Promise.race([
    Promise.all(used.map((r) => informers.of(r).synced())),
    new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true })),
  ]).then(() => {})
  const work = async () => {
    await started
    for (let key = await queue.get(); key !== undefined; key = await queue.get()) {
      if (signal.aborted) {
        queue.done(key)
        continue
      }
      metrics.activeWorkers++
      await reconcileKey(controller, key, context, queue, metrics)
      metrics.activeWorkers--
      queue.done(key)
    }
  }
  const workers = Promise.all(Array.from({ length: controller.workers ?? 8 }, work))
  if (signal.aborted) void queue.shutDown()
  else signal.addEventListener('abort', () => void queue.shutDown(), { once: true })
  return { name: controller.name, queue, metrics, started, stopped: workers.then(() => recorder.flushed()) }
}

function subscribe(controller: Controller, informers: InformerSet, queue: Queue): void {
  const priority = (initial: boolean) => ({ priority: initial ? priorities.initial : priorities.change })
  informers.of(controller.for).onChange((now, before, initial) => {
    const changed = now ?? before
    if (changed && (initial || (controller.when?.(now, before) ?? true))) queue.add(keyOf(changed), priority(initial))
  })
  for (const resource of controller.owns ?? []) {
    informers.of(resource).onChange((now, before, initial) => {
      const owners = new Set([now, before].map((o) => o && ownerKey(o, controller.for)))
      for (const key of owners) if (key !== undefined) queue.add(key, priority(initial))
    })
  }
  for (const watch of controller.watches ?? []) {
    informers.of(watch.resource).onChange((now, before, initial) => {
      if (!initial && watch.when && !watch.when(now, before)) return
      const keys = new Set<string>()
      for (const object of [now, before]) if (object) for (const key of watch.keys(object, informers)) keys.add(key)
      for (const key of keys) queue.add(key, priority(initial))
    })
  }
}

/** The key of the controlling owner, when it is of `resource`'s group and kind (in any version). */
export function ownerKey(object: KubeObject, resource: Resource): string | undefined {
  const owner = controllerOf(object)
  if (!owner || owner.kind !== resource.kind) return undefined
  const group = owner.apiVersion.includes('/') ? owner.apiVersion.slice(0, owner.apiVersion.indexOf('/')) : ''
  if (group !== resource.group) return undefined
  return resource.namespaced ? `${object.metadata.namespace}/${owner.name}` : owner.name
}

async function reconcileKey(controller: Controller, key: string, context: Context, queue: Queue, metrics: ControllerMetrics) {
  const began = performance.now()
  try {
    const object = context.informers.of(controller.for).get(key)
    const result = object ? await controller.reconcile(object, context) : await controller.removed?.(key, context)
    queue.forget(key)
    if (result?.requeueAfterMs !== undefined) {
      metrics.requeueAfter++
      queue.add(key, { afterMs: result.requeueAfterMs })
    } else metrics.success++
  } catch (error) {
    metrics.error++
    // Somebody else wrote first: the change is on its way to us.
    if (!isConflict(error) && !context.signal.aborted)
      context.log.error('reconcile failed', error, { key, failures: queue.failures(key) + 1 })
    queue.addRateLimited(key)
  } finally {
    metrics.count++
    metrics.seconds += (performance.now() - began) / 1000
  }
}

function contextOf(
  controller: Controller,
  client: Client,
  informers: InformerSet,
  environment: Environment,
  recorder: EventRecorder,
): Context {
  return {
    ...environment,
    client,
    informers,
    children: (resource, owner) => informers.of(resource).byIndex('controller', owner.metadata.uid ?? ''),
    event: (object, type, reason, message, resource) =>
      recorder.record({ resource: resource ?? controller.for, object, type, reason, message }),
  }
}
