import type { Revision, Store, Versioned } from '../../store/store.ts'
import { CacheEvent } from './cache-event.ts'
import type { ResourceCache } from './resource-cache.ts'
import { Stored } from './stored.ts'

const pageSize = 2000

/** Everything under `prefix` as of `revision`, what cannot be read too, a page at a time, letting others run in between. */
export async function* storedPages(store: Store, prefix: string, revision: Revision): AsyncGenerator<readonly Versioned[]> {
  let after: string | undefined
  for (;;) {
    const page = await store.range(prefix, {
      limit: pageSize,
      counts: false,
      revision,
      unreadable: 'told',
      ...(after === undefined ? {} : { after }),
    })
    yield page.items
    if (page.remaining === 0) return
    after = page.items.at(-1)?.key
    await new Promise(setImmediate)
  }
}

/** What happened to a cache's objects between what it knows and `found`, as events in the order of their revisions. Pure. */
export function differences(
  cache: Pick<ResourceCache, 'get' | 'list'>,
  found: ReadonlyMap<string, Versioned>,
  revision: Revision,
): CacheEvent[] {
  const events: CacheEvent[] = []
  for (const item of found.values()) {
    const known = cache.get(item.key)
    if (known?.revision === item.revision) continue
    events.push(new CacheEvent(item.key, item.revision, new Stored(item.key, item.value, item.revision), known))
  }
  for (const known of cache.list()) {
    if (!found.has(known.key)) events.push(new CacheEvent(known.key, revision, undefined, known))
  }
  return events.sort((a, b) => a.revision - b.revision)
}
