import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'
import { Readable, Writable } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import type { Sink } from '../../request.ts'
import type { Stream } from './stream.ts'

/** A request as node:http would give it: for the parts of the port that are not the API. */
export class NodeRequest extends Readable {
  readonly httpVersion = '2.0'
  readonly httpVersionMajor = 2
  readonly httpVersionMinor = 0
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly socket: TLSSocket
  readonly #stream: Stream
  #unread = 0

  constructor(stream: Stream) {
    super({ autoDestroy: true })
    this.#stream = stream
    this.method = stream.method
    this.url = stream.url
    this.headers = { ...stream.headers }
    this.socket = stream.socket
    stream.body.take((bytes) => {
      this.#unread += bytes?.length ?? 0
      this.push(bytes ?? null)
    })
    stream.whenGone(() => this.destroy())
  }

  override _read(): void {
    this.#stream.body.release(this.#unread)
    this.#unread = 0
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#stream.body.drop()
    done(error)
  }
}

/** The answer to a `NodeRequest`, as node:http's. */
export class NodeResponse extends Writable {
  statusCode = 200
  statusMessage = ''
  headersSent = false
  readonly req: NodeRequest
  readonly socket: TLSSocket
  readonly #stream: Stream
  readonly #headers = new Map<string, string | string[]>()
  #sink: Sink | undefined
  #resume: (() => void) | undefined

  constructor(stream: Stream, req: NodeRequest) {
    super({ autoDestroy: true })
    this.#stream = stream
    this.req = req
    this.socket = stream.socket
    stream.whenGone(() => this.destroy())
  }

  get finished(): boolean {
    return this.writableEnded
  }

  setHeader(name: string, value: string | number | readonly string[]): this {
    const text = typeof value === 'object' ? value.map(String) : String(value)
    this.#headers.set(name.toLowerCase(), text)
    return this
  }

  getHeader(name: string): string | string[] | undefined {
    return this.#headers.get(name.toLowerCase())
  }

  hasHeader(name: string): boolean {
    return this.#headers.has(name.toLowerCase())
  }

  removeHeader(name: string): void {
    this.#headers.delete(name.toLowerCase())
  }

  getHeaders(): OutgoingHttpHeaders {
    return Object.fromEntries(this.#headers)
  }

  getHeaderNames(): string[] {
    return [...this.#headers.keys()]
  }

  writeHead(status: number, more: OutgoingHttpHeaders | string = {}, headers: OutgoingHttpHeaders = {}): this {
    this.statusCode = status
    for (const [name, value] of Object.entries(typeof more === 'string' ? headers : more)) {
      if (value !== undefined) this.setHeader(name, value)
    }
    this.flushHeaders()
    return this
  }

  flushHeaders(): void {
    if (this.headersSent) return
    this.headersSent = true
    for (const name of ['connection', 'keep-alive', 'transfer-encoding', 'upgrade']) this.#headers.delete(name)
    this.#sink = this.#stream.open(this.statusCode, Object.fromEntries(this.#headers))
    this.#sink.onDrain = () => {
      const resume = this.#resume
      this.#resume = undefined
      resume?.()
    }
  }

  override _write(bytes: Buffer, _: BufferEncoding, done: () => void): void {
    this.flushHeaders()
    if (this.#sink?.write(bytes)) done()
    else this.#resume = done
  }

  override _final(done: () => void): void {
    this.flushHeaders()
    this.#sink?.end()
    done()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#resume = undefined
    if (!this.writableFinished) this.#stream.abort()
    done(error)
  }
}
