import { type Clock, untilBeat } from '../../apimachinery/clock.ts'

const bookmarkEveryMs = 60_000
/** Watches that began within so long of each other are told at once. */
const beatMs = 10_000
/** So long others wait at most while watches are told. */
const turnMs = 4

/** The system's clock, whose timers keep no process alive. */
const background: Clock = {
  now: Date.now,
  after(ms, run) {
    const timer = setTimeout(run, ms).unref()
    return () => clearTimeout(timer)
  },
}

/** Tells watches each minute that a bookmark is due: all by one timer, since a cluster at rest has a hundred watches. */
export class BookmarkClock {
  readonly #clock: Clock
  /** When each is due, the next first. */
  readonly #dueAt = new Map<() => void, number>()
  #cancel: (() => void) | undefined

  constructor(clock: Clock = background) {
    this.#clock = clock
  }

  /** Calls `listener` about once a minute, until the function that is returned is called. */
  add(listener: () => void): () => void {
    this.#plan(listener)
    if (!this.#cancel) this.#arm()
    return () => {
      this.#dueAt.delete(listener)
      if (this.#dueAt.size === 0) this.#arm()
    }
  }

  #plan(listener: () => void): void {
    const about = this.#clock.now() + bookmarkEveryMs
    this.#dueAt.delete(listener)
    this.#dueAt.set(listener, about + untilBeat({ now: () => about }, beatMs))
  }

  #arm(): void {
    this.#cancel?.()
    const [first] = this.#dueAt.values()
    this.#cancel = first === undefined ? undefined : this.#clock.after(Math.max(0, first - this.#clock.now()), () => this.#tell())
  }

  /** Those who are due, in turns: there may be thousands. */
  #tell(): void {
    const began = performance.now()
    const now = this.#clock.now()
    for (const [listener, at] of this.#dueAt) {
      if (at > now || performance.now() - began > turnMs) break
      this.#plan(listener)
      listener()
    }
    this.#arm()
  }
}
