import { type Revision, type Store, type StoreEvent, Unavailable } from '../store.ts'

type Listener = (events: readonly StoreEvent[]) => void
type OnLost = (revision: Revision) => Promise<void>

interface Waiting {
  readonly revision: Revision
  readonly resolve: (revision: Revision) => void
  readonly reject: (error: Error) => void
}

/** After a failure; twice as long after each further one, up to the second. */
const retryAfterMs = 500
const longestRetryMs = 10_000

/**
 * A store's events in order, each batch once `prepare` has done what it needs. At once where that is nothing; else it and all after it wait.
 * Another API server's first write with a key of its own is such a one.
 */
export class EventLine {
  readonly #inner: Store
  readonly #prepare: (events: readonly StoreEvent[]) => Promise<void> | undefined
  readonly #listeners = new Map<Listener, OnLost | undefined>()
  readonly #waiting = new Set<Waiting>()
  #held: (readonly StoreEvent[])[] = []
  #delivered: Revision = 0
  #failure: Error | undefined
  #unsubscribe: (() => void) | undefined

  constructor(inner: Store, prepare: (events: readonly StoreEvent[]) => Promise<void> | undefined) {
    this.#inner = inner
    this.#prepare = prepare
  }

  /** What listeners have come to; undefined: to whatever the store has. */
  get delivered(): Revision | undefined {
    return this.#held.length > 0 ? this.#delivered : undefined
  }

  subscribe(listener: Listener, onLost?: OnLost): () => void {
    this.#listeners.set(listener, onLost)
    this.#unsubscribe ??= this.#inner.subscribe(
      (events) => this.#take(events),
      (revision) => this.#lost(revision),
    )
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size > 0) return
      this.#unsubscribe?.()
      this.#unsubscribe = undefined
    }
  }

  /** Resolves when listeners have seen `revision`; undefined: they have. Rejects with Unavailable when its keys cannot be had. */
  reached(revision: Revision): Promise<Revision> | undefined {
    if (this.#held.length === 0 || revision <= this.#delivered) return undefined
    if (this.#failure) return Promise.reject(this.#failure)
    return new Promise((resolve, reject) => this.#waiting.add({ revision, resolve, reject }))
  }

  #take(events: readonly StoreEvent[]): void {
    if (this.#held.length > 0) {
      this.#held.push(events)
      return
    }
    const waits = this.#prepare(events)
    if (!waits) {
      this.#tell(events)
      return
    }
    this.#delivered = (events[0]?.revision ?? 1) - 1
    this.#held.push(events)
    void this.#drain(waits)
  }

  #tell(events: readonly StoreEvent[]): void {
    for (const listener of this.#listeners.keys()) listener(events)
  }

  async #drain(first: Promise<void>): Promise<void> {
    let waits: Promise<void> | undefined = first
    let retryMs = retryAfterMs
    for (let next = this.#held[0]; next && this.#unsubscribe; next = this.#held[0]) {
      try {
        await (waits ?? this.#prepare(next))
      } catch (error) {
        this.#fail(error as Error)
        await new Promise((resolve) => setTimeout(resolve, retryMs).unref())
        retryMs = Math.min(retryMs * 2, longestRetryMs)
        waits = undefined
        continue
      }
      waits = undefined
      retryMs = retryAfterMs
      this.#failure = undefined
      // What was lost meanwhile is no longer in the line.
      if (this.#held[0] !== next) continue
      this.#tell(next)
      this.#delivered = next.at(-1)?.revision ?? this.#delivered
      this.#held.shift()
      this.#wake()
    }
  }

  #fail(error: Error): void {
    this.#failure = new Unavailable('the store', error.message)
    for (const { reject } of this.#waiting) reject(this.#failure)
    this.#waiting.clear()
  }

  #wake(): void {
    for (const waiting of this.#waiting) {
      if (this.#held.length > 0 && waiting.revision > this.#delivered) continue
      this.#waiting.delete(waiting)
      waiting.resolve(waiting.revision)
    }
  }

  async #lost(revision: Revision): Promise<void> {
    this.#held = []
    for (const onLost of this.#listeners.values()) await onLost?.(revision)
    this.#wake()
  }
}
