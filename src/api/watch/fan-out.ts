import { FanOutPace } from './fan-out-pace.ts'

/** So long others wait at most while watches are told. */
const turnMs = 4

/**
 * So many watches are told without a rest: it would save little, and while the watches of one kind rest those of another go on. Operators
 * take it for granted that a namespace is known before what was made in it afterwards (kueue forgets a job for ever that comes first).
 */
const few = 32

/** Tells watches that there is something new: after the commit, not in it; many of them in turns. */
export class FanOut {
  readonly #listeners = new Set<() => void>()
  readonly #pace = new FanOutPace()
  /** Events that came since watches were last told. */
  #news = 0
  #isTelling = false
  #resting: NodeJS.Timeout | undefined

  add(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** There are so many new events. */
  tell(events: number): void {
    if (this.#listeners.size === 0) return
    this.#news += events
    if (!this.#isTelling) this.#tellInTime()
  }

  #tellInTime(): void {
    if (this.#listeners.size <= few) {
      this.#isTelling = true
      clearTimeout(this.#resting)
      // Before whoever waits for the commit goes on: as with kube-apiserver, the news is out before the answer.
      queueMicrotask(() => this.#start())
      return
    }
    const wait = this.#pace.wait(performance.now(), this.#news)
    if (wait >= 1) {
      this.#resting ??= setTimeout(() => this.#start(), wait)
      return
    }
    this.#isTelling = true
    clearTimeout(this.#resting)
    setImmediate(() => this.#start())
  }

  #start(): void {
    this.#resting = undefined
    this.#isTelling = true
    this.#news = 0
    this.#turn(this.#listeners.values(), performance.now())
  }

  #turn(listeners: IterableIterator<() => void>, started: number): void {
    const until = performance.now() + turnMs
    for (let next = listeners.next(); !next.done; next = listeners.next()) {
      next.value()
      if (performance.now() < until) continue
      setImmediate(() => this.#turn(listeners, started))
      return
    }
    // After what was written in this turn has been given to the sockets.
    setImmediate(() => this.#end(started))
  }

  #end(started: number): void {
    this.#pace.told(started, performance.now())
    this.#isTelling = false
    if (this.#news > 0) this.#tellInTime()
  }
}
