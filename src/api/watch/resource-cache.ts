import type { Revision } from '../../store/store.ts'
import type { CacheEvent } from './cache-event.ts'
import { FanOut } from './fan-out.ts'
import type { Stored } from './stored.ts'

/** How many events of one resource are kept for watches to resume from; older ones are read from the store's log. */
const windowSize = 1024
/** So many of them are given at a time, and those of the same commit. */
const batchSize = 128

const none: readonly CacheEvent[] = []

/** The objects of one stored resource, in key order, and its latest events. */
export class ResourceCache {
  readonly prefix: string
  readonly #entries = new Map<string, Stored>()
  /** All of them in key order: a list is a part of it. */
  readonly #ordered: Stored[] = []
  #window: CacheEvent[] = []
  /** Every event after this revision is in the window. */
  #windowStart: Revision
  /** For those who need not hear of events inside the commit. */
  readonly fanOut = new FanOut()
  /** The last answer of `eventsAfter`: many watches are at the same place. */
  #asked: { since: Revision; newest: Revision; events: readonly CacheEvent[] } | undefined
  readonly #listeners = new Set<(events: readonly CacheEvent[]) => void>()

  constructor(prefix: string, revision: Revision) {
    this.prefix = prefix
    this.#windowStart = revision
  }

  /** Why what is stored under a key cannot be read (a key of its encryption is missing): it is in no list. */
  readonly unreadable = new Map<string, string>()

  /** How many events there were. */
  received = 0

  /** Of all objects together, as they are stored. */
  bytes = 0

  get size(): number {
    return this.#ordered.length
  }

  /** The revision of the newest event, or of the start when there was none. */
  get revision(): Revision {
    return this.#window.at(-1)?.revision ?? this.#windowStart
  }

  get(key: string): Stored | undefined {
    return this.#entries.get(key)
  }

  /** The objects whose key begins with `prefix`, in key order, after the key `after`. */
  *range(prefix = this.prefix, after?: string): Generator<Stored> {
    for (let i = this.#firstAfter(prefix, after); i < this.#ordered.length; i++) {
      const stored = this.#ordered[i]
      if (!stored?.key.startsWith(prefix)) return
      yield stored
    }
  }

  /** All objects under `prefix` as an array; the cheapest way to list. */
  list(prefix = this.prefix): Stored[] {
    return this.#ordered.slice(this.#indexOf(prefix), this.#indexOf(`${prefix.slice(0, -1)}0`))
  }

  /** Takes an object as it was found at start, without an event. */
  load(stored: Stored): void {
    this.#put(stored)
  }

  /** What is under the key now cannot be read. Who watches keeps what was there. */
  lose(key: string, why: string): void {
    this.#remove(key)
    this.unreadable.set(key, why)
  }

  apply(events: readonly CacheEvent[]): void {
    for (const event of events) {
      if (event.now) this.#put(event.now)
      else this.#remove(event.key)
    }
    this.received += events.length
    for (const event of events) this.#window.push(event)
    if (this.#window.length > windowSize * 2) {
      const dropped = this.#window.slice(0, -windowSize)
      this.#windowStart = dropped.at(-1)?.revision ?? this.#windowStart
      this.#window = this.#window.slice(-windowSize)
    }
    for (const listener of this.#listeners) listener(events)
    this.fanOut.tell(events.length)
  }

  /** The next events after `since`, none when there is nothing newer; undefined when the window does not reach back that far. */
  eventsAfter(since: Revision): readonly CacheEvent[] | undefined {
    if (since < this.#windowStart) return undefined
    const newest = this.revision
    if (since >= newest) return none
    if (this.#asked?.since === since && this.#asked.newest === newest) return this.#asked.events
    const start = this.#windowIndexAfter(since)
    let end = Math.min(start + batchSize, this.#window.length)
    while (end < this.#window.length && this.#window[end]?.revision === this.#window[end - 1]?.revision) end++
    const events = this.#window.slice(start, end)
    this.#asked = { since, newest, events }
    return events
  }

  /** The index of the first event after `since`. */
  #windowIndexAfter(since: Revision): number {
    let low = 0
    let high = this.#window.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#window[middle]?.revision ?? 0) <= since) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Calls `listener` synchronously with each batch of events. Returns the unsubscribe. */
  subscribe(listener: (events: readonly CacheEvent[]) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #put(stored: Stored): void {
    const known = this.#entries.get(stored.key)
    this.bytes += stored.bytes.length - (known?.bytes.length ?? 0)
    const last = this.#ordered.at(-1)
    if (known) this.#ordered[this.#indexOf(stored.key)] = stored
    else if (last === undefined || last.key < stored.key) this.#ordered.push(stored)
    else this.#ordered.splice(this.#indexOf(stored.key), 0, stored)
    this.#entries.set(stored.key, stored)
    if (this.unreadable.size > 0) this.unreadable.delete(stored.key)
  }

  #remove(key: string): void {
    const known = this.#entries.get(key)
    if (!known) return
    this.#entries.delete(key)
    this.#ordered.splice(this.#indexOf(key), 1)
    this.bytes -= known.bytes.length
  }

  #firstAfter(prefix: string, after: string | undefined): number {
    if (after === undefined || after < prefix) return this.#indexOf(prefix)
    const i = this.#indexOf(after)
    return this.#ordered[i]?.key === after ? i + 1 : i
  }

  /** The index of the first key that is not before `key`. */
  #indexOf(key: string): number {
    let low = 0
    let high = this.#ordered.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#ordered[middle]?.key ?? '') < key) low = middle + 1
      else high = middle
    }
    return low
  }
}
