import type { Clock } from '../apimachinery/clock.ts'
import type { Pod } from '../apimachinery/kinds.generated.ts'
import type { ClusterEvent, Plugin } from './framework.ts'

/** A pod that wants a node. */
export interface Entry {
  pod: Pod
  attempts: number
  readonly addedAt: number
  /** Plugins that rejected it in the last cycle; empty: an error, retried after the back-off. */
  rejectedBy: ReadonlySet<string>
  backoffUntil: number
}

type Place = 'active' | 'backoff' | 'unschedulable' | 'gated'

/**
 * Pods that wait for a node (kube-scheduler's three queues): the active, by priority and then time; those in back-off after a failure,
 * 1 s doubled up to 10 s; and the unschedulable, which come back when something happens that a plugin that rejected them waits for,
 * or after 5 minutes.
 */
export interface SchedulingQueue {
  /** Adds a pod, or takes note that it changed. */
  set(pod: Pod): void
  remove(uid: string): void
  /** The next pod; it is out of the queue until `reject`, `retry` or `set`. Undefined when none is ready. */
  pop(): Entry | undefined
  /** No node takes it, because of these plugins. */
  reject(entry: Entry, plugins: ReadonlySet<string>): void
  /** Something failed that has nothing to do with the pod. */
  retry(entry: Entry): void
  /** Brings back those that `event` may have made room for. */
  wake(event: ClusterEvent): void
  /** Brings back a pod whose room was just made. */
  activate(uid: string): void
  place(uid: string): Place | undefined
  counts(): Record<Place, number>
  /** Nothing comes back by itself any more: what waits keeps no process alive. */
  close(): void
}

export interface QueueOptions {
  readonly clock: Clock
  readonly plugins: readonly Plugin[]
  /** Called when a pod becomes ready to be popped. */
  readonly onReady: () => void
}

const firstBackoffMs = 1000
const longestBackoffMs = 10_000
const flushAfterMs = 300_000

const before = (a: Entry, b: Entry): boolean => {
  const [x, y] = [a.pod.spec?.priority ?? 0, b.pod.spec?.priority ?? 0]
  return x === y ? a.addedAt < b.addedAt : x > y
}

/** A binary heap of entries, first by priority, then by time. */
class Heap {
  readonly #items: Entry[] = []
  push(entry: Entry): void {
    const items = this.#items
    let at = items.push(entry) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!before(entry, items[parent] as Entry)) break
      items[at] = items[parent] as Entry
      at = parent
    }
    items[at] = entry
  }
  pop(): Entry | undefined {
    const items = this.#items
    const first = items[0]
    const last = items.pop()
    if (items.length === 0 || last === undefined) return first
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= items.length) break
      if (child + 1 < items.length && before(items[child + 1] as Entry, items[child] as Entry)) child++
      if (!before(items[child] as Entry, last)) break
      items[at] = items[child] as Entry
      at = child
    }
    items[at] = last
    return first
  }
}

/** Whether a pod changed in a way that may let it in. */
function isRelevant(now: Pod, then: Pod): boolean {
  const { spec, metadata } = now
  return JSON.stringify([spec, metadata.labels]) !== JSON.stringify([then.spec, then.metadata.labels])
}

export function createSchedulingQueue({ clock, plugins, onReady }: QueueOptions): SchedulingQueue {
  const known = new Map<string, { entry: Entry; place: Place; cancel?: () => void }>()
  const active = new Heap()
  const byName = new Map(plugins.map((p) => [p.name, p]))
  const uidOf = (pod: Pod) => pod.metadata.uid ?? ''
  let isClosed = false

  const move = (entry: Entry, place: Place, afterMs?: number, next?: () => void) => {
    const uid = uidOf(entry.pod)
    known.get(uid)?.cancel?.()
    const isTimed = afterMs !== undefined && next !== undefined && !isClosed
    known.set(uid, { entry, place, ...(isTimed ? { cancel: clock.after(afterMs, next) } : {}) })
    if (place !== 'active') return
    active.push(entry)
    onReady()
  }
  const toActiveOrGated = (entry: Entry) => {
    const gated = plugins.some((p) => p.preEnqueue?.(entry.pod) !== undefined)
    move(entry, gated ? 'gated' : 'active')
  }
  const toBackoffOrActive = (entry: Entry) => {
    const left = entry.backoffUntil - clock.now()
    if (left <= 0) toActiveOrGated(entry)
    else move(entry, 'backoff', left, () => toActiveOrGated(entry))
  }
  const failed = (entry: Entry, rejectedBy: ReadonlySet<string>) => {
    const wait = Math.min(longestBackoffMs, firstBackoffMs * 2 ** Math.min(entry.attempts - 1, 10))
    return { ...entry, rejectedBy, backoffUntil: clock.now() + wait }
  }

  return {
    set(pod) {
      const found = known.get(uidOf(pod))
      if (!found) return toActiveOrGated({ pod, attempts: 0, addedAt: clock.now(), rejectedBy: new Set(), backoffUntil: 0 })
      const then = found.entry.pod
      found.entry.pod = pod
      if (found.place === 'gated' || (found.place === 'unschedulable' && isRelevant(pod, then))) toBackoffOrActive(found.entry)
    },
    remove(uid) {
      known.get(uid)?.cancel?.()
      known.delete(uid)
    },
    pop() {
      for (let entry = active.pop(); entry; entry = active.pop()) {
        const found = known.get(uidOf(entry.pod))
        if (found?.entry !== entry || found.place !== 'active') continue
        known.delete(uidOf(entry.pod))
        entry.attempts++
        return entry
      }
      return undefined
    },
    reject(entry, rejectedBy) {
      const next = failed(entry, rejectedBy)
      move(next, 'unschedulable', flushAfterMs, () => toActiveOrGated(next))
    },
    retry: (entry) => toBackoffOrActive(failed(entry, new Set())),
    wake(event) {
      for (const { entry, place } of [...known.values()])
        if (place === 'unschedulable' && [...entry.rejectedBy].some((name) => byName.get(name)?.wakes?.(event, entry.pod)))
          toBackoffOrActive(entry)
    },
    activate(uid) {
      const found = known.get(uid)
      if (found && (found.place === 'unschedulable' || found.place === 'backoff')) toActiveOrGated(found.entry)
    },
    place: (uid) => known.get(uid)?.place,
    counts() {
      const counts = { active: 0, backoff: 0, unschedulable: 0, gated: 0 }
      for (const { place } of known.values()) counts[place]++
      return counts
    },
    close() {
      isClosed = true
      for (const { cancel } of known.values()) cancel?.()
    },
  }
}
