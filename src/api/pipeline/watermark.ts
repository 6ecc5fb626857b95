/** A count, and the highest that it was in the last second. */
export class Watermark {
  value = 0
  #second = 0
  #highest = 0
  #before = 0
  readonly #nowMs: () => number

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs
  }

  add(n: number): void {
    this.#turn()
    this.value += n
    if (this.value > this.#highest) this.#highest = this.value
  }

  /** In the second that is over and in the one that runs. */
  get highest(): number {
    this.#turn()
    return Math.max(this.#before, this.#highest)
  }

  #turn(): void {
    const second = Math.floor(this.#nowMs() / 1000)
    if (second === this.#second) return
    this.#before = second === this.#second + 1 ? this.#highest : this.value
    this.#highest = this.value
    this.#second = second
  }
}
