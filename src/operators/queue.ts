import type { Clock } from '../apimachinery/clock.ts'
import { createQueueMeter, type QueueMetrics } from './telemetry/queue-metrics.ts'

/** Higher runs first. Initial lists and resyncs run after real changes, so that changes overtake a restart. */
export const priorities = { change: 0, initial: -100 } as const

export interface AddOptions {
  readonly priority?: number
  /** Not before this many milliseconds from now. Of several delays of one key the earliest counts. */
  readonly afterMs?: number
}

/**
 * Keys that wait to be worked on (client-go's work queue): a key waits at most once, never runs twice at once, and one that is added
 * while it runs, runs once more. Among equal priorities first come, first served.
 */
export interface Queue {
  add(key: string, options?: AddOptions): void
  /** Adds after the key's back-off: base × 2^failures, with jitter from the fifth on. Its priority stays. */
  addRateLimited(key: string): void
  /** As addRateLimited, where the API could not be asked: counted apart, and never after more than 30 s, however long it was away. */
  addUnasked(key: string): void
  /** The key succeeded: its next back-off starts from the base. */
  forget(key: string): void
  failures(key: string): number
  /** Of a key that is worked on: the priority that it was taken with. */
  priorityOf(key: string): number
  /** The next key, which must be given back with `done`; undefined once the queue is shut down and empty. */
  get(): Promise<string | undefined>
  done(key: string): void
  /** Takes no more keys. Resolves when what was ready has been worked on and given back. */
  shutDown(): Promise<void>
  /** How many keys are ready (not delayed, not running). */
  readonly length: number
  /** How many keys are waiting for their time. */
  readonly delayed: number
  readonly metrics: QueueMetrics
}

export interface QueueOptions {
  readonly clock: Clock
  /** In [0, 1). */
  readonly random: () => number
  readonly baseMs?: number
  readonly maxMs?: number
}

const mostUnaskedMs = 30_000

interface Waiting {
  at: number
  priority: number
  cancel: () => void
}

export function createQueue(options: QueueOptions): Queue {
  const { clock, random, baseMs = 5, maxMs = 1_000_000 } = options
  /** Ready keys by priority, each in order of arrival; `ready` says in which one a key is. */
  const lanes = new Map<number, Set<string>>()
  const ready = new Map<string, number>()
  /** Keys that are worked on, with the priority that they had. */
  const running = new Map<string, number>()
  /** Keys added while they ran, with their priority. */
  const again = new Map<string, number>()
  const waiting = new Map<string, Waiting>()
  const failures = new Map<string, number>()
  const unasked = new Map<string, number>()
  const takers: ((key: string | undefined) => void)[] = []
  const drained = Promise.withResolvers<void>()
  const meter = createQueueMeter(clock)
  let stopping = false

  const push = (key: string, priority: number) => {
    const lane = lanes.get(priority) ?? new Set()
    lane.add(key)
    lanes.set(priority, lane)
    ready.set(key, priority)
    meter.ready(key)
  }
  const drop = (key: string, priority: number) => {
    const lane = lanes.get(priority)
    lane?.delete(key)
    if (lane?.size === 0) lanes.delete(priority)
    ready.delete(key)
  }
  const pop = (): string | undefined => {
    if (lanes.size === 0) return undefined
    const highest = lanes.size === 1 ? (lanes.keys().next().value as number) : Math.max(...lanes.keys())
    const key = lanes.get(highest)?.values().next().value as string
    drop(key, highest)
    running.set(key, highest)
    meter.taken(key)
    return key
  }
  const hand = () => {
    while (takers.length > 0 && ready.size > 0) takers.shift()?.(pop())
    if (!stopping || ready.size > 0) return
    for (const taker of takers.splice(0)) taker(undefined)
    if (running.size === 0) drained.resolve()
  }
  const addNow = (key: string, priority: number) => {
    if (stopping) return
    const pending = waiting.get(key)
    const highest = Math.max(priority, pending?.priority ?? Number.NEGATIVE_INFINITY)
    pending?.cancel()
    waiting.delete(key)
    meter.added()
    if (running.has(key)) return void again.set(key, Math.max(highest, again.get(key) ?? Number.NEGATIVE_INFINITY))
    const current = ready.get(key)
    if (current !== undefined && current >= highest) return
    if (current !== undefined) drop(key, current)
    push(key, highest)
    hand()
  }
  const addAfter = (key: string, priority: number, afterMs: number) => {
    if (stopping) return
    const at = clock.now() + afterMs
    const pending = waiting.get(key)
    if (pending) {
      pending.priority = Math.max(pending.priority, priority)
      if (pending.at <= at) return
      pending.cancel()
    }
    const entry: Waiting = { at, priority: pending?.priority ?? priority, cancel: () => {} }
    entry.cancel = clock.after(afterMs, () => addNow(key, entry.priority))
    waiting.set(key, entry)
  }
  const addBackedOff = (key: string, counts: Map<string, number>, mostMs: number) => {
    const n = counts.get(key) ?? 0
    counts.set(key, n + 1)
    meter.retried()
    const delay = Math.min(mostMs, baseMs * 2 ** Math.min(n, 40))
    addAfter(key, running.get(key) ?? priorities.change, n < 4 ? delay : Math.min(mostMs, delay * (0.75 + random() / 2)))
  }

  return {
    metrics: meter,
    add(key, { priority = priorities.change, afterMs = 0 } = {}) {
      if (afterMs > 0) addAfter(key, priority, afterMs)
      else addNow(key, priority)
    },
    addRateLimited: (key) => addBackedOff(key, failures, maxMs),
    addUnasked: (key) => addBackedOff(key, unasked, mostUnaskedMs),
    forget(key) {
      failures.delete(key)
      unasked.delete(key)
    },
    failures: (key) => failures.get(key) ?? 0,
    priorityOf: (key) => running.get(key) ?? priorities.change,
    get() {
      const key = pop()
      if (key !== undefined) return Promise.resolve(key)
      if (stopping) return Promise.resolve(undefined)
      return new Promise((resolve) => takers.push(resolve))
    },
    done(key) {
      running.delete(key)
      meter.done(key)
      const priority = again.get(key)
      again.delete(key)
      if (priority !== undefined && (!stopping || !ready.has(key))) push(key, priority)
      hand()
    },
    shutDown() {
      stopping = true
      for (const { cancel } of waiting.values()) cancel()
      waiting.clear()
      hand()
      return drained.promise
    },
    get length() {
      return ready.size
    },
    get delayed() {
      return waiting.size
    },
  }
}
