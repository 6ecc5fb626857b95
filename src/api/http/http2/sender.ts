import type { Writable } from 'node:stream'
import { ConnectionError, defaultFrameSize, defaultWindow, ErrorCode, largestWindow } from '../../../http2/frame.ts'
import { Output } from '../../../http2/output.ts'
import { limits } from './limits.ts'
import type { Stream, Turn } from './stream.ts'

/** Frames larger than this gain nothing, whatever the peer takes. */
const mostFrameBytes = 64 * 1024

/** What goes out on a connection: its own frames first, then its streams in turns, as far as the peer's windows and the socket let them. */
export class Sender {
  readonly out: Output
  readonly #turn: Turn
  #controls: Buffer[] = []
  #ready: Stream[] = []
  /** They have something to send, but the connection's window is closed. */
  #waiting: Stream[] = []
  #isFlushDue = false
  #isClosed = false

  constructor(socket: Writable) {
    this.out = new Output(socket, () => {
      if (this.#ready.length > 0 || this.#controls.length > 0 || this.out.isHolding) this.#flushSoon()
    })
    this.#turn = { out: this.out, window: defaultWindow, frameSize: defaultFrameSize }
  }

  /** A frame of the connection's own. */
  control(bytes: Buffer): void {
    if (this.#controls.length >= limits.controlFrames)
      throw new ConnectionError(ErrorCode.enhanceYourCalm, 'answers are not taken')
    this.#controls.push(bytes)
    this.#flushSoon()
  }

  /** `stream` has something to send. */
  ready(stream: Stream): void {
    if (!stream.isQueued) {
      stream.isQueued = true
      this.#ready.push(stream)
    }
    this.#flushSoon()
  }

  /** The peer takes so much more on this connection. */
  widen(bytes: number): void {
    this.#turn.window += bytes
    if (this.#turn.window > largestWindow) throw new ConnectionError(ErrorCode.flowControl, 'a window too large')
    const waiting = this.#waiting
    this.#waiting = []
    for (const stream of waiting) {
      stream.isQueued = false
      this.ready(stream)
    }
  }

  set frameSize(bytes: number) {
    this.#turn.frameSize = Math.min(bytes, mostFrameBytes)
  }

  /** After all that this turn of the event loop brings, so that answers share a write. */
  #flushSoon(): void {
    if (this.#isFlushDue || this.#isClosed) return
    this.#isFlushDue = true
    setImmediate(() => {
      this.#isFlushDue = false
      this.flush()
    })
  }

  flush(): void {
    const { out } = this
    if (this.#isClosed || out.isWaiting) return
    for (const bytes of this.#controls) out.bytes(bytes)
    this.#controls = []
    let queue = this.#ready
    while (queue.length > 0 && !out.isWaiting) {
      this.#ready = []
      let next = 0
      for (; next < queue.length && !out.isWaiting; next++) this.#sendTurn(queue[next] as Stream)
      queue = next < queue.length ? [...queue.slice(next), ...this.#ready] : this.#ready
    }
    this.#ready = queue
    // What is left of a long answer begins the next block: a record, a packet and a system call of its own would carry some bytes only.
    if (!out.isWaiting) out.flush()
  }

  #sendTurn(stream: Stream): void {
    stream.isQueued = false
    if (!stream.send(this.#turn) || stream.isQueued) return
    stream.isQueued = true
    const list = this.#turn.window > 0 ? this.#ready : this.#waiting
    list.push(stream)
  }

  /** Nothing more goes out but what the socket has. */
  close(): void {
    this.#isClosed = true
    this.#controls = []
    this.#ready = []
    this.#waiting = []
  }
}
