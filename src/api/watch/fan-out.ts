/** So long others wait at most while watches are told. */
const turnMs = 4
/** Telling takes this part of the time at most: when it takes long, the next time comes later, and tells of more at once. */
const restFactor = 2
const mostRestMs = 50

/**
 * Tells many watches that there is something new: after the commit, not in it, and in turns. Under load each watch then gets several events
 * in one write, which costs the server and the client a fraction of one write each.
 */
export class FanOut {
  readonly #listeners = new Set<() => void>()
  #isDue = false
  #isRunning = false
  #notBefore = 0

  add(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** There is something new. */
  tell(): void {
    this.#isDue = true
    if (this.#isRunning || this.#listeners.size === 0) return
    this.#isRunning = true
    const rest = this.#notBefore - performance.now()
    if (rest < 1) setImmediate(() => this.#run())
    else setTimeout(() => this.#run(), rest)
  }

  #run(): void {
    this.#isDue = false
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
    setImmediate(() => this.#rest(performance.now(), started))
  }

  #rest(now: number, started: number): void {
    this.#notBefore = now + Math.min(mostRestMs, (now - started) * restFactor)
    this.#isRunning = false
    if (this.#isDue) this.tell()
  }
}
