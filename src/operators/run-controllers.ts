import { aborted } from '../apimachinery/aborted.ts'
import { type Clock, systemClock } from '../apimachinery/clock.ts'
import { keyOf } from '../apimachinery/object.ts'
import { apiVersionOf, type Resource } from '../apimachinery/resource.ts'
import type { Client } from '../client/client.ts'
import type { InformerSet } from '../client/informer-set.ts'
import type { Context, Controller } from './controller.ts'
import { alwaysOpen, type Gate } from './election/gate.ts'
import { createEventRecorder, type EventRecorder } from './events.ts'
import { type Log, stderrLog } from './log.ts'
import { sharedInformers } from './shared-informers.ts'
import { type ControllerMetrics, createControllerMetrics } from './telemetry/controller-metrics.ts'
import { noTracer, type Tracer } from './telemetry/trace.ts'
import { type Activity, createActivity } from './work/activity.ts'
import { createLoopDetector } from './work/loops.ts'
import { seeingOwnWrites } from './work/own-writes.ts'
import { createQueue, priorities, type Queue } from './work/queue.ts'
import { subscribe } from './work/subscriptions.ts'
import { contextIn, work } from './work/worker.ts'

export interface RunOptions {
  readonly signal: AbortSignal
  readonly clock?: Clock
  /** In [0, 1). */
  readonly random?: () => number
  readonly log?: Log
  /** Shared with others; made when absent. */
  readonly informers?: InformerSet
  /** When a controller may work, and on which keys; always and on all when absent. */
  readonly gateFor?: (controller: Controller, activity: Activity) => Gate & { isOurs?(key: string): boolean }
  readonly tracer?: Tracer
  /** Waits until a resource is served, before a controller that needs it starts; calls `missing` when it has to. No waiting when absent. */
  readonly served?: (resource: Resource, missing: () => void) => Promise<void>
  /** The client through which a controller writes; default: `client`. */
  readonly clientFor?: (controller: Controller) => Client
}

export interface Running {
  readonly informers: InformerSet
  /** Resolves when all informers are filled and the workers run. */
  readonly started: Promise<void>
  /** Resolves when all workers have ended, after `signal` aborted. */
  readonly stopped: Promise<void>
  readonly metrics: ReadonlyMap<string, ControllerMetrics>
  readonly queues: ReadonlyMap<string, Queue>
  /** Controllers that wait for a kind to be served, and for which. */
  waiting(): ReadonlyMap<string, string>
  /** Adds all objects of one controller, or of all, once more. */
  resync(name?: string): void
  /** Resolves when all queues are empty and nothing runs; delayed keys are not waited for. */
  idle(): Promise<void>
}

/** Runs `controllers` until `signal` aborts. One that waits for a kind that is not served yet does not hold up the others. */
export function runControllers(client: Client, controllers: readonly Controller[], options: RunOptions): Running {
  const { signal, clock = systemClock, random = Math.random, log = stderrLog() } = options
  const informers = sharedInformers(client, { informers: options.informers, signal, clock, random, log })
  const environment = { ...options, signal, clock, random, log }
  const runs = controllers.map((c) => run(c, options.clientFor?.(c) ?? client, informers, environment))
  return {
    informers,
    started: Promise.all(runs.map((r) => r.started)).then(() => {}),
    stopped: Promise.all(runs.map((r) => r.stopped)).then(() => {}),
    metrics: new Map(runs.map((r) => [r.name, r.metrics])),
    queues: new Map(runs.map((r) => [r.name, r.queue])),
    waiting: () => new Map(runs.flatMap((r) => (r.waitsFor() === undefined ? [] : [[r.name, r.waitsFor() ?? '']]))),
    resync(name) {
      for (const r of runs) if (name === undefined || r.name === name) r.resync()
    },
    async idle() {
      const isBusy = () => runs.some((r) => r.queue.length > 0 || r.activity.keys.size > 0)
      // Watches deliver in later turns of the event loop: quiet counts only when it lasts.
      for (let quiet = 0; quiet < 3; quiet = isBusy() ? 0 : quiet + 1) {
        await Promise.all(runs.map((r) => r.activity.rested()))
        await new Promise((resolve) => setImmediate(resolve))
      }
    },
  }
}

interface Environment extends RunOptions {
  readonly clock: Clock
  readonly random: () => number
  readonly log: Log
}

function run(controller: Controller, client: Client, shared: InformerSet, environment: Environment) {
  const { signal, clock, random, tracer = noTracer } = environment
  const informers = scoped(shared, controller)
  const queue = createQueue({ clock, random })
  const workers = controller.workers ?? 8
  const metrics = createControllerMetrics(workers)
  const log = environment.log.with({ controller: controller.name })
  const recorder = createEventRecorder(client, { clock, component: controller.name, log })
  const loops = controller.detectsLoops ? createLoopDetector(clock) : undefined
  const context = contextOf(controller, seeingOwnWrites(client, shared, clock), informers, { ...environment, log }, recorder)
  const ended = aborted(signal)
  const activity = createActivity()
  const gate: Gate & { isOurs?(key: string): boolean } = environment.gateFor?.(controller, activity) ?? alwaysOpen
  const waiting = createWaiting()
  const start = async () => {
    await Promise.race([waitForKinds(controller, informers, { environment, waiting, context, gate }), ended])
    if (signal.aborted) return
    const unsubscribe = subscribe(controller, informers, queue, loops?.triggered)
    // The informers may be others' too, and go on.
    signal.addEventListener('abort', unsubscribe, { once: true })
    await Promise.race([Promise.all(resourcesOf(controller).map((r) => informers.of(r).synced())), ended])
    resyncRegularly(controller, informers, queue, environment)
  }
  const started = start()
  const isOurs = (key: string) => gate.isOurs?.(key) ?? true
  const shift = { controller, context, queue, metrics, gate, activity, isOurs, tracer, ...(loops ? { loops } : {}) }
  const stopped = started.then(() => Promise.all(Array.from({ length: workers }, () => work(shift))))
  if (signal.aborted) void queue.shutDown()
  else signal.addEventListener('abort', () => void queue.shutDown(), { once: true })
  const resync = () => addAll(controller, informers, queue)
  const { name } = controller
  return {
    name,
    queue,
    metrics,
    activity,
    started,
    resync,
    waitsFor: waiting.first,
    stopped: stopped.then(() => recorder.flushed()),
  }
}

/** The kinds that a controller waits for. */
function createWaiting() {
  const kinds = new Set<string>()
  return { kinds, first: (): string | undefined => kinds.values().next().value }
}

interface Wait {
  readonly environment: Environment
  readonly waiting: ReturnType<typeof createWaiting>
  readonly context: Context
  readonly gate: Gate
}

/** Waits for the controller's own kind, then for all others; objects that are there already are told of what is missing. */
async function waitForKinds(controller: Controller, informers: InformerSet, wait: Wait): Promise<void> {
  const { environment, waiting, context, gate } = wait
  const { served, signal } = environment
  if (!served) return
  const one = async (resource: Resource, missing: (kind: string) => void) => {
    const kind = `${resource.kind} of ${apiVersionOf(resource)}`
    const isMissing = () => {
      waiting.kinds.add(kind)
      missing(kind)
    }
    await served(resource, isMissing)
    waiting.kinds.delete(kind)
  }
  await one(controller.for, () => {})
  let unsubscribe: (() => void) | undefined
  const tell = (kind: string) => {
    unsubscribe ??= informers.of(controller.for).onChange((object) => {
      if (!object) return
      const blocked = async () => {
        const term = await gate.entered(signal)
        if (term && waiting.kinds.size > 0) await controller.blocked?.(object, kind, contextIn(context, keyOf(object), term))
      }
      void blocked().catch((error) => context.log.warn('not told that a kind is missing', { error: String(error) }))
    })
  }
  await Promise.all(
    resourcesOf(controller)
      .slice(1)
      .map((r) => one(r, tell)),
  )
  unsubscribe?.()
}

const resourcesOf = (controller: Controller) => [
  controller.for,
  ...(controller.owns ?? []),
  ...(controller.watches ?? []).map((w) => w.resource),
  ...(controller.reads ?? []),
]

/** The shared informers as a controller sees them: each resource in the scope that it needs. */
function scoped(shared: InformerSet, { scopeOf }: Controller): InformerSet {
  if (!scopeOf) return shared
  return { ...shared, of: (resource, scope) => shared.of(resource, scope ?? (scopeOf(resource as never) as never)) }
}

function addAll(controller: Controller, informers: InformerSet, queue: Queue): void {
  for (const { metadata } of informers.of(controller.for).list())
    queue.add(metadata.namespace ? `${metadata.namespace}/${metadata.name}` : (metadata.name ?? ''), {
      priority: priorities.initial,
    })
}

/** Every controller's objects at its own time: ± 10 %, so that not all come at once. */
function resyncRegularly(controller: Controller, informers: InformerSet, queue: Queue, { signal, clock, random }: Environment) {
  const { resyncMs } = controller
  if (resyncMs === undefined || signal.aborted) return
  const again = () => {
    cancel = clock.after(resyncMs * (0.9 + random() / 5), () => {
      addAll(controller, informers, queue)
      again()
    })
  }
  let cancel = () => {}
  again()
  signal.addEventListener('abort', () => cancel(), { once: true })
}

function contextOf(
  controller: Controller,
  client: Client,
  informers: InformerSet,
  { signal, clock, random, log }: Environment,
  recorder: EventRecorder,
): Context {
  return {
    signal,
    clock,
    random,
    log,
    client,
    informers,
    key: '',
    children: (resource, owner) => informers.of(resource).byIndex('controller', owner.metadata.uid ?? ''),
    event: (object, type, reason, message, resource) =>
      recorder.record({ resource: resource ?? controller.for, object, type, reason, message }),
  }
}
