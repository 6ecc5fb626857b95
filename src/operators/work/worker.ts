import type { KubeObject } from '../../apimachinery/object.ts'
import { isConflict, isNamespaceTerminating, isNotFound, StatusError } from '../../apimachinery/status.ts'
import type { Client } from '../../client/client.ts'
import type { Context, Controller, Result } from '../controller.ts'
import { fenced } from '../election/fence.ts'
import type { Gate, Term } from '../election/gate.ts'
import type { ControllerMetrics } from '../telemetry/controller-metrics.ts'
import { type Tracer, traced } from '../telemetry/trace.ts'
import type { Activity } from './activity.ts'
import type { LoopDetector } from './loops.ts'
import type { Queue } from './queue.ts'

/** An error that trying again will not mend: it is counted and logged, and the object runs again only when something changes. */
export class TerminalError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'TerminalError'
  }
}

/** A run that took longer than it may. */
class DeadlineExceeded extends Error {
  constructor(ms: number) {
    super(`not done within ${ms / 1000} s`)
    this.name = 'DeadlineExceeded'
  }
}

interface Shift {
  readonly controller: Controller
  readonly context: Context
  readonly queue: Queue
  readonly metrics: ControllerMetrics
  readonly gate: Gate
  readonly activity: Activity
  readonly isOurs: (key: string) => boolean
  readonly tracer: Tracer
  readonly loops?: LoopDetector
}

/** Works on keys, one after the other, until the queue is shut down. */
export async function work(shift: Shift): Promise<void> {
  const { queue, context, gate, metrics } = shift
  for (;;) {
    await gate.entered(context.signal)
    const key = await queue.get()
    if (key === undefined) return
    const term = gate.current()
    if (context.signal.aborted || !shift.isOurs(key)) queue.forget(key)
    // The term ended while we waited for a key: it stays for the next one.
    else if (!term) queue.add(key, { priority: queue.priorityOf(key) })
    else {
      metrics.activeWorkers++
      shift.activity.begin(key)
      await reconcileKey(shift, key, term)
      shift.activity.end(key)
      metrics.activeWorkers--
    }
    queue.done(key)
  }
}

async function reconcileKey(shift: Shift, key: string, term: Term): Promise<void> {
  const { controller, queue, metrics, context } = shift
  const began = performance.now()
  const run = runOf(context, key, term, controller.deadlineMs)
  try {
    const attributes = { controller: controller.name, key, retries: queue.failures(key) }
    const result = await traced(shift.tracer, 'reconcile', { attributes }, () => reconcileOnce(shift, key, run.context))
    queue.forget(key)
    if (result?.requeueAfterMs === undefined) metrics.success++
    else {
      metrics.requeueAfter++
      queue.add(key, { afterMs: result.requeueAfterMs, priority: queue.priorityOf(key) })
    }
  } catch (error) {
    failed(shift, key, run.reason() ?? error, term)
  } finally {
    run.end()
    metrics.seconds.observe((performance.now() - began) / 1000)
  }
}

async function reconcileOnce(shift: Shift, key: string, context: Context): Promise<Result | undefined> {
  const { controller, loops } = shift
  const object = context.informers.of(controller.for).get(key)
  if (!object) {
    loops?.forget(key)
    await controller.removed?.(key, context)
    return undefined
  }
  const result = await controller.reconcile(object, context)
  const loop = loops?.ran(key, object)
  if (loop) warnOfLoop(context, object, loop)
  return result
}

function warnOfLoop(context: Context, object: KubeObject, loop: string): void {
  context.log.warn(`endless loop? ${loop}`)
  context.event(object, 'Warning', 'Loop', loop)
}

/** The object went while it was worked on, or its namespace is going: its end is on its way to us, and nothing is left to do. */
function isGone({ controller, context }: Shift, key: string, error: unknown): boolean {
  return isNamespaceTerminating(error) || (isNotFound(error) && !context.informers.of(controller.for).get(key))
}

function failed(shift: Shift, key: string, error: unknown, term: Term): void {
  const { queue, metrics, context } = shift
  if (isGone(shift, key, error)) {
    queue.forget(key)
    return
  }
  metrics.error++
  if (!(error instanceof Error)) metrics.panics++
  if (error instanceof DeadlineExceeded) metrics.timeouts++
  if (error instanceof TerminalError) {
    metrics.terminal++
    context.log.error('reconcile failed for good', error, { key })
    queue.forget(key)
    return
  }
  // Somebody else wrote first: the change is on its way to us.
  if (!isConflict(error) && !context.signal.aborted && !term.signal.aborted)
    context.log.error('reconcile failed', error, { key, failures: queue.failures(key) + 1 })
  const after = error instanceof StatusError ? error.status.details?.retryAfterSeconds : undefined
  // A server that is busy says when to come back.
  if (after) queue.add(key, { afterMs: after * 1000, priority: queue.priorityOf(key) })
  else if (isUnreachable(error)) queue.addUnasked(key)
  else queue.addRateLimited(key)
}

/** Nothing was said about the object: the API is away. */
function isUnreachable(error: unknown): boolean {
  if (error instanceof StatusError) return error.code === 503 || error.code === 504
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' && /^E(CONN|TIMEDOUT|PIPE|HOST|NET|AI_AGAIN)/.test(code)
}

/** One a term: who keeps something by client, keeps it as long. */
const clients = new WeakMap<Term, WeakMap<Client, Client>>()

function clientIn(client: Client, term: Term): Client {
  if (term.number === 0) return client
  const known = clients.get(term) ?? new WeakMap<Client, Client>()
  clients.set(term, known)
  const made = known.get(client) ?? fenced(client, term)
  known.set(client, made)
  return made
}

/** The context of work on `key` in a term, whose writes end with it. */
export const contextIn = (context: Context, key: string, term: Term): Context => ({
  ...context,
  key,
  log: context.log.with({ key }),
  client: clientIn(context.client, term),
})

/** The context of one run, whose signal aborts with the controller's, the term's, or when the deadline passes. */
function runOf(context: Context, key: string, term: Term, deadlineMs: number | undefined) {
  const log = context.log.with({ key })
  const isPlain = deadlineMs === undefined && term.number === 0
  if (isPlain) return { context: { ...context, key, log }, reason: () => undefined, end: () => {} }
  const controller = new AbortController()
  const abort = (event: Event) => controller.abort((event.target as AbortSignal).reason)
  const sources = [context.signal, term.signal]
  for (const source of sources) source.addEventListener('abort', abort, { once: true })
  // Made only when it is needed: the stack of an error costs more than most runs.
  let late: DeadlineExceeded | undefined
  const expire = (ms: number) => {
    late = new DeadlineExceeded(ms)
    controller.abort(late)
  }
  const cancel = deadlineMs === undefined ? () => {} : context.clock.after(deadlineMs, () => expire(deadlineMs))
  return {
    context: { ...context, key, log, signal: controller.signal, client: clientIn(context.client, term) },
    /** Why a run that was aborted failed: not what it stumbled over then. */
    reason: () => late,
    end() {
      cancel()
      for (const source of sources) source.removeEventListener('abort', abort)
    },
  }
}
