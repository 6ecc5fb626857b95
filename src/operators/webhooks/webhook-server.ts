import type { IncomingMessage } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { Socket } from 'node:net'
import { jsonText, parseJson } from '../../apimachinery/json.ts'
import { type Address, listenOn } from '../../apimachinery/open-port.ts'
import type { AnswerReview } from './answer.ts'
import type { KeyPair } from './certificates.ts'
import type { WebhookMeter } from './webhook-metrics.ts'

export interface ReviewServerOptions {
  readonly answer: AnswerReview
  readonly meter: WebhookMeter
}

export interface WebhookServerOptions extends ReviewServerOptions, Address {}

/** Answers reviews over TLS; it refuses connections until `use` gave it a certificate. */
export interface ReviewServer {
  /** Takes over a connection that somebody else accepted. */
  accept(socket: Socket): void
  /** New connections get this certificate. */
  use(leaf: KeyPair): void
  /** Ends idle connections at once, the others when they are answered, or after 5 s. */
  close(): Promise<void>
}

export interface WebhookServer extends ReviewServer {
  readonly port: number
}

const mostBytes = 10 * 1024 * 1024
const idleMs = 30_000
const graceMs = 5000

/** The HTTPS server of webhooks, on a port. */
export async function serveWebhooks(options: WebhookServerOptions): Promise<WebhookServer> {
  const { server, ...reviews } = createReviewServer(options)
  return { ...reviews, port: await listenOn(server, options) }
}

/** The HTTPS server of webhooks without a port: connections are brought by `accept`, or `server` listens. */
export function createReviewServer({ answer, meter }: ReviewServerOptions): ReviewServer & { readonly server: Server } {
  let closing = false
  // Node knows which connections are idle only of a server that listens.
  const idle = new Set<Socket>()
  const server = createServer({ minVersion: 'TLSv1.2' }, (request, response) => {
    idle.delete(request.socket)
    response.once('close', () => {
      if (!request.socket.destroyed) idle.add(request.socket)
    })
    const path = (request.url ?? '').split('?')[0] ?? ''
    const send = (code: number, body: object) => {
      done(code)
      const end = closing ? { connection: 'close' } : {}
      response.writeHead(code, { 'content-type': 'application/json', ...end }).end(jsonText(body))
    }
    const done = meter.begin(path)
    bodyOf(request)
      .then((text) => answer(path, parseJson(text)))
      .then((review) => (review ? send(200, review) : send(404, { error: `no webhook is served under ${path}` })))
      .catch((error: Error) => send(400, { error: error.message }))
  })
  server.requestTimeout = idleMs
  const open = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    open.add(socket)
    socket.once('close', () => {
      open.delete(socket)
      if (closing && open.size === 0) ended.resolve()
    })
  })
  server.on('secureConnection', (socket: Socket) => {
    idle.add(socket)
    socket.once('close', () => idle.delete(socket))
  })
  const ended = Promise.withResolvers<void>()
  return {
    server,
    accept: (socket) => void server.emit('connection', socket),
    use: ({ cert, key }) => server.setSecureContext({ cert, key, minVersion: 'TLSv1.2' }),
    async close() {
      closing = true
      server.close()
      for (const socket of idle) socket.destroy()
      if (open.size === 0) return
      const force = setTimeout(() => {
        for (const socket of open) socket.destroy()
      }, graceMs)
      await ended.promise
      clearTimeout(force)
    },
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of request) {
    size += (piece as Buffer).length
    if (size > mostBytes) throw new Error(`the review is larger than ${mostBytes} bytes`)
    pieces.push(piece as Buffer)
  }
  return Buffer.concat(pieces).toString('utf8')
}
