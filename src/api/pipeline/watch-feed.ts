import { setImmediate } from 'node:timers/promises'
import { type Clock, sleep } from '../../apimachinery/clock.ts'
import { StatusError } from '../../apimachinery/status.ts'
import { turnMs } from '../../apimachinery/steps.ts'
import { Compacted } from '../../store/store.ts'
import type { Sink } from '../request.ts'
import type { CacheEvent } from '../watch/cache-event.ts'
import type { WatchItem, WatchView } from '../watch/watch-view.ts'
import type { FrameEncoder } from './frames.ts'

/** So many events at once are not news: the watch catches up, and there may be more of them. */
const manyEvents = 500

/** An event that cannot be shown is tried again so often, and for so long, before the watch ends (kube-apiserver's reflector). */
const againMs = 1000
const longestStallMs = 30_000

/** Writes what `view` sees into `sink` until it ends; then calls `release`. */
export function feedWatch(view: WatchView, frames: FrameEncoder, sink: Sink, release: () => void, clock: Clock): void {
  new WatchFeed(view, frames, sink, release, clock).start()
}

/**
 * Writes what a watch sees into a sink, at once when it happens, and only while the peer takes it. Nothing is queued here: when the peer
 * is slow the view remembers where it was.
 */
class WatchFeed {
  readonly #view: WatchView
  readonly #frames: FrameEncoder
  readonly #sink: Sink
  readonly #release: () => void
  readonly #clock: Clock
  /** A frame or old events are being made. */
  #isBusy = false
  #isFull = false
  #isEnded = false
  /** What was taken from the view and not sent: part of one batch at most. */
  #left: readonly WatchItem[] = []
  /** Since when (ms) the first of `#left` cannot be shown. */
  #stalledSince: number | undefined

  constructor(view: WatchView, frames: FrameEncoder, sink: Sink, release: () => void, clock: Clock) {
    this.#view = view
    this.#frames = frames
    this.#sink = sink
    this.#release = release
    this.#clock = clock
  }

  start(): void {
    this.#view.follow(() => this.#go())
    this.#sink.onDrain = () => {
      if (!this.#isFull) return
      this.#isFull = false
      this.#go()
    }
    this.#go()
  }

  #go(): void {
    if (this.#isBusy || this.#isEnded) return
    if (!this.#view.isOpen) {
      this.#end()
      return
    }
    if (this.#isFull) return
    const slow = this.#sendAll()
    if (slow) this.#await(slow)
    else if (!this.#view.isOpen) this.#end()
  }

  #sendAll(): Promise<void> | undefined {
    let started: number | undefined
    while (!this.#isFull) {
      if (this.#left.length > 0) {
        const left = this.#left
        this.#left = []
        const slow = this.#send(left, 0)
        if (slow) return slow
        continue
      }
      const events = this.#view.takeEvents()
      if (events?.length === 0) return undefined
      const joined = events && this.#joined(events)
      if (joined) {
        if (joined.length > 0) this.#write(joined)
        if (events.length < manyEvents) continue
        return setImmediate()
      }
      const items = events ? this.#view.itemsOf(events) : this.#view.take()
      if (items instanceof Promise) return items.then((old) => this.#sendOld(old))
      if (items.length === 0 && !events) return undefined
      const slow = this.#send(items, 0)
      if (slow) return slow
      // Others have a turn between batches of what there was before the watch began.
      if (events && events.length < manyEvents) continue
      started ??= performance.now()
      if (performance.now() - started >= turnMs) return setImmediate()
    }
    return undefined
  }

  /** A batch of the log, and a turn for others: the store may have it there at once, and so the next. */
  async #sendOld(items: readonly WatchItem[]): Promise<void> {
    await this.#send(items, 0)
    await setImmediate()
  }

  #joined(events: readonly CacheEvent[]): Uint8Array | undefined {
    const { matches, prefix } = this.#view.options
    return matches ? undefined : this.#frames.join(events, prefix)
  }

  /** Sends `items` from one on; a promise when one of their frames is not made at once. */
  #send(items: readonly WatchItem[], from: number): Promise<void> | undefined {
    const { matches } = this.#view.options
    for (let i = from; i < items.length; i++) {
      if (this.#isFull) {
        this.#left = items.slice(i)
        return undefined
      }
      const frame = this.#frames.encode(items[i] as WatchItem, matches)
      if (frame instanceof Promise) {
        return frame.then(
          (bytes) => {
            this.#stalledSince = undefined
            this.#write(bytes)
            return this.#send(items, i + 1)
          },
          (error) => this.#stall(error, items.slice(i)),
        )
      }
      this.#write(frame)
    }
    return undefined
  }

  /** A webhook cannot convert what comes next: nothing is told until it can. */
  async #stall(error: unknown, left: readonly WatchItem[]): Promise<void> {
    const now = this.#clock.now()
    this.#stalledSince ??= now
    if (!(error instanceof StatusError) || now - this.#stalledSince > longestStallMs) throw error
    this.#left = left
    await sleep(this.#clock, againMs)
  }

  #write(bytes: Uint8Array | undefined): void {
    if (bytes && !this.#sink.write(bytes)) this.#isFull = true
  }

  #await(slow: Promise<void>): void {
    this.#isBusy = true
    slow.then(
      () => {
        this.#isBusy = false
        this.#go()
      },
      (error) => {
        if (!(error instanceof Compacted)) console.error('while sending a watch:', error)
        this.#view.close()
        this.#end()
      },
    )
  }

  #end(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#release()
    this.#sink.end()
  }
}
