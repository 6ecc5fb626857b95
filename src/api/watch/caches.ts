import type { KubeObject } from '../../apimachinery/object.ts'
import type { Revision, Store, StoreEvent } from '../../store/store.ts'
import { CacheEvent } from './cache-event.ts'
import { ResourceCache } from './resource-cache.ts'
import { Stored } from './stored.ts'

const pageSize = 2000
const root = '/registry/'

/** The caches of all stored resources, kept current by the store's commits. */
export class Caches {
  readonly #store: Store
  readonly #byPrefix = new Map<string, ResourceCache>()
  /** Objects of bytes that this process is committing, so that they need not be parsed again. */
  readonly #written = new WeakMap<Uint8Array, KubeObject>()
  readonly #unsubscribe: () => void
  #revision: Revision

  private constructor(store: Store, revision: Revision) {
    this.#store = store
    this.#revision = revision
    this.#unsubscribe = store.subscribe((events) => this.#apply(events))
  }

  /** Reads all that is stored. Commits must not happen until it is done. */
  static async load(store: Store): Promise<Caches> {
    const revision = store.revision
    const caches = new Caches(store, revision)
    let after: string | undefined
    for (;;) {
      const page = await store.range(root, { limit: pageSize, revision, ...(after === undefined ? {} : { after }) })
      for (const item of page.items) caches.of(prefixOfKey(item.key)).load(new Stored(item.key, item.value, item.revision))
      if (page.remaining === 0) return caches
      after = page.items.at(-1)?.key
      await new Promise(setImmediate)
    }
  }

  /** The newest revision that every cache reflects. */
  get revision(): Revision {
    return this.#revision
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

  /** The events under `prefix` between `since` and now that the window no longer has, from the store's log. Throws Compacted. */
  async history(prefix: string, since: Revision): Promise<CacheEvent[]> {
    const events = await this.#store.history(prefix, { since })
    return events.map((e) => this.#event(e))
  }

  /** How many objects each stored resource has, by `resource.group`. */
  *sizes(): Generator<[resource: string, size: number]> {
    for (const cache of this.#byPrefix.values()) {
      const [group = '', resource = ''] = cache.prefix.slice(root.length).split('/')
      yield [group === 'core' ? resource : `${resource}.${group}`, cache.size]
    }
  }

  close(): void {
    this.#unsubscribe()
  }

  #apply(events: readonly StoreEvent[]): void {
    const batches = new Map<string, CacheEvent[]>()
    for (const event of events) {
      if (!event.key.startsWith(root)) continue
      const prefix = prefixOfKey(event.key)
      const batch = batches.get(prefix)
      const cached = this.#event(event, this.of(prefix).get(event.key))
      if (batch) batch.push(cached)
      else batches.set(prefix, [cached])
    }
    this.#revision = events.at(-1)?.revision ?? this.#revision
    for (const [prefix, batch] of batches) this.of(prefix).apply(batch)
  }

  #event(event: StoreEvent, known?: Stored): CacheEvent {
    const now = event.value && new Stored(event.key, event.value, event.revision, this.#written.get(event.value))
    const before = known && known.revision === event.previousRevision ? known : previousOf(event)
    return new CacheEvent(event.key, event.revision, now, before)
  }
}

function previousOf(event: StoreEvent): Stored | undefined {
  return event.previous && new Stored(event.key, event.previous, event.previousRevision)
}

/** `/registry/apps/deployments/` of `/registry/apps/deployments/default/web`. */
function prefixOfKey(key: string): string {
  const group = key.indexOf('/', root.length)
  return key.slice(0, key.indexOf('/', group + 1) + 1)
}
