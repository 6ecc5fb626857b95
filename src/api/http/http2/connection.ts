import type { TLSSocket } from 'node:tls'
import {
  ConnectionError,
  defaultFrameSize,
  defaultWindow,
  ErrorCode,
  Flag,
  FrameType,
  frame,
  goawayFrame,
  largestWindow,
  numberFrame,
  protocolError,
  SettingId,
  StreamError,
  settingsFrame,
  unpadded,
} from '../../../http2/frame.ts'
import { FrameReader } from '../../../http2/frame-reader.ts'
import { HpackDecoder } from '../../../http2/hpack-decoder.ts'
import { limits } from './limits.ts'
import { requestHead } from './request-head.ts'
import { ResetBudget } from './reset-budget.ts'
import { Sender } from './sender.ts'
import { Stream, type StreamOwner } from './stream.ts'

/** So many ended streams are remembered, to tell a late frame from a wrong one. */
const remembered = 256

interface Block {
  readonly id: number
  readonly parts: Buffer[]
  readonly endsStream: boolean
  size: number
}

/** One client's connection: frames in, requests to `onRequest`, answers out. */
export class Connection implements StreamOwner {
  readonly socket: TLSSocket
  readonly #onRequest: (stream: Stream) => void
  readonly #decoder = new HpackDecoder(limits.headerBytes)
  readonly #sender: Sender
  readonly #reader = new FrameReader('client', (type, flags, id, payload) => this.#frameOrRefuse(type, flags, id, payload))
  readonly #streams = new Map<number, Stream>()
  readonly #ended = new Map<number, 'ended' | 'reset'>()
  readonly #resets = new ResetBudget()
  #hasSettings = false
  #block: Block | undefined
  #lastId = 0
  #emptyFrames = 0
  #peerWindow = defaultWindow
  #receiveWindow: number = limits.connectionWindow
  #credit = 0
  #isClosed = false
  /** When a request came or ended last. */
  #busyAt = performance.now()
  /** Since when the preface, or the rest of a block of headers, is waited for. */
  #startingSince = performance.now()

  constructor(socket: TLSSocket, onRequest: (stream: Stream) => void) {
    this.socket = socket
    this.#onRequest = onRequest
    this.#sender = new Sender(socket)
    this.#sender.control(
      settingsFrame([
        [SettingId.maxStreams, limits.streams],
        [SettingId.windowSize, limits.streamWindow],
        [SettingId.maxHeaderList, limits.headerBytes],
      ]),
    )
    this.#sender.control(numberFrame(FrameType.windowUpdate, 0, limits.connectionWindow - defaultWindow))
    socket.on('data', (bytes: Buffer) => this.#read(bytes))
    socket.on('error', () => this.#close())
    socket.on('end', () => socket.destroy())
    socket.on('close', () => this.#close())
  }

  #read(bytes: Buffer): void {
    if (this.#isClosed) return
    try {
      this.#reader.read(bytes)
    } catch (error) {
      this.#fail(error)
    }
  }

  #frameOrRefuse(type: number, flags: number, id: number, payload: Buffer): void {
    if (this.#isClosed) return
    try {
      this.#frame(type, flags, id, payload)
    } catch (error) {
      if (!(error instanceof StreamError)) throw error
      this.#refuse(error)
    }
  }

  #frame(type: number, flags: number, id: number, payload: Buffer): void {
    if (!this.#hasSettings && (type !== FrameType.settings || flags & Flag.ack))
      throw protocolError('the first frame is not SETTINGS')
    if (this.#block && (type !== FrameType.continuation || id !== this.#block.id))
      throw protocolError('a header block is not ended')
    const take = this.#takers[type]
    if (take) take(flags, id, payload)
    // Unknown types are ignored (RFC 9113, 4.1), but not without end.
    else this.#countEmpty()
  }

  readonly #takers: Readonly<Record<number, (flags: number, id: number, payload: Buffer) => void>> = {
    [FrameType.data]: (flags, id, payload) => this.#data(flags, id, payload),
    [FrameType.headers]: (flags, id, payload) => this.#headers(flags, id, payload),
    [FrameType.continuation]: (flags, _, payload) => this.#continuation(flags, payload),
    [FrameType.priority]: (_, id, payload) => this.#priority(id, payload),
    [FrameType.reset]: (_, id, payload) => this.#resetByPeer(id, payload),
    [FrameType.settings]: (flags, id, payload) => this.#settings(flags, id, payload),
    [FrameType.ping]: (flags, id, payload) => this.#ping(flags, id, payload),
    [FrameType.windowUpdate]: (_, id, payload) => this.#windowUpdate(id, payload),
    [FrameType.goaway]: (_, id) => {
      if (id !== 0) throw protocolError('GOAWAY on a stream')
    },
    [FrameType.pushPromise]: () => {
      throw protocolError('a client does not push')
    },
  }

  #data(flags: number, id: number, payload: Buffer): void {
    if (id === 0) throw protocolError('DATA on no stream')
    this.#receiveWindow -= payload.length
    if (this.#receiveWindow < 0) throw new ConnectionError(ErrorCode.flowControl, 'more than the window')
    const stream = this.#streams.get(id)
    const isLast = (flags & Flag.endStream) !== 0
    if (!stream) {
      this.#creditConnection(payload.length)
      this.#onEnded(id)
      return
    }
    if (payload.length === 0 && !isLast) this.#countEmpty()
    stream.receiveWindow -= payload.length
    if (stream.receiveWindow < 0) throw new StreamError(id, ErrorCode.flowControl, 'more than the window')
    const bytes = unpadded(flags, payload)
    if (bytes.length < payload.length) this.credit(stream, payload.length - bytes.length)
    stream.receive(bytes, isLast)
  }

  /** A frame for a stream that is not: late frames of one that we ended are nothing wrong. */
  #onEnded(id: number): void {
    if (id > this.#lastId || id % 2 === 0) throw protocolError('a frame for a stream that was not opened')
    if (this.#ended.get(id) === 'reset') return
    throw new StreamError(id, ErrorCode.streamClosed, 'the stream has ended')
  }

  #headers(flags: number, id: number, payload: Buffer): void {
    if (id % 2 === 0) throw protocolError('a client has odd stream numbers')
    let part = unpadded(flags, payload)
    let dependsOnItself = false
    if (flags & Flag.priority) {
      if (part.length < 5) throw new ConnectionError(ErrorCode.frameSize, 'HEADERS too short')
      dependsOnItself = (part.readUInt32BE(0) & 0x7fffffff) === id
      part = part.subarray(5)
    }
    const endsStream = (flags & Flag.endStream) !== 0
    const block: Block = { id, parts: [part], endsStream, size: part.length }
    if (flags & Flag.endHeaders) this.#headersEnded(block)
    else {
      this.#block = block
      this.#startingSince = performance.now()
    }
    if (dependsOnItself) throw new StreamError(id, ErrorCode.protocol, 'a stream cannot depend on itself')
  }

  #continuation(flags: number, payload: Buffer): void {
    const block = this.#block
    if (!block) throw protocolError('CONTINUATION of nothing')
    block.size += payload.length
    if (payload.length === 0) this.#countEmpty()
    if (block.size > limits.headerBytes) throw new ConnectionError(ErrorCode.enhanceYourCalm, 'headers too long')
    block.parts.push(payload)
    if (!(flags & Flag.endHeaders)) return
    this.#block = undefined
    this.#headersEnded(block)
  }

  #headersEnded({ id, parts, endsStream }: Block): void {
    const fields = this.#decoder.decode(parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts))
    const known = this.#streams.get(id)
    if (known) {
      this.#trailers(known, fields, endsStream)
      return
    }
    if (id <= this.#lastId) {
      const ended = this.#ended.get(id)
      if (ended === 'reset') return
      throw ended
        ? new ConnectionError(ErrorCode.streamClosed, 'HEADERS after the end')
        : protocolError('stream numbers must rise')
    }
    this.#lastId = id
    if (this.#streams.size >= limits.streams) throw new StreamError(id, ErrorCode.refusedStream, 'too many')
    const head = fields && requestHead(fields)
    if (typeof head === 'string') throw new StreamError(id, ErrorCode.protocol, `malformed request: ${head}`)
    const usable = head ?? { method: 'GET', url: '/', headers: {}, contentLength: -1 }
    const stream = new Stream(this, id, usable, this.#peerWindow, endsStream)
    this.#streams.set(id, stream)
    this.#busyAt = performance.now()
    if (head) this.#onRequest(stream)
    else stream.answer(431, { 'content-type': 'text/plain' }, [Buffer.from('the headers of the request are too long\n')])
  }

  #trailers(stream: Stream, fields: readonly { name: string }[] | undefined, endsStream: boolean): void {
    if (stream.body.isWhole) throw new StreamError(stream.id, ErrorCode.streamClosed, 'HEADERS after the end')
    if (!endsStream || !fields || fields.some((f) => f.name.startsWith(':')))
      throw new StreamError(stream.id, ErrorCode.protocol, 'trailers that do not end the request')
    stream.receive(Buffer.alloc(0), true)
  }

  #priority(id: number, payload: Buffer): void {
    if (id === 0) throw protocolError('PRIORITY on no stream')
    if (payload.length !== 5) throw new StreamError(id, ErrorCode.frameSize, 'PRIORITY has five bytes')
    this.#countEmpty()
    if ((payload.readUInt32BE(0) & 0x7fffffff) === id) throw new StreamError(id, ErrorCode.protocol, 'it depends on itself')
  }

  #resetByPeer(id: number, payload: Buffer): void {
    if (id === 0 || id > this.#lastId) throw protocolError('RST_STREAM on a stream that was not opened')
    if (payload.length !== 4) throw new ConnectionError(ErrorCode.frameSize, 'RST_STREAM has four bytes')
    const stream = this.#streams.get(id)
    if (!stream) return
    this.#forget(stream, 'ended')
    if (!this.#resets.spend()) throw new ConnectionError(ErrorCode.enhanceYourCalm, 'too many requests taken back')
  }

  #settings(flags: number, id: number, payload: Buffer): void {
    if (id !== 0) throw protocolError('SETTINGS on a stream')
    if (flags & Flag.ack) {
      if (payload.length > 0) throw new ConnectionError(ErrorCode.frameSize, 'an acknowledgement has no payload')
      return
    }
    if (payload.length % 6 !== 0) throw new ConnectionError(ErrorCode.frameSize, 'SETTINGS come six bytes each')
    this.#hasSettings = true
    for (let at = 0; at < payload.length; at += 6) this.#setting(payload.readUInt16BE(at), payload.readUInt32BE(at + 2))
    this.#sender.control(frame(FrameType.settings, Flag.ack, 0))
  }

  #setting(id: number, value: number): void {
    if (id === SettingId.enablePush && value > 1) throw protocolError('ENABLE_PUSH is 0 or 1')
    if (id === SettingId.maxFrameSize) {
      if (value < defaultFrameSize || value > 2 ** 24 - 1) throw protocolError('MAX_FRAME_SIZE out of its range')
      this.#sender.frameSize = value
    }
    if (id !== SettingId.windowSize) return
    if (value > largestWindow) throw new ConnectionError(ErrorCode.flowControl, 'a window too large')
    const more = value - this.#peerWindow
    this.#peerWindow = value
    for (const stream of this.#streams.values()) {
      if (stream.sendWindow + more > largestWindow) throw new ConnectionError(ErrorCode.flowControl, 'a window too large')
      if (stream.widen(more)) this.ready(stream)
    }
  }

  #ping(flags: number, id: number, payload: Buffer): void {
    if (id !== 0) throw protocolError('PING on a stream')
    if (payload.length !== 8) throw new ConnectionError(ErrorCode.frameSize, 'PING has eight bytes')
    if (!(flags & Flag.ack)) this.#sender.control(frame(FrameType.ping, Flag.ack, 0, payload))
  }

  #windowUpdate(id: number, payload: Buffer): void {
    if (payload.length !== 4) throw new ConnectionError(ErrorCode.frameSize, 'WINDOW_UPDATE has four bytes')
    const bytes = payload.readUInt32BE(0) & 0x7fffffff
    if (id === 0) {
      if (bytes === 0) throw protocolError('a window grows by one at least')
      this.#sender.widen(bytes)
      return
    }
    const stream = this.#streams.get(id)
    if (!stream) {
      if (id > this.#lastId) throw protocolError('a window of a stream that was not opened')
      return
    }
    if (bytes === 0) throw new StreamError(id, ErrorCode.protocol, 'a window grows by one at least')
    if (stream.widen(bytes)) this.ready(stream)
  }

  #countEmpty(): void {
    if (++this.#emptyFrames > limits.emptyFrames) throw new ConnectionError(ErrorCode.enhanceYourCalm, 'frames of no use')
  }

  ready(stream: Stream): void {
    this.#sender.ready(stream)
  }

  credit(stream: Stream, bytes: number): void {
    if (!stream.body.isWhole) {
      stream.receiveWindow += bytes
      stream.uncredited += bytes
      if (stream.uncredited >= limits.streamWindow / 4) {
        this.#sender.control(numberFrame(FrameType.windowUpdate, stream.id, stream.uncredited))
        stream.uncredited = 0
      }
    }
    this.#creditConnection(bytes)
  }

  #creditConnection(bytes: number): void {
    this.#receiveWindow += bytes
    this.#credit += bytes
    if (this.#credit < limits.connectionWindow / 4) return
    this.#sender.control(numberFrame(FrameType.windowUpdate, 0, this.#credit))
    this.#credit = 0
  }

  reset(stream: Stream, code: ErrorCode): void {
    if (this.#streams.get(stream.id) !== stream) return
    this.#forget(stream, 'reset')
    if (!this.#isClosed) this.#sender.control(numberFrame(FrameType.reset, stream.id, code))
  }

  #refuse({ id, code }: StreamError): void {
    const stream = this.#streams.get(id)
    if (stream) {
      this.reset(stream, code)
      return
    }
    this.#remember(id, 'reset')
    this.#sender.control(numberFrame(FrameType.reset, id, code))
    // Requests that are wrong are no cheaper than those that are taken back.
    if (!this.#resets.spend()) throw new ConnectionError(ErrorCode.enhanceYourCalm, 'too many wrong requests')
  }

  remove(stream: Stream): void {
    this.#forget(stream, 'ended')
  }

  #forget(stream: Stream, how: 'ended' | 'reset'): void {
    this.#streams.delete(stream.id)
    this.#remember(stream.id, how)
    this.#busyAt = performance.now()
    stream.close()
  }

  #remember(id: number, how: 'ended' | 'reset'): void {
    this.#ended.set(id, how)
    if (this.#ended.size <= remembered) return
    for (const oldest of this.#ended.keys()) {
      this.#ended.delete(oldest)
      break
    }
  }

  /** Ends what has waited too long: bodies that do not come, answers that are not taken, a connection without use. */
  sweep(now: number): void {
    if (this.#isClosed) return
    const isStarting = !this.#hasSettings || this.#block !== undefined
    if (isStarting && now - this.#startingSince > limits.headersMs) {
      this.#fail(protocolError('the request does not come'))
      return
    }
    if (this.#sender.out.isWaiting && now - this.#sender.out.waitingSince > limits.stuckMs) {
      this.socket.destroy()
      return
    }
    for (const stream of this.#streams.values()) {
      const { body } = stream
      const isSlow = now - body.lastAt > limits.bodyIdleMs || now - stream.startedAt > limits.bodyMs
      if (!body.isWhole && !body.isTaken && isSlow) body.abort()
      if (stream.stuckSince > 0 && now - stream.stuckSince > limits.stuckMs) this.reset(stream, ErrorCode.enhanceYourCalm)
    }
    if (this.#streams.size === 0 && now - this.#busyAt > limits.idleMs) this.#end(ErrorCode.none)
  }

  #fail(error: unknown): void {
    if (this.#isClosed) return
    if (!(error instanceof ConnectionError)) console.error('while reading HTTP/2:', error)
    this.#end(error instanceof ConnectionError ? error.code : ErrorCode.internal)
  }

  #end(code: ErrorCode): void {
    this.#sender.flush()
    this.#sender.out.bytes(goawayFrame(this.#lastId, code))
    this.#sender.out.flush()
    this.#close()
    this.socket.end()
    setTimeout(() => this.socket.destroy(), 1000).unref()
  }

  #close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#sender.close()
    for (const stream of [...this.#streams.values()]) this.#forget(stream, 'ended')
  }
}
