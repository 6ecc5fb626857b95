import type { TLSSocket } from 'node:tls'
import { ErrorCode, Flag, FrameType, largestWindow, StreamError } from '../../../http2/frame.ts'
import { encodeHeaders } from '../../../http2/hpack-encoder.ts'
import type { Output } from '../../../http2/output.ts'
import type { Sink } from '../../request.ts'
import type { Exchange, HeaderValues } from '../exchange.ts'
import { IncomingBody } from './incoming-body.ts'
import { limits } from './limits.ts'
import type { RequestHead } from './request-head.ts'

/** What a stream needs of its connection. */
export interface StreamOwner {
  readonly socket: TLSSocket
  /** Frames of the stream wait to be written. */
  ready(stream: Stream): void
  /** So many bytes of the stream's body take no more memory. */
  credit(stream: Stream, bytes: number): void
  reset(stream: Stream, code: ErrorCode): void
  /** Both sides have ended. */
  remove(stream: Stream): void
}

/** What the connection lets a stream send in its turn. */
export interface Turn {
  readonly out: Output
  /** The connection's window; less what is written. */
  window: number
  frameSize: number
}

/** So much of one answer, then another's turn. */
const quantum = 64 * 1024
const nothing = Buffer.alloc(0)
const dateOf = { second: 0, text: '' }

function dateText(): string {
  const second = Math.floor(Date.now() / 1000)
  if (second !== dateOf.second) Object.assign(dateOf, { second, text: new Date(second * 1000).toUTCString() })
  return dateOf.text
}

/** One request and its answer. */
export class Stream implements Exchange, Sink {
  readonly id: number
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly #owner: StreamOwner
  /** How much more the peer takes of the answer. */
  sendWindow: number
  /** How much more of the body the peer may send. */
  receiveWindow: number = limits.streamWindow
  /** Given back by us but not told to the peer yet. */
  uncredited = 0
  isQueued = false
  /** Since when the answer waits for the peer; 0: it does not. */
  stuckSince = 0
  readonly startedAt = performance.now()
  readonly body: IncomingBody
  onDrain: (() => void) | undefined

  #head: Buffer | undefined
  #chunks: Uint8Array[] = []
  /** The first chunk that is not sent whole, and how much of it is. */
  #chunk = 0
  #offset = 0
  #pending = 0
  #isAnswered = false
  #isEnded = false
  #isSent = false
  #isGone = false
  #listeners: (() => void)[] = []

  constructor(owner: StreamOwner, id: number, head: RequestHead, window: number, isWhole: boolean) {
    this.#owner = owner
    this.id = id
    this.method = head.method
    this.url = head.url
    this.headers = head.headers
    this.sendWindow = window
    this.body = new IncomingBody(head.contentLength, (bytes) => owner.credit(this, bytes))
    if (isWhole) this.receive(nothing, true)
  }

  get socket(): TLSSocket {
    return this.#owner.socket
  }

  get isGone(): boolean {
    return this.#isGone
  }

  get isAnswered(): boolean {
    return this.#isAnswered
  }

  whenGone(listener: () => void): void {
    if (this.#isGone) listener()
    else this.#listeners.push(listener)
  }

  /** Bytes of the body, and whether they are the last. Throws StreamError. */
  receive(bytes: Buffer, isLast: boolean): void {
    if (this.body.isWhole) throw new StreamError(this.id, ErrorCode.streamClosed, 'data after the end')
    if (!this.body.push(bytes, isLast)) {
      throw new StreamError(this.id, ErrorCode.protocol, 'content-length is not the length of the body')
    }
  }

  readBody(limit: number): Promise<Buffer | undefined> {
    return this.body.read(limit)
  }

  answer(status: number, headers: HeaderValues, chunks: readonly Uint8Array[]): void {
    this.#begin(status, headers)
    if (this.method !== 'HEAD') for (const chunk of chunks) this.#add(chunk)
    this.#isEnded = true
    this.#owner.ready(this)
  }

  open(status: number, headers: HeaderValues): Sink {
    this.#begin(status, headers)
    this.#owner.ready(this)
    return this
  }

  #begin(status: number, headers: HeaderValues): void {
    this.#isAnswered = true
    this.#head = encodeHeaders(status, { ...headers, date: dateText() })
  }

  #add(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    this.#chunks.push(bytes)
    this.#pending += bytes.length
  }

  write(bytes: Uint8Array): boolean {
    if (this.#isGone || this.#isEnded) return false
    if (this.method !== 'HEAD') this.#add(bytes)
    this.#owner.ready(this)
    return this.#pending < limits.streamBuffer
  }

  end(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#owner.ready(this)
  }

  abort(): void {
    this.#owner.reset(this, ErrorCode.internal)
  }

  /** Writes what it may in its turn. Gives whether there is more that could be written. */
  send(turn: Turn): boolean {
    if (this.#isSent || this.#isGone) return false
    if (this.#head) this.#sendHead(turn)
    let left = quantum
    while (this.#pending > 0 && left > 0) {
      const n = Math.min(this.#pending, turn.frameSize, this.sendWindow, turn.window, left)
      if (n <= 0) break
      this.#sendData(turn, n)
      left -= n
    }
    this.stuckSince = this.#pending === 0 ? 0 : left < quantum || this.stuckSince === 0 ? performance.now() : this.stuckSince
    if (this.#isEnded && this.#pending === 0 && !this.#isSent) {
      turn.out.header(0, FrameType.data, Flag.endStream, this.id)
      this.#sent()
    }
    if (!this.#isEnded && this.#pending < limits.streamBuffer / 2) this.onDrain?.()
    return this.#pending > 0 && this.sendWindow > 0
  }

  #sendHead(turn: Turn): void {
    const head = this.#head as Buffer
    this.#head = undefined
    const isLast = this.#isEnded && this.#pending === 0
    let type: number = FrameType.headers
    for (let at = 0; at === 0 || at < head.length; at += turn.frameSize) {
      const part = head.subarray(at, at + turn.frameSize)
      const flags = (isLast && at === 0 ? Flag.endStream : 0) | (at + turn.frameSize >= head.length ? Flag.endHeaders : 0)
      turn.out.header(part.length, type, flags, this.id)
      turn.out.bytes(part)
      type = FrameType.continuation
    }
    if (isLast) this.#sent()
  }

  #sendData(turn: Turn, n: number): void {
    this.#pending -= n
    this.sendWindow -= n
    turn.window -= n
    const isLast = this.#isEnded && this.#pending === 0
    turn.out.header(n, FrameType.data, isLast ? Flag.endStream : 0, this.id)
    for (let left = n; left > 0; ) {
      const chunk = this.#chunks[this.#chunk] as Uint8Array
      const part = Math.min(left, chunk.length - this.#offset)
      turn.out.bytes(part === chunk.length ? chunk : chunk.subarray(this.#offset, this.#offset + part))
      left -= part
      this.#offset += part
      if (this.#offset === chunk.length) {
        this.#chunk++
        this.#offset = 0
      }
    }
    if (this.#pending === 0) {
      this.#chunks = []
      this.#chunk = 0
    } else if (this.#chunk > 64) {
      this.#chunks = this.#chunks.slice(this.#chunk)
      this.#chunk = 0
    }
    if (isLast) this.#sent()
  }

  #sent(): void {
    this.#isSent = true
    this.body.drop()
    if (this.body.isWhole) this.#owner.remove(this)
    // The answer is there and the rest of the body of no use (RFC 9113, 8.1).
    else this.#owner.reset(this, ErrorCode.none)
  }

  /** The peer has changed how much it takes. Gives whether something waited for that. Throws when it is more than may be. */
  widen(bytes: number): boolean {
    this.sendWindow += bytes
    if (this.sendWindow > largestWindow) throw new StreamError(this.id, ErrorCode.flowControl, 'a window too large')
    return this.#pending > 0 && !this.isQueued && this.sendWindow > 0
  }

  /** The stream is over before its time; tells who listens. */
  close(): void {
    if (this.#isGone) return
    this.#isGone = !this.#isSent
    this.#chunks = []
    this.#pending = 0
    this.body.abort()
    const listeners = this.#listeners
    this.#listeners = []
    if (this.#isGone) for (const listener of listeners) listener()
  }
}
