import { Duplex } from 'node:stream'
import { createDecoder, createEncoder, type Frame, type Headers } from './spdy-frames.ts'

const largestData = 32 * 1024
const cancel = 5

/** A stream that the client opened. Writing to it writes data frames; it reads to an end when the client closes its side. */
export class SpdyStream extends Duplex {
  readonly id: number
  readonly headers: Headers
  readonly #send: (frame: Frame) => Promise<void>
  #wake: (() => void) | undefined

  constructor(id: number, headers: Headers, send: (frame: Frame) => Promise<void>) {
    super({ allowHalfOpen: true })
    this.id = id
    this.headers = headers
    this.#send = send
    // Whoever reads or writes sees the error; nobody has to.
    this.on('error', () => {})
  }

  override _read(): void {
    this.#wake?.()
    this.#wake = undefined
  }

  /** Takes what the client sent; resolves when more may come. */
  receive(data: Buffer, fin: boolean): Promise<void> {
    const hasRoom = data.length === 0 || this.push(data)
    if (fin) this.push(null)
    if (hasRoom || fin || this.destroyed) return Promise.resolve()
    return new Promise((resolve) => (this.#wake = resolve))
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    const parts: Promise<void>[] = []
    for (let at = 0; at < chunk.length; at += largestData)
      parts.push(this.#send({ type: 'data', id: this.id, data: chunk.subarray(at, at + largestData), fin: false }))
    Promise.all(parts).then(() => done(), done)
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#send({ type: 'data', id: this.id, data: Buffer.alloc(0), fin: true }).then(() => done(), done)
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#wake?.()
    if (!this.writableFinished) this.#send({ type: 'reset', id: this.id, status: cancel }).catch(() => undefined)
    done(error)
  }
}

/**
 * The server's side of a SPDY/3.1 connection over `socket`. `onStream` is called for each stream the client opens.
 * Resolves when the connection has ended, however it did.
 */
export async function serveSpdy(socket: Duplex, onStream: (stream: SpdyStream) => void): Promise<void> {
  const encode = createEncoder()
  const decode = createDecoder()
  const streams = new Map<number, SpdyStream>()
  let sending: Promise<void> = Promise.resolve()
  // One after another: the compressor's state and the bytes on the wire must have the same order.
  const send = (frame: Frame): Promise<void> => {
    sending = sending.then(async () => {
      if (socket.destroyed || socket.writableEnded) return
      if (!socket.write(await encode(frame))) await drained(socket)
    })
    return sending
  }
  const take = async (frame: Frame): Promise<void> => {
    if (frame.type === 'open') {
      if (streams.has(frame.id)) return
      const stream = new SpdyStream(frame.id, frame.headers, send)
      streams.set(frame.id, stream)
      stream.once('close', () => streams.delete(frame.id))
      await send({ type: 'reply', id: frame.id, headers: new Map() })
      if (frame.fin) await stream.receive(Buffer.alloc(0), true)
      onStream(stream)
    } else if (frame.type === 'data') await streams.get(frame.id)?.receive(frame.data, frame.fin)
    else if (frame.type === 'reset') streams.get(frame.id)?.destroy()
    else if (frame.type === 'ping' && frame.id % 2 === 1) await send(frame)
  }
  try {
    for await (const chunk of socket) for (const frame of await decode(chunk as Buffer)) await take(frame)
  } catch {
    // A broken connection or frame ends all streams; the client sees that.
  } finally {
    for (const stream of streams.values()) stream.destroy()
    socket.destroy()
  }
}

function drained(socket: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      socket.off('drain', end)
      socket.off('close', end)
      resolve()
    }
    socket.once('drain', end)
    socket.once('close', end)
  })
}
