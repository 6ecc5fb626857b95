import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { StatusError } from '../../apimachinery/status.ts'
import { betweenIdentities, isIdentityHeader } from '../auth/identity-headers.ts'
import type { Sink } from '../request.ts'
import { tooLarge } from './body.ts'
import type { Exchange, HeaderValues } from './exchange.ts'

/** Of a body that is too long. */
const mostReadAway = 4 * 1024 * 1024

export function headersOf(request: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = { __proto__: null } as never
  for (const [name, value] of Object.entries(request.headers)) {
    if (isIdentityHeader(name)) headers[name] = (request.headersDistinct[name] ?? []).join(betweenIdentities)
    else if (value !== undefined && !name.startsWith(':')) headers[name] = typeof value === 'string' ? value : value.join(', ')
  }
  return headers
}

/** A request over HTTP/1.1, by node:http. */
export class Http1Exchange implements Exchange {
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.#request = request
    this.#response = response
    this.method = request.method ?? 'GET'
    this.url = request.url ?? '/'
    this.headers = headersOf(request)
  }

  get socket(): TLSSocket {
    return this.#request.socket as TLSSocket
  }

  get isGone(): boolean {
    return this.#response.destroyed && !this.#response.writableEnded
  }

  get isAnswered(): boolean {
    return this.#response.headersSent
  }

  whenGone(listener: () => void): void {
    if (this.isGone) listener()
    this.#response.once('close', () => {
      if (!this.#response.writableEnded) listener()
    })
  }

  async readBody(limit: number): Promise<Buffer | undefined> {
    if (this.method === 'GET' || this.method === 'HEAD') return undefined
    const chunks: Buffer[] = []
    const isTooLarge = Number(this.headers['content-length'] ?? 0) > limit
    let size = isTooLarge ? limit : 0
    try {
      // A sender that has not sent all is told nothing: a connection closed over unread bytes is reset. So a little more is read away.
      for await (const chunk of this.#request as AsyncIterable<Buffer>) {
        size += chunk.length
        if (size <= limit) chunks.push(chunk)
        else if (size > limit + mostReadAway) break
      }
      if (isTooLarge || size > limit) throw tooLarge()
    } catch (error) {
      throw error instanceof StatusError ? error : new StatusError(408, 'Timeout', 'the body of the request did not come')
    }
    return chunks.length <= 1 ? chunks[0] : Buffer.concat(chunks, size)
  }

  #head(status: number, headers: HeaderValues): ServerResponse {
    const response = this.#response
    response.statusCode = status
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
    // The rest of a body that is too long is not read.
    if (status === 413) response.setHeader('connection', 'close')
    return response
  }

  answer(status: number, headers: HeaderValues, chunks: readonly Uint8Array[]): void {
    if (this.#response.destroyed) return
    const response = this.#head(status, headers)
    const [only] = chunks
    if (this.method === 'HEAD' || !only) response.end()
    else if (chunks.length === 1) response.end(only)
    else void this.#pour(chunks)
  }

  /** One piece after another, as the peer takes them. */
  async #pour(chunks: readonly Uint8Array[]): Promise<void> {
    const response = this.#response
    let resume = () => {}
    response.on('drain', () => resume())
    response.once('close', () => resume())
    for (const chunk of chunks) {
      if (response.destroyed) return
      if (response.write(chunk) || response.destroyed) continue
      await new Promise<void>((resolve) => {
        resume = resolve
      })
    }
    response.end()
  }

  open(status: number, headers: HeaderValues): Sink {
    const response = this.#head(status, headers)
    response.flushHeaders()
    const isHead = this.method === 'HEAD'
    const sink: Sink = {
      write: (bytes) => (isHead ? true : response.destroyed ? false : response.write(bytes)),
      onDrain: undefined,
      end: () => void response.end(),
      abort: () => void response.destroy(),
    }
    response.on('drain', () => sink.onDrain?.())
    return sink
  }
}
