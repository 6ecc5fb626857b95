import { limits } from './limits.ts'

/** How many requests a client may still take back ("rapid reset", CVE-2023-44487): a bucket that fills slowly. */
export class ResetBudget {
  #left: number = limits.resets.burst
  #at = performance.now()

  /** false: too many. */
  spend(): boolean {
    const now = performance.now()
    this.#left = Math.min(limits.resets.burst, this.#left + ((now - this.#at) / 1000) * limits.resets.perSecond)
    this.#at = now
    this.#left--
    return this.#left >= 0
  }
}
