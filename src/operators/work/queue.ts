import type { Clock } from '../../apimachinery/clock.ts'
import { createQueueMeter, type QueueMeter, type QueueMetrics } from '../telemetry/queue-metrics.ts'
import { ReadyKeys } from './ready-keys.ts'

/** Higher runs first. Initial lists and resyncs run after real changes, so that changes overtake a restart. */
export const priorities = { change: 0, initial: -100 } as const

interface AddOptions {
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

interface QueueOptions {
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

export const createQueue = (options: QueueOptions): Queue => new KeyQueue(options)

class KeyQueue implements Queue {
  readonly #clock: Clock
  readonly #random: () => number
  readonly #baseMs: number
  readonly #maxMs: number
  readonly #meter: QueueMeter
  readonly #ready = new ReadyKeys()
  /** Keys that are worked on, with the priority that they had. */
  readonly #running = new Map<string, number>()
  /** Keys added while they ran, with their priority. */
  readonly #again = new Map<string, number>()
  readonly #waiting = new Map<string, Waiting>()
  readonly #failures = new Map<string, number>()
  readonly #unasked = new Map<string, number>()
  readonly #takers: ((key: string | undefined) => void)[] = []
  readonly #drained = Promise.withResolvers<void>()
  #stopping = false

  constructor({ clock, random, baseMs = 5, maxMs = 1_000_000 }: QueueOptions) {
    this.#clock = clock
    this.#random = random
    this.#baseMs = baseMs
    this.#maxMs = maxMs
    this.#meter = createQueueMeter(clock)
  }

  get metrics(): QueueMetrics {
    return this.#meter
  }

  get length(): number {
    return this.#ready.size
  }

  get delayed(): number {
    return this.#waiting.size
  }

  add(key: string, { priority = priorities.change, afterMs = 0 }: AddOptions = {}): void {
    if (afterMs > 0) this.#addAfter(key, priority, afterMs)
    else this.#addNow(key, priority)
  }

  addRateLimited(key: string): void {
    this.#addBackedOff(key, this.#failures, this.#maxMs)
  }

  addUnasked(key: string): void {
    this.#addBackedOff(key, this.#unasked, mostUnaskedMs)
  }

  forget(key: string): void {
    this.#failures.delete(key)
    this.#unasked.delete(key)
  }

  failures(key: string): number {
    return this.#failures.get(key) ?? 0
  }

  priorityOf(key: string): number {
    return this.#running.get(key) ?? priorities.change
  }

  get(): Promise<string | undefined> {
    const key = this.#take()
    if (key !== undefined || this.#stopping) return Promise.resolve(key)
    return new Promise((resolve) => this.#takers.push(resolve))
  }

  done(key: string): void {
    this.#running.delete(key)
    this.#meter.done(key)
    const priority = this.#again.get(key)
    this.#again.delete(key)
    if (priority !== undefined && (!this.#stopping || this.#ready.priorityOf(key) === undefined)) this.#push(key, priority)
    this.#hand()
  }

  shutDown(): Promise<void> {
    this.#stopping = true
    for (const { cancel } of this.#waiting.values()) cancel()
    this.#waiting.clear()
    this.#hand()
    return this.#drained.promise
  }

  #push(key: string, priority: number): void {
    this.#ready.push(key, priority)
    this.#meter.ready(key)
  }

  #take(): string | undefined {
    const first = this.#ready.pop()
    if (!first) return undefined
    this.#running.set(first.key, first.priority)
    this.#meter.taken(first.key)
    return first.key
  }

  /** Gives what is ready to those who wait for it. */
  #hand(): void {
    const takers = this.#takers
    while (takers.length > 0 && this.#ready.size > 0) takers.shift()?.(this.#take())
    if (!this.#stopping || this.#ready.size > 0) return
    for (const taker of takers.splice(0)) taker(undefined)
    if (this.#running.size === 0) this.#drained.resolve()
  }

  #addNow(key: string, priority: number): void {
    if (this.#stopping) return
    const pending = this.#waiting.get(key)
    const highest = Math.max(priority, pending?.priority ?? Number.NEGATIVE_INFINITY)
    pending?.cancel()
    this.#waiting.delete(key)
    this.#meter.added()
    if (this.#running.has(key)) {
      this.#again.set(key, Math.max(highest, this.#again.get(key) ?? Number.NEGATIVE_INFINITY))
      return
    }
    const current = this.#ready.priorityOf(key)
    if (current !== undefined && current >= highest) return
    if (current !== undefined) this.#ready.drop(key, current)
    this.#push(key, highest)
    this.#hand()
  }

  #addAfter(key: string, priority: number, afterMs: number): void {
    if (this.#stopping) return
    const at = this.#clock.now() + afterMs
    const pending = this.#waiting.get(key)
    if (pending) {
      pending.priority = Math.max(pending.priority, priority)
      if (pending.at <= at) return
      pending.cancel()
    }
    const entry: Waiting = { at, priority: pending?.priority ?? priority, cancel: () => {} }
    entry.cancel = this.#clock.after(afterMs, () => this.#addNow(key, entry.priority))
    this.#waiting.set(key, entry)
  }

  #addBackedOff(key: string, counts: Map<string, number>, mostMs: number): void {
    const n = counts.get(key) ?? 0
    counts.set(key, n + 1)
    this.#meter.retried()
    const delay = Math.min(mostMs, this.#baseMs * 2 ** Math.min(n, 40))
    const jittered = () => Math.min(mostMs, delay * (0.75 + this.#random() / 2))
    this.#addAfter(key, this.priorityOf(key), n < 4 ? delay : jittered())
  }
}
