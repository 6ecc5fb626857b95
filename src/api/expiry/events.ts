import type { Clock } from '../../apimachinery/clock.ts'
import type { Event } from '../../apimachinery/kinds.generated.ts'
import { Conflict, type Revision, type Store } from '../../store/store.ts'
import { noteOfServer } from '../history/note.ts'
import { prefixOf } from '../registry/conversion.ts'
import type { Caches } from '../watch/caches.ts'

interface EventExpiryOptions {
  readonly store: Store
  readonly caches: Caches
  readonly clock: Clock
  /** How long after it was last written an Event is kept. */
  readonly ttlMs: number
}

interface Due {
  readonly atMs: number
  readonly key: string
  readonly revision: Revision
}

/** At most so many are deleted at once. */
const batch = 100
const retryMs = 10_000

/**
 * Deletes Events that nobody has written for `ttlMs`, as etcd's leases do for kube-apiserver. All live equally long, so that those that were
 * written first are due first. Returns the end.
 */
export function expireEvents({ store, caches, clock, ttlMs }: EventExpiryOptions): () => void {
  const cache = caches.of(prefixOf('', 'events'))
  /** In the order in which they are due; those before `head` are done with. */
  const queue: Due[] = cache
    .list()
    .map((stored) => ({ atMs: writtenMs(stored.object as Event) + ttlMs, key: stored.key, revision: stored.revision }))
    .sort((a, b) => a.atMs - b.atMs)
  let head = 0
  let cancel = () => {}
  let isOpen = true
  let isWaiting = false

  const wait = (atLeastMs = 0): void => {
    const due = queue[head]
    if (isWaiting || !isOpen || !due) return
    isWaiting = true
    cancel = clock.after(Math.max(due.atMs - clock.now(), atLeastMs), () => void expire())
  }
  const expire = async (): Promise<void> => {
    const due: Due[] = []
    for (let d = queue[head]; d && d.atMs <= clock.now() && due.length < batch; d = queue[++head]) {
      // Written again since: it is in the queue once more, further on.
      if (cache.get(d.key)?.revision === d.revision) due.push(d)
    }
    queue.splice(0, head)
    const note = noteOfServer('expire', clock.now())
    const failed = await removeAll(store, due, note)
    queue.unshift(...failed)
    head = 0
    isWaiting = false
    wait(failed.length > 0 ? retryMs : 0)
  }
  const stop = cache.subscribe((events) => {
    for (const { now, key, revision } of events) if (now) queue.push({ atMs: clock.now() + ttlMs, key, revision })
    wait()
  })
  wait()
  return () => {
    isOpen = false
    cancel()
    stop()
  }
}

/** Those that could not be deleted; what somebody else wrote or deleted meanwhile is none of them. */
async function removeAll(store: Store, due: readonly Due[], note: string): Promise<Due[]> {
  const results = await Promise.all(
    due.map(async (d) => {
      try {
        await store.commit([{ key: d.key, value: undefined, expected: d.revision }], note)
        return []
      } catch (error) {
        return error instanceof Conflict ? [] : [d]
      }
    }),
  )
  return results.flat()
}

/** When it was written last, as far as it says. */
function writtenMs({ metadata, lastTimestamp, eventTime, series }: Event): number {
  const times = [metadata.creationTimestamp, lastTimestamp, eventTime, series?.lastObservedTime]
  return Math.max(0, ...times.map((t) => (t ? Date.parse(t) : 0)).filter((t) => !Number.isNaN(t)))
}
