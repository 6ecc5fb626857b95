import type { KubeObject } from '../../apimachinery/object.ts'
import type { Revision, Store, StoreEvent, Versioned } from '../../store/store.ts'
import { BookmarkClock } from './bookmark-clock.ts'
import { CacheEvent } from './cache-event.ts'
import { differences, storedPages } from './reload.ts'
import { ResourceCache } from './resource-cache.ts'
import { RevisionWaits } from './revision-waits.ts'
import { Stored } from './stored.ts'

const root = '/registry/'

/** The caches of all stored resources, kept current by the store's commits. */
export class Caches {
  /** Of all watches. */
  readonly bookmarks = new BookmarkClock()
  readonly #store: Store
  readonly #byPrefix = new Map<string, ResourceCache>()
  /** Objects of bytes that this process is committing, so that they need not be parsed again. */
  readonly #written = new WeakMap<Uint8Array, KubeObject>()
  readonly #waits = new RevisionWaits()
  readonly #unsubscribe: () => void
  #revision: Revision

  /** Commits that came while everything stored is read; undefined when that is done. */
  #early: (readonly StoreEvent[])[] | undefined = []

  private constructor(store: Store, revision: Revision) {
    this.#store = store
    this.#revision = revision
    this.#unsubscribe = store.subscribe(
      (events) => (this.#early ? void this.#early.push(events) : this.#apply(events)),
      (newest) => this.#reload(newest),
    )
  }

  /** Reads all that is stored. */
  static async load(store: Store): Promise<Caches> {
    const caches = new Caches(store, store.revision)
    const revision = await store.current()
    caches.#revision = revision
    for await (const items of storedPages(store, root, revision)) {
      for (const item of items) {
        const cache = caches.of(prefixOfKey(item.key))
        if (item.unreadable === undefined) cache.load(new Stored(item.key, item.value, item.revision))
        else cache.lose(item.key, item.unreadable)
      }
    }
    const early = caches.#early ?? []
    caches.#early = undefined
    for (const events of early) if ((events[0]?.revision ?? 0) > revision) caches.#apply(events)
    return caches
  }

  /** The newest revision that every cache reflects. */
  get revision(): Revision {
    return this.#revision
  }

  /** Waits for `revision` to come, `ms` at most. Gives whether it has; a promise only while it has not. */
  reach(revision: Revision, ms: number): boolean | Promise<boolean> {
    if (revision <= this.#revision) return true
    return this.#waits.until(revision, ms).then(() => revision <= this.#revision)
  }

  /** The cache of a stored resource, by its prefix; made when there is none yet. */
  of(prefix: string): ResourceCache {
    let cache = this.#byPrefix.get(prefix)
    if (!cache) {
      cache = new ResourceCache(prefix, this.#revision)
      this.#byPrefix.set(prefix, cache)
    }
    return cache
  }

  /** Tells that `bytes`, about to be committed, are `object`. */
  expect(bytes: Uint8Array, object: KubeObject): void {
    this.#written.set(bytes, object)
  }

  /** The events under `prefix` between `since` and now, `limit` at most, from the store's log: what the window no longer has. Throws Compacted. */
  async history(prefix: string, since: Revision, limit?: number): Promise<CacheEvent[]> {
    const events = await this.#store.history(prefix, { since, ...(limit === undefined ? {} : { limit }) })
    return events.map((e) => this.#event(e))
  }

  /** The cache of each stored resource. */
  *all(): Generator<{ readonly group: string; readonly resource: string; readonly cache: ResourceCache }> {
    for (const cache of this.#byPrefix.values()) {
      const [group = '', resource = ''] = cache.prefix.slice(root.length).split('/')
      yield { group: group === 'core' ? '' : group, resource, cache }
    }
  }

  /** How many objects of a resource there are, and their bytes; undefined: none was ever stored here. */
  stats(group: string, resource: string): { objects: number; bytes: number } | undefined {
    const cache = this.#byPrefix.get(`${root}${group || 'core'}/${resource}/`)
    return cache && { objects: cache.size, bytes: cache.bytes }
  }

  close(): void {
    this.#unsubscribe()
  }

  /** Commits were missed: finds out what they changed, and tells of it as of changes. */
  async #reload(revision: Revision): Promise<void> {
    const found = new Map<string, Map<string, Versioned>>([...this.#byPrefix.keys()].map((prefix) => [prefix, new Map()]))
    for await (const items of storedPages(this.#store, root, revision)) {
      for (const item of items) {
        const prefix = prefixOfKey(item.key)
        if (item.unreadable !== undefined) {
          this.of(prefix).lose(item.key, item.unreadable)
          continue
        }
        const present = found.get(prefix) ?? new Map<string, Versioned>()
        found.set(prefix, present.set(item.key, item))
      }
    }
    this.#revision = revision
    for (const [prefix, present] of found) {
      const cache = this.of(prefix)
      // What happened in between is not known, but watches come to the same end by the differences.
      cache.apply(differences(cache, present, revision))
    }
    this.#waits.reached(revision)
  }

  #apply(events: readonly StoreEvent[]): void {
    const batches = new Map<string, CacheEvent[]>()
    for (const event of events) {
      if (!event.key.startsWith(root)) continue
      const prefix = prefixOfKey(event.key)
      const cache = this.of(prefix)
      if (event.unreadable !== undefined) {
        console.error(`${event.key} cannot be read: ${event.unreadable}`)
        cache.lose(event.key, event.unreadable)
        continue
      }
      // Nobody has seen what goes.
      if (!event.value && cache.unreadable.delete(event.key)) continue
      const batch = batches.get(prefix)
      const cached = this.#event(event, cache.get(event.key))
      if (batch) batch.push(cached)
      else batches.set(prefix, [cached])
    }
    this.#revision = events.at(-1)?.revision ?? this.#revision
    for (const [prefix, batch] of batches) this.of(prefix).apply(batch)
    this.#waits.reached(this.#revision)
  }

  #event(event: StoreEvent, known?: Stored): CacheEvent {
    const now = event.value && new Stored(event.key, event.value, event.revision, this.#written.get(event.value))
    // The cache keeps the bytes: with them the map would keep the object.
    if (event.value) this.#written.delete(event.value)
    const isKnown = known && (event.previousRevision === undefined || event.previousRevision === known.revision)
    const before = isKnown ? known : previousOf(event)
    return new CacheEvent(event.key, event.revision, now, before)
  }
}

function previousOf(event: StoreEvent): Stored | undefined {
  return event.previous && new Stored(event.key, event.previous, event.previousRevision ?? 0)
}

/** `/registry/apps/deployments/` of `/registry/apps/deployments/default/web`. */
function prefixOfKey(key: string): string {
  const group = key.indexOf('/', root.length)
  return key.slice(0, key.indexOf('/', group + 1) + 1)
}
