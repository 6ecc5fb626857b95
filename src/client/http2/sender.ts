import type { Duplex } from 'node:stream'
import {
  ConnectionError,
  defaultFrameSize,
  defaultWindow,
  ErrorCode,
  Flag,
  FrameType,
  largestWindow,
  preface,
} from '../../http2/frame.ts'
import { encodeFields } from '../../http2/hpack-encoder.ts'
import { Output } from '../../http2/output.ts'
import type { ClientStream } from './client-stream.ts'
import { limits } from './limits.ts'

/** What goes out on a connection, once in a turn of the event loop: its own frames, then bodies that waited, then new requests. */
export class Sender {
  readonly #out: Output
  readonly #authority: string
  readonly #onBegin: (stream: ClientStream) => void
  /** Not begun yet, in order. */
  readonly queued = new Set<ClientStream>()
  /** Have more of a body than the peer's windows let go. */
  readonly #held = new Set<ClientStream>()
  #controls: Buffer[] = []
  #isFlushDue = false
  #isClosed = false
  #nextId = 1
  #windowOfEach = defaultWindow
  #window = defaultWindow
  #frameSize = defaultFrameSize

  /** `onBegin` is told of a stream when it has its number. */
  constructor(socket: Duplex, authority: string, onBegin: (stream: ClientStream) => void) {
    this.#authority = authority
    this.#onBegin = onBegin
    this.#out = new Output(socket, () => {
      if (this.#controls.length + this.queued.size + this.#held.size > 0 || this.#out.isHolding) this.#flushSoon()
    })
    this.#out.bytes(preface)
  }

  /** A connection has so many numbers for streams. */
  get isSpent(): boolean {
    return this.#nextId > limits.lastId
  }

  set frameSize(bytes: number) {
    this.#frameSize = Math.min(bytes, limits.frameBytes)
  }

  /** A frame of the connection's own. */
  control(bytes: Buffer): void {
    this.#controls.push(bytes)
    this.#flushSoon()
  }

  add(stream: ClientStream): void {
    this.queued.add(stream)
    this.#flushSoon()
  }

  remove(stream: ClientStream): void {
    this.queued.delete(stream)
    this.#held.delete(stream)
  }

  /** The peer takes so much more of a stream, or of all together. */
  widen(stream: ClientStream | undefined, bytes: number): void {
    if (stream) stream.sendWindow += bytes
    else this.#window += bytes
    if (this.#held.size > 0) this.#flushSoon()
  }

  /** The peer says how much it takes of each stream, of those that run too. */
  windowOfEach(bytes: number, running: Iterable<ClientStream>): void {
    if (bytes > largestWindow) throw new ConnectionError(ErrorCode.flowControl, 'a window too large')
    for (const stream of running) this.widen(stream, bytes - this.#windowOfEach)
    this.#windowOfEach = bytes
  }

  /** `bytes` go out now, and nothing after them. */
  last(bytes: Buffer): void {
    this.#out.bytes(bytes)
    this.#out.flush()
    this.close()
  }

  close(): void {
    this.#isClosed = true
    this.#controls = []
    this.queued.clear()
    this.#held.clear()
  }

  #flushSoon(): void {
    if (this.#isFlushDue || this.#isClosed) return
    this.#isFlushDue = true
    setImmediate(() => {
      this.#isFlushDue = false
      this.#flush()
    })
  }

  #flush(): void {
    if (this.#isClosed || this.#out.isWaiting) return
    for (const bytes of this.#controls) this.#out.bytes(bytes)
    this.#controls = []
    for (const stream of this.#held) this.#sendBody(stream)
    for (const stream of this.queued) this.#begin(stream)
    this.queued.clear()
    // The rest of a long body goes with what comes next, when the socket has taken the block before it.
    if (!this.#out.isWaiting) this.#out.flush()
  }

  #begin(stream: ClientStream): void {
    const { body } = stream.request
    stream.id = this.#nextId
    this.#nextId += 2
    stream.sendWindow = this.#windowOfEach
    this.#onBegin(stream)
    const ends = body && body.length > 0 ? 0 : Flag.endStream
    const block = headersOf(stream, this.#authority)
    let type: number = FrameType.headers
    for (let from = 0; from < block.length; from += this.#frameSize) {
      const part = block.subarray(from, from + this.#frameSize)
      const last = from + part.length === block.length ? Flag.endHeaders : 0
      this.#out.header(part.length, type, last | (from === 0 ? ends : 0), stream.id)
      this.#out.bytes(part)
      type = FrameType.continuation
    }
    if (ends === 0) this.#sendBody(stream)
  }

  #sendBody(stream: ClientStream): void {
    const { body } = stream.request
    if (!body) return
    while (stream.sent < body.length) {
      const n = Math.min(body.length - stream.sent, this.#frameSize, stream.sendWindow, this.#window)
      if (n <= 0) {
        this.#held.add(stream)
        return
      }
      const isLast = stream.sent + n === body.length
      this.#out.header(n, FrameType.data, isLast ? Flag.endStream : 0, stream.id)
      this.#out.bytes(body.subarray(stream.sent, stream.sent + n))
      stream.sent += n
      stream.sendWindow -= n
      this.#window -= n
    }
    this.#held.delete(stream)
  }
}

/** Values that are joined by line feeds are several fields. */
function fieldsOf(headers: Readonly<Record<string, string>>): (readonly [string, string])[] {
  const fields: (readonly [string, string])[] = []
  for (const name of Object.keys(headers)) {
    const value = headers[name] as string
    if (value.includes('\n')) for (const part of value.split('\n')) fields.push([name, part])
    else fields.push([name, value])
  }
  return fields
}

function headersOf({ request }: ClientStream, authority: string): Buffer {
  const { method, path, headers, body } = request
  return encodeFields([
    [':method', method],
    [':scheme', 'https'],
    [':authority', authority],
    [':path', path],
    ...fieldsOf(headers),
    ...(body ? [['content-length', String(body.length)] as const] : []),
  ])
}
