import { StatusError } from '../../../apimachinery/status.ts'
import { tooLarge } from '../body.ts'

/** The body of one request as it comes. What is held of it counts against the connection's window until it is given on or dropped. */
export class IncomingBody {
  readonly #release: (bytes: number) => void
  readonly #expected: number
  #chunks: Buffer[] = []
  #received = 0
  #held = 0
  #isWhole = false
  #isDropped = false
  #taker: ((bytes: Buffer | undefined) => void) | undefined
  #reader: { limit: number; resolve(body: Buffer | undefined): void; reject(error: unknown): void } | undefined
  /** When something of it came last. */
  lastAt = performance.now()

  /** `expected`: its content-length, -1 when none was said. */
  constructor(expected: number, release: (bytes: number) => void) {
    this.#expected = expected
    this.#release = release
  }

  get isWhole(): boolean {
    return this.#isWhole
  }

  /** Whether someone takes it in pieces, at their own pace. */
  get isTaken(): boolean {
    return this.#taker !== undefined
  }

  /** false when it is not as long as it was said to be. */
  push(bytes: Buffer, isLast: boolean): boolean {
    this.#received += bytes.length
    this.#held += bytes.length
    this.#isWhole = isLast
    this.lastAt = performance.now()
    if (this.#expected >= 0 && (isLast ? this.#received !== this.#expected : this.#received > this.#expected)) return false
    if (this.#isDropped) this.#give(bytes.length)
    else if (this.#taker) {
      if (bytes.length > 0) this.#taker(bytes)
      if (isLast) this.#taker(undefined)
    } else {
      if (bytes.length > 0) this.#chunks.push(bytes)
      this.#settle()
    }
    return true
  }

  /** Gives it in pieces, then undefined. The taker says with `release` what it has no more. */
  take(taker: (bytes: Buffer | undefined) => void): void {
    const known = this.#chunks
    this.#chunks = []
    this.#taker = taker
    for (const bytes of known) taker(bytes)
    if (this.#isWhole) taker(undefined)
  }

  release(bytes: number): void {
    this.#give(Math.min(bytes, this.#held))
  }

  /** All of it. Throws 413 past `limit`. */
  read(limit: number): Promise<Buffer | undefined> {
    return new Promise((resolve, reject) => {
      this.#reader = { limit, resolve, reject }
      if (this.#expected > limit) this.#refuse(tooLarge())
      else this.#settle()
    })
  }

  #settle(): void {
    const reader = this.#reader
    if (!reader) return
    if (this.#received > reader.limit) this.#refuse(tooLarge())
    else if (this.#isWhole) {
      const [first, ...more] = this.#chunks
      reader.resolve(more.length === 0 ? first : Buffer.concat(this.#chunks, this.#received))
      this.drop()
    }
  }

  #refuse(error: unknown): void {
    this.#reader?.reject(error)
    this.drop()
  }

  /** It does not come: whoever waits for it is told. */
  abort(): void {
    if (this.#reader) this.#refuse(new StatusError(408, 'Timeout', 'the body of the request did not come'))
    else this.drop()
  }

  /** Nobody wants what is there of it or comes yet. */
  drop(): void {
    this.#reader = undefined
    this.#isDropped = true
    this.#chunks = []
    this.#give(this.#held)
  }

  #give(bytes: number): void {
    this.#held -= bytes
    if (bytes > 0) this.#release(bytes)
  }
}
