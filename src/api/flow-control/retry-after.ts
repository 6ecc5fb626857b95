const longest = 32

interface Dropped {
  readonly second: number
  readonly requests: number
}

/**
 * After how many seconds a client that was refused should ask again: it doubles while many are refused and falls by one a second when
 * few are (droppedRequestsTracker of k8s.io/apiserver/pkg/util/flowcontrol).
 */
export class RetryAfter {
  seconds = 1
  #changed = 0
  #history: Dropped[] = []
  #second = 0
  #requests = 0

  /** A request was refused in this second since 1970. */
  refused(second: number): void {
    if (second === this.#second) {
      this.#requests++
      return
    }
    const most = Math.min(2 * this.seconds, longest)
    this.#history.push({ second: this.#second, requests: this.#requests })
    this.#history = this.#history.filter((h) => this.#second - h.second <= most)
    this.#second = second
    this.#requests = 1
    this.#update(second)
  }

  #update(now: number): void {
    const dropped = this.#history
      .filter(({ second }) => now - second <= this.seconds && second < now)
      .reduce((n, { requests }) => n + requests, 0)
    if (now - this.#changed >= this.seconds && dropped >= 3 * this.seconds) {
      this.seconds = Math.min(this.seconds * 2, longest)
      this.#changed = now
    } else if (dropped < this.seconds && this.seconds > 1) this.seconds--
  }
}
