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
  place(uid: string): Place | undefined
  counts(): Record<Place, number>
  /** Nothing comes back by itself any more: what waits keeps no process alive. */
  close(): void
}

interface QueueOptions {
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

const uidOf = (pod: Pod): string => pod.metadata.uid ?? ''

export const createSchedulingQueue = (options: QueueOptions): SchedulingQueue => new PodQueue(options)

class PodQueue implements SchedulingQueue {
  readonly #clock: Clock
  readonly #plugins: readonly Plugin[]
  readonly #onReady: () => void
  readonly #byName: ReadonlyMap<string, Plugin>
  readonly #known = new Map<string, { entry: Entry; place: Place; cancel?: () => void }>()
  readonly #active = new Heap()
  #isClosed = false

  constructor({ clock, plugins, onReady }: QueueOptions) {
    this.#clock = clock
    this.#plugins = plugins
    this.#onReady = onReady
    this.#byName = new Map(plugins.map((p) => [p.name, p]))
  }

  set(pod: Pod): void {
    const found = this.#known.get(uidOf(pod))
    if (!found) {
      this.#toActiveOrGated({ pod, attempts: 0, addedAt: this.#clock.now(), rejectedBy: new Set(), backoffUntil: 0 })
      return
    }
    const { entry, place } = found
    const then = entry.pod
    entry.pod = pod
    if (place === 'gated' || (place === 'unschedulable' && isRelevant(pod, then))) this.#toBackoffOrActive(entry)
  }

  remove(uid: string): void {
    this.#known.get(uid)?.cancel?.()
    this.#known.delete(uid)
  }

  pop(): Entry | undefined {
    for (let entry = this.#active.pop(); entry; entry = this.#active.pop()) {
      const found = this.#known.get(uidOf(entry.pod))
      if (found?.entry !== entry || found.place !== 'active') continue
      this.#known.delete(uidOf(entry.pod))
      entry.attempts++
      return entry
    }
    return undefined
  }

  reject(entry: Entry, plugins: ReadonlySet<string>): void {
    const next = this.#failed(entry, plugins)
    this.#move(next, 'unschedulable', { afterMs: flushAfterMs, run: () => this.#toActiveOrGated(next) })
  }

  retry(entry: Entry): void {
    this.#toBackoffOrActive(this.#failed(entry, new Set()))
  }

  wake(event: ClusterEvent): void {
    for (const { entry, place } of [...this.#known.values()])
      if (place === 'unschedulable' && [...entry.rejectedBy].some((name) => this.#byName.get(name)?.wakes?.(event, entry.pod)))
        this.#toBackoffOrActive(entry)
  }

  place(uid: string): Place | undefined {
    return this.#known.get(uid)?.place
  }

  counts(): Record<Place, number> {
    const counts = { active: 0, backoff: 0, unschedulable: 0, gated: 0 }
    for (const { place } of this.#known.values()) counts[place]++
    return counts
  }

  close(): void {
    this.#isClosed = true
    for (const { cancel } of this.#known.values()) cancel?.()
  }

  /** `next`: how it comes back by itself. */
  #move(entry: Entry, place: Place, next?: { readonly afterMs: number; readonly run: () => void }): void {
    const uid = uidOf(entry.pod)
    this.#known.get(uid)?.cancel?.()
    const timed = next && !this.#isClosed ? { cancel: this.#clock.after(next.afterMs, next.run) } : {}
    this.#known.set(uid, { entry, place, ...timed })
    if (place !== 'active') return
    this.#active.push(entry)
    this.#onReady()
  }

  #toActiveOrGated(entry: Entry): void {
    const gated = this.#plugins.some((p) => p.preEnqueue?.(entry.pod) !== undefined)
    this.#move(entry, gated ? 'gated' : 'active')
  }

  #toBackoffOrActive(entry: Entry): void {
    const left = entry.backoffUntil - this.#clock.now()
    if (left <= 0) this.#toActiveOrGated(entry)
    else this.#move(entry, 'backoff', { afterMs: left, run: () => this.#toActiveOrGated(entry) })
  }

  #failed(entry: Entry, rejectedBy: ReadonlySet<string>): Entry {
    const wait = Math.min(longestBackoffMs, firstBackoffMs * 2 ** Math.min(entry.attempts - 1, 10))
    return { ...entry, rejectedBy, backoffUntil: this.#clock.now() + wait }
  }
}
