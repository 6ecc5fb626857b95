import type { TLSSocket } from 'node:tls'
import {
  ConnectionError,
  defaultWindow,
  ErrorCode,
  Flag,
  FrameType,
  frame,
  goawayFrame,
  numberFrame,
  protocolError,
  SettingId,
  settingsFrame,
  unpadded,
} from '../../http2/frame.ts'
import { FrameReader } from '../../http2/frame-reader.ts'
import { HpackDecoder } from '../../http2/hpack-decoder.ts'
import type { Answer, Wired } from '../answer.ts'
import { ClientStream, type StreamOwner } from './client-stream.ts'
import { limits } from './limits.ts'
import { Sender } from './sender.ts'

/** The server has not looked at a request: it may be sent again. */
export class Unprocessed extends Error {
  constructor() {
    super('the server did not take the request')
    this.name = 'Unprocessed'
  }
}

interface ConnectionOptions {
  /** Host and port, as requests name them. */
  readonly authority: string
  /** A request has ended, or the connection has. */
  readonly onFree: () => void
}

/** One connection to a server. Requests that begin in one turn of the event loop go out together. */
export class Connection implements StreamOwner {
  readonly #socket: TLSSocket
  readonly #options: ConnectionOptions
  readonly #sender: Sender
  readonly #decoder = new HpackDecoder(limits.headerBytes)
  readonly #reader = new FrameReader('server', (type, flags, id, payload) => this.#frame(type, flags, id, payload))
  readonly #streams = new Map<number, ClientStream>()
  #block: { id: number; parts: Buffer[]; endsStream: boolean } | undefined
  #mostStreams: number = limits.streams
  #uncredited = 0
  #isClosed = false
  #isGoing = false
  #heardAt = performance.now()
  #usedAt = performance.now()
  #pingedAt = 0
  readonly #timer: NodeJS.Timeout
  readonly #ready = Promise.withResolvers<void>()

  constructor(socket: TLSSocket, options: ConnectionOptions) {
    this.#socket = socket
    this.#options = options
    this.#sender = new Sender(socket, options.authority, (stream) => this.#streams.set(stream.id, stream))
    this.#sender.control(
      settingsFrame([
        [SettingId.enablePush, 0],
        [SettingId.windowSize, limits.streamWindow],
        [SettingId.maxHeaderList, limits.headerBytes],
      ]),
    )
    this.#sender.control(numberFrame(FrameType.windowUpdate, 0, limits.connectionWindow - defaultWindow))
    socket.setNoDelay(true)
    socket.on('data', (bytes: Buffer) => this.#read(bytes))
    socket.on('error', (error) => this.#close(error))
    socket.on('end', () => socket.destroy())
    socket.on('close', () => this.#close(hangUp()))
    this.#timer = setInterval(() => this.#sweep(performance.now()), limits.sweepMs)
    this.#timer.unref()
    this.#ready.promise.then(
      () => this.#running === 0 && socket.unref(),
      () => {},
    )
  }

  /** Resolves when the server has said what it allows. */
  get ready(): Promise<void> {
    return this.#ready.promise
  }

  /** How many more requests it takes now. */
  get room(): number {
    if (this.#isClosed || this.#isGoing || this.#sender.isSpent) return 0
    return this.#mostStreams - this.#running
  }

  get #running(): number {
    return this.#streams.size + this.#sender.queued.size
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Throws Unprocessed, the signal's reason, or what ended the connection. */
  async send(request: Wired): Promise<Answer> {
    const { signal } = request
    signal?.throwIfAborted()
    const stream = new ClientStream(request, this)
    if (this.#isClosed || this.#isGoing) throw new Unprocessed()
    if (this.#running === 0) this.#socket.ref()
    this.#sender.add(stream)
    if (!signal) return stream.answer
    const abort = () => {
      this.cancel(stream)
      stream.fail(signal.reason)
    }
    signal.addEventListener('abort', abort, { once: true })
    stream.onOver = () => signal.removeEventListener('abort', abort)
    return stream.answer
  }

  credit(stream: ClientStream, bytes: number): void {
    stream.uncredited += bytes
    if (stream.uncredited < limits.streamWindow / 4 || !this.#streams.has(stream.id)) return
    this.#sender.control(numberFrame(FrameType.windowUpdate, stream.id, stream.uncredited))
    stream.uncredited = 0
  }

  cancel(stream: ClientStream): void {
    if (this.#streams.get(stream.id) !== stream && !this.#sender.queued.has(stream)) return
    if (stream.id > 0) this.#sender.control(numberFrame(FrameType.reset, stream.id, ErrorCode.cancel))
    this.#forget(stream)
  }

  #forget(stream: ClientStream): void {
    this.#streams.delete(stream.id)
    this.#sender.remove(stream)
    stream.onOver()
    if (this.#running === 0) {
      this.#usedAt = performance.now()
      this.#socket.unref()
      if (this.#isGoing) this.#socket.end()
    }
    this.#options.onFree()
  }

  #read(bytes: Buffer): void {
    this.#heardAt = performance.now()
    try {
      this.#reader.read(bytes)
    } catch (error) {
      this.#fail(error)
    }
  }

  #frame(type: number, flags: number, id: number, payload: Buffer): void {
    if (this.#isClosed) return
    if (this.#block && (type !== FrameType.continuation || id !== this.#block.id))
      throw protocolError('a header block is not ended')
    this.#takers[type]?.(flags, id, payload)
  }

  readonly #takers: Readonly<Record<number, (flags: number, id: number, payload: Buffer) => void>> = {
    [FrameType.data]: (flags, id, payload) => this.#data(flags, id, payload),
    [FrameType.headers]: (flags, id, payload) => {
      const part = unpadded(flags, payload)
      const parts = [flags & Flag.priority ? part.subarray(5) : part]
      this.#headers({ id, parts, endsStream: (flags & Flag.endStream) !== 0 }, flags)
    },
    [FrameType.continuation]: (flags, _, payload) => {
      if (!this.#block) throw protocolError('CONTINUATION of nothing')
      this.#block.parts.push(payload)
      this.#headers(this.#block, flags)
    },
    [FrameType.reset]: (_, id, payload) => this.#resetByPeer(id, payload),
    [FrameType.settings]: (flags, _, payload) => this.#settings(flags, payload),
    [FrameType.ping]: (flags, _, payload) => {
      if (flags & Flag.ack) this.#pingedAt = 0
      else this.#sender.control(frame(FrameType.ping, Flag.ack, 0, payload))
    },
    [FrameType.goaway]: (_, __, payload) => this.#goaway(payload),
    [FrameType.windowUpdate]: (_, id, payload) => this.#windowUpdate(id, payload),
    [FrameType.pushPromise]: () => {
      throw protocolError('a push that nobody allowed')
    },
  }

  #data(flags: number, id: number, payload: Buffer): void {
    // However slowly one answer is taken, the others go on: each has a window of its own.
    this.#uncredited += payload.length
    if (this.#uncredited >= limits.connectionWindow / 4) {
      this.#sender.control(numberFrame(FrameType.windowUpdate, 0, this.#uncredited))
      this.#uncredited = 0
    }
    const stream = this.#streams.get(id)
    if (!stream) return
    const bytes = unpadded(flags, payload)
    if (bytes.length < payload.length) this.credit(stream, payload.length - bytes.length)
    stream.push(bytes)
    if (flags & Flag.endStream) this.#ended(stream)
  }

  #headers(block: { id: number; parts: Buffer[]; endsStream: boolean }, flags: number): void {
    this.#block = flags & Flag.endHeaders ? undefined : block
    if (this.#block) {
      if (block.parts.length > limits.headerFrames) throw protocolError('headers without end')
      return
    }
    const fields = this.#decoder.decode(block.parts.length === 1 ? (block.parts[0] as Buffer) : Buffer.concat(block.parts))
    const stream = this.#streams.get(block.id)
    if (!stream) return
    if (!fields) throw protocolError('headers too long')
    if (!stream.hasAnswered) {
      const status = Number(fields.find((f) => f.name === ':status')?.value)
      if (!Number.isInteger(status)) throw protocolError('an answer without status')
      // "Continue" and the like: the answer itself is yet to come.
      if (status >= 200) stream.answered(status, fields)
    }
    if (block.endsStream) this.#ended(stream)
  }

  #ended(stream: ClientStream): void {
    // The server knows enough, although not all of the request has gone out.
    if (stream.sent < (stream.request.body?.length ?? 0))
      this.#sender.control(numberFrame(FrameType.reset, stream.id, ErrorCode.cancel))
    stream.end()
    this.#forget(stream)
  }

  #resetByPeer(id: number, payload: Buffer): void {
    const stream = this.#streams.get(id)
    if (!stream) return
    const code = payload.readUInt32BE(0)
    stream.fail(code === ErrorCode.refusedStream ? new Unprocessed() : hangUp(`the server ended the request (${code})`))
    this.#forget(stream)
  }

  #settings(flags: number, payload: Buffer): void {
    if (flags & Flag.ack) return
    if (payload.length % 6 !== 0) throw new ConnectionError(ErrorCode.frameSize, 'SETTINGS come six bytes each')
    for (let at = 0; at < payload.length; at += 6) this.#setting(payload.readUInt16BE(at), payload.readUInt32BE(at + 2))
    this.#sender.control(frame(FrameType.settings, Flag.ack, 0))
    this.#ready.resolve()
    this.#options.onFree()
  }

  #setting(id: number, value: number): void {
    if (id === SettingId.maxStreams) this.#mostStreams = value
    if (id === SettingId.maxFrameSize) this.#sender.frameSize = value
    if (id === SettingId.windowSize) this.#sender.windowOfEach(value, this.#streams.values())
  }

  #windowUpdate(id: number, payload: Buffer): void {
    const bytes = payload.readUInt32BE(0) & 0x7fffffff
    if (id === 0) this.#sender.widen(undefined, bytes)
    const stream = this.#streams.get(id)
    if (stream) this.#sender.widen(stream, bytes)
  }

  /** No more requests on this connection; those that the server has not looked at are for another. */
  #goaway(payload: Buffer): void {
    this.#isGoing = true
    const lastId = payload.readUInt32BE(0) & 0x7fffffff
    const lost = [...this.#streams.values()].filter((s) => s.id > lastId)
    for (const stream of [...this.#sender.queued, ...lost]) {
      stream.fail(new Unprocessed())
      this.#forget(stream)
    }
    if (this.#streams.size === 0) this.#socket.end()
    this.#options.onFree()
  }

  #sweep(now: number): void {
    const { answerMs, silentMs, pingMs, idleMs } = limits
    for (const stream of [...this.#sender.queued, ...this.#streams.values()]) {
      if (stream.hasAnswered || now - stream.startedAt < answerMs) continue
      this.cancel(stream)
      stream.fail(new Error(`${this.#options.authority} did not answer within ${answerMs / 1000} s`))
    }
    if (this.#running === 0) {
      if (now - this.#usedAt > idleMs) this.#end(ErrorCode.none)
      return
    }
    if (this.#pingedAt > 0 && now - this.#pingedAt > pingMs) this.#socket.destroy()
    else if (this.#pingedAt === 0 && now - this.#heardAt > silentMs) {
      this.#pingedAt = now
      this.#sender.control(frame(FrameType.ping, 0, 0, Buffer.alloc(8)))
    }
  }

  #fail(error: unknown): void {
    const code = error instanceof ConnectionError ? error.code : ErrorCode.internal
    this.#close(error)
    this.#end(code)
  }

  #end(code: ErrorCode): void {
    this.#sender.last(goawayFrame(0, code))
    this.#close(hangUp())
    this.#socket.end()
  }

  #close(error: unknown): void {
    if (this.#isClosed) return
    this.#isClosed = true
    clearInterval(this.#timer)
    this.#ready.reject(error)
    const unsent = [...this.#sender.queued]
    this.#sender.close()
    for (const stream of [...unsent, ...this.#streams.values()]) {
      stream.fail(stream.id === 0 ? new Unprocessed() : error)
      this.#forget(stream)
    }
    this.#options.onFree()
  }
}

const hangUp = (message = 'socket hang up') => Object.assign(new Error(message), { code: 'ECONNRESET' })
