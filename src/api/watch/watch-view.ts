import { setImmediate } from 'node:timers/promises'
import type { Revision } from '../../store/store.ts'
import type { CacheEvent } from './cache-event.ts'
import type { Caches } from './caches.ts'
import type { ResourceCache } from './resource-cache.ts'
import type { Stored } from './stored.ts'

/** A watch that lags this many revisions behind is ended: the client starts again. */
const maxLag = 50_000
/** So many events of the log are taken at a time. */
const batchSize = 500
/** So many present objects: as Tables each takes its time. */
const presentBatch = 100
/** When more events wait, only the first so many are taken: others want a turn. */
const mostEvents = 1000

export interface WatchViewOptions {
  /** The resource's prefix, or that of one namespace in it. */
  readonly prefix: string
  readonly cachePrefix: string
  /** Events after this revision; undefined: the present objects first, as ADDED. */
  readonly since: Revision | undefined
  readonly matches: ((stored: Stored) => boolean) | undefined
  readonly bookmarks: boolean
  /** A bookmark marks the end of the present objects. */
  readonly announcesEnd: boolean
}

export type WatchItem =
  | { readonly kind: 'present'; readonly stored: Stored }
  | { readonly kind: 'event'; readonly event: CacheEvent }
  | { readonly kind: 'bookmark'; readonly revision: Revision; readonly endsInitial: boolean }

/**
 * What one watch sees, from a revision on, without gap or duplicate, until it is closed. It holds no events, only how far it has come:
 * who reads slowly, or not at all, costs nothing more, and goes on from the cache's window or the store's log.
 */
export class WatchView {
  readonly options: WatchViewOptions
  readonly #caches: Caches
  readonly #cache: ResourceCache
  #unsubscribe: () => void = () => {}
  readonly #endBookmarks: () => void
  /** Everything until this revision was taken, or was not for this watch. */
  #cursor: Revision
  #isOpen = true
  #present: readonly Stored[]
  #presentAt = 0
  #bookmark: 'none' | 'due' | 'end' = 'none'
  #onNews: (() => void) | undefined

  private constructor(caches: Caches, options: WatchViewOptions) {
    const cache = caches.of(options.cachePrefix)
    const { since, matches } = options
    this.options = options
    this.#caches = caches
    this.#cache = cache
    this.#cursor = since ?? caches.revision
    const present = since === undefined ? cache.list(options.prefix) : []
    this.#present = matches ? present.filter(matches) : present
    if (since === undefined && options.announcesEnd) this.#bookmark = 'end'
    this.#endBookmarks = options.bookmarks ? caches.bookmarks.add(() => this.remind()) : () => {}
  }

  /** Throws Compacted when `since` is older than what is kept. */
  static async open(caches: Caches, options: WatchViewOptions): Promise<WatchView> {
    const { since, cachePrefix } = options
    // Refuses at once what can't be read later.
    if (since !== undefined && !caches.of(cachePrefix).eventsAfter(since)) await caches.history(cachePrefix, since, 1)
    return new WatchView(caches, options)
  }

  /** Calls `listener` in the cache's turns when there may be something to take, and when the watch has ended. */
  follow(listener: () => void): void {
    this.#onNews = listener
    this.#unsubscribe = this.#cache.fanOut.add(listener)
  }

  /** A bookmark is due. */
  remind(): void {
    if (this.#bookmark === 'none') this.#bookmark = 'due'
    this.#onNews?.()
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  close(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#unsubscribe()
    this.#endBookmarks()
    this.#present = []
    this.#onNews?.()
  }

  /** What is there now, waiting for the first when there is nothing; undefined when the watch has ended. Wakes inside the commit. */
  async next(): Promise<readonly WatchItem[] | undefined> {
    for (;;) {
      const ready = await this.take()
      if (ready.length > 0) return ready
      if (!this.#isOpen) return undefined
      if (this.#hasNews()) continue
      await new Promise<void>((resolve) => {
        this.#onNews = resolve
        this.#unsubscribe = this.#cache.subscribe(() => resolve())
      })
      this.#unsubscribe()
    }
  }

  #hasNews(): boolean {
    return this.#bookmark !== 'none' || this.#cache.eventsAfter(this.#cursor)?.length !== 0
  }

  /** What comes next, without waiting; nothing when there is nothing. A promise when it must be read from the log: throws Compacted. */
  take(): readonly WatchItem[] | Promise<readonly WatchItem[]> {
    if (!this.#isOpen) return []
    if (this.#presentAt < this.#present.length) return this.#takePresent()
    if (this.#bookmark === 'end') return this.#takeBookmark(true)
    const events = this.#nextEvents()
    if (!events) return this.#takeOld()
    this.#pass(events)
    if (events.length === 0) return this.#bookmark === 'due' ? this.#takeBookmark(false) : []
    const items = this.itemsOf(events)
    return items.length > 0 ? items : this.take()
  }

  /** `events` are taken; when there are none, nothing of this watch has happened until now. */
  #pass(events: readonly CacheEvent[]): void {
    this.#cursor = Math.max(this.#cursor, events.at(-1)?.revision ?? this.#caches.revision)
  }

  /** The next events, the same array for all that are at the same place; undefined when something else comes first (`take` it). */
  takeEvents(): readonly CacheEvent[] | undefined {
    if (!this.#isOpen || this.#presentAt < this.#present.length || this.#bookmark !== 'none') return undefined
    const events = this.#nextEvents()
    if (events) this.#pass(events)
    return events
  }

  #nextEvents(): readonly CacheEvent[] | undefined {
    const events = this.#cache.eventsAfter(this.#cursor)
    if (!events || events.length <= mostEvents) return events
    let count = mostEvents
    // What a commit did is never told in two parts.
    while (events[count]?.revision === events[count - 1]?.revision) count++
    return events.slice(0, count)
  }

  /** Those of `events` that are under the watch's prefix. */
  itemsOf(events: readonly CacheEvent[]): WatchItem[] {
    const { prefix, cachePrefix } = this.options
    const own = prefix === cachePrefix ? events : events.filter((e) => e.key.startsWith(prefix))
    return own.map((e) => e.item)
  }

  #takePresent(): readonly WatchItem[] {
    const start = this.#presentAt
    this.#presentAt += presentBatch
    const items = this.#present.slice(start, this.#presentAt).map((stored): WatchItem => ({ kind: 'present', stored }))
    if (this.#presentAt >= this.#present.length) this.#present = []
    if (this.#present.length === 0) this.#presentAt = 0
    return items
  }

  #takeBookmark(endsInitial: boolean): readonly WatchItem[] {
    this.#bookmark = 'none'
    return [{ kind: 'bookmark', revision: this.#cursor, endsInitial }]
  }

  /** The cache's window does not reach back to the cursor. */
  async #takeOld(): Promise<readonly WatchItem[]> {
    if (this.#caches.revision - this.#cursor > maxLag) {
      this.close()
      return []
    }
    const until = this.#caches.revision
    const events = await this.#oldEvents()
    const items = this.itemsOf(events)
    this.#cursor = Math.max(this.#cursor, events.at(-1)?.revision ?? until)
    if (items.length > 0 || !this.#isOpen) return items
    // Thousands of batches may be of other namespaces.
    await setImmediate()
    return this.take()
  }

  async #oldEvents(): Promise<readonly CacheEvent[]> {
    const { cachePrefix } = this.options
    const events = await this.#caches.history(cachePrefix, this.#cursor, batchSize)
    if (events.length < batchSize) return events
    // What a commit did is never told in two parts.
    const whole = events.filter((e) => e.revision !== events.at(-1)?.revision)
    return whole.length > 0 ? whole : this.#caches.history(cachePrefix, this.#cursor)
  }
}
