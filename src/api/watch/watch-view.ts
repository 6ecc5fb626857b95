import type { Revision } from '../../store/store.ts'
import { Compacted } from '../../store/store.ts'
import type { CacheEvent } from './cache-event.ts'
import type { Caches } from './caches.ts'
import type { Stored } from './stored.ts'

/** A watch that lags this many events behind is ended: the client starts again. It never makes memory grow. */
const maxLag = 50_000
const bookmarkEveryMs = 60_000

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

/** What one watch sees, in batches: from a revision on, without gap or duplicate, until it is closed. */
export class WatchView {
  readonly #caches: Caches
  readonly options: WatchViewOptions
  #queue: CacheEvent[] = []
  #wake: (() => void) | undefined
  #isOpen = true
  #overrun = false
  #unsubscribe: () => void = () => {}
  /** The newest revision that this watch has told of, or that had nothing for it. */
  #seen: Revision
  #initial: WatchItem[] = []
  #bookmarkDue = false
  #timer: NodeJS.Timeout | undefined

  private constructor(caches: Caches, options: WatchViewOptions) {
    this.#caches = caches
    this.options = options
    this.#seen = options.since ?? caches.revision
  }

  /** Throws Compacted when `since` is older than what is kept. */
  static async open(caches: Caches, options: WatchViewOptions): Promise<WatchView> {
    const view = new WatchView(caches, options)
    const cache = caches.of(options.cachePrefix)
    const { since, prefix, matches } = options
    if (since === undefined) {
      for (const stored of cache.list(prefix)) {
        if (!matches || matches(stored)) view.#initial.push({ kind: 'present', stored })
      }
      if (options.announcesEnd) view.#initial.push({ kind: 'bookmark', revision: caches.revision, endsInitial: true })
      view.#follow(cache)
    } else {
      const missed = cache.eventsAfter(since)
      view.#follow(cache)
      if (missed) view.#push(missed)
      else await view.#catchUp(since)
    }
    return view
  }

  #follow(cache: { subscribe(listener: (events: readonly CacheEvent[]) => void): () => void }): void {
    this.#unsubscribe = cache.subscribe((events) => this.#push(events))
    if (this.options.bookmarks) {
      this.#timer = setInterval(() => {
        this.#bookmarkDue = true
        this.#wake?.()
      }, bookmarkEveryMs)
      this.#timer.unref()
    }
  }

  async #catchUp(since: Revision): Promise<void> {
    try {
      const missed = await this.#caches.history(this.options.cachePrefix, since)
      const live = this.#queue
      const last = missed.at(-1)?.revision ?? since
      this.#queue = []
      this.#push(missed)
      this.#push(live.filter((e) => e.revision > last))
    } catch (e) {
      this.close()
      throw e instanceof Compacted ? e : e
    }
  }

  #push(events: readonly CacheEvent[]): void {
    const { prefix, cachePrefix, since = 0 } = this.options
    const all = prefix === cachePrefix
    for (const event of events) if (event.revision > since && (all || event.key.startsWith(prefix))) this.#queue.push(event)
    if (this.#queue.length > maxLag) {
      this.#overrun = true
      this.close()
    }
    if (this.#queue.length > 0) this.#wake?.()
  }

  /** Whether the watch was ended because its reader is too slow. */
  get isOverrun(): boolean {
    return this.#overrun
  }

  close(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#unsubscribe()
    clearInterval(this.#timer)
    this.#wake?.()
  }

  /** What is there now, waiting for the first when there is nothing; undefined when the watch has ended. */
  async next(): Promise<readonly WatchItem[] | undefined> {
    for (;;) {
      const ready = this.take()
      if (ready.length > 0) return ready
      if (!this.#isOpen) return undefined
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      this.#wake = undefined
    }
  }

  /** What is there now, without waiting. */
  take(): readonly WatchItem[] {
    if (this.#overrun) return []
    const items: WatchItem[] = this.#initial
    this.#initial = []
    const events = this.#queue
    this.#queue = []
    for (const event of events) items.push({ kind: 'event', event })
    if (events.length > 0) this.#seen = events.at(-1)?.revision ?? this.#seen
    if (this.#bookmarkDue && events.length === 0) {
      this.#bookmarkDue = false
      this.#seen = Math.max(this.#seen, this.#caches.revision)
      items.push({ kind: 'bookmark', revision: this.#seen, endsInitial: false })
    }
    return items
  }
}
