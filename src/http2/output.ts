import type { Writable } from 'node:stream'
import { writeFrameHeader } from './frame.ts'

/**
 * Two of the largest packets that the loopback device takes (over IPv6, 65,463 bytes each), less what eight TLS records add (TLS 1.2:
 * 29 bytes each). Some bytes more would go in a third packet, which costs both sides as much as a full one.
 */
const blockBytes = 2 * 65_463 - 8 * 29
const spareBlocks = 16
const spare: Buffer[] = []

/** Collects frames in one block and hands it to the socket when it is full or `flush` is called: one encryption, one system call. */
export class Output {
  readonly #socket: Writable
  readonly #onSent: () => void
  #block: Buffer | undefined
  #at = 0
  /** Since when the socket takes nothing of what waits for it. */
  waitingSince = 0

  constructor(socket: Writable, onSent: () => void) {
    this.#socket = socket
    this.#onSent = onSent
  }

  /**
   * Whether the socket still has a block. It is given no second one: it would join them in memory of its own, and every such piece
   * brings the next collection of garbage nearer.
   */
  get isWaiting(): boolean {
    return this.#socket.writableLength > 0
  }

  /** Whether something was collected that the socket was not given. */
  get isHolding(): boolean {
    return this.#at > 0
  }

  bytes(bytes: Uint8Array): void {
    let from = 0
    while (from < bytes.length) {
      const block = this.#room(1)
      const n = Math.min(bytes.length - from, block.length - this.#at)
      block.set(n === bytes.length ? bytes : bytes.subarray(from, from + n), this.#at)
      this.#at += n
      from += n
    }
  }

  header(length: number, type: number, flags: number, id: number): void {
    const block = this.#room(9)
    this.#at = writeFrameHeader(block, this.#at, length, type, flags, id)
  }

  #room(bytes: number): Buffer {
    if (this.#block && this.#block.length - this.#at < bytes) this.flush()
    this.#block ??= spare.pop() ?? Buffer.allocUnsafeSlow(blockBytes)
    return this.#block
  }

  flush(): void {
    const block = this.#block
    if (!block || this.#at === 0) return
    const bytes = block.subarray(0, this.#at)
    this.#block = undefined
    this.#at = 0
    if (!this.isWaiting) this.waitingSince = performance.now()
    this.#socket.write(bytes, () => {
      if (spare.length < spareBlocks) spare.push(block)
      this.waitingSince = performance.now()
      this.#onSent()
    })
  }
}
