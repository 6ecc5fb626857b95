import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { jsonText, parseJson } from '../../apimachinery/json.ts'
import type { AnswerReview } from './answer.ts'
import type { KeyPair } from './certificates.ts'
import type { WebhookMeter } from './webhook-metrics.ts'

export interface WebhookServerOptions {
  /** 0: one that is free. */
  readonly port: number
  /** Default: all addresses. */
  readonly host?: string
  readonly answer: AnswerReview
  readonly meter: WebhookMeter
}

export interface WebhookServer {
  readonly port: number
  /** New connections get this certificate. */
  use(leaf: KeyPair): void
  close(): Promise<void>
}

const mostBytes = 10 * 1024 * 1024
const idleMs = 30_000

/** The HTTPS server of webhooks; it refuses connections until `use` gave it a certificate. */
export async function serveWebhooks({ port, host, answer, meter }: WebhookServerOptions): Promise<WebhookServer> {
  const server = createServer({ minVersion: 'TLSv1.2' }, (request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? ''
    const send = (code: number, body: object) => {
      done(code)
      response.writeHead(code, { 'content-type': 'application/json' }).end(jsonText(body))
    }
    const done = meter.begin(path)
    bodyOf(request)
      .then((text) => answer(path, parseJson(text)))
      .then((review) => (review ? send(200, review) : send(404, { error: `no webhook is served under ${path}` })))
      .catch((error: Error) => send(400, { error: error.message }))
  })
  server.requestTimeout = idleMs
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    use: ({ cert, key }) => server.setSecureContext({ cert, key, minVersion: 'TLSv1.2' }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
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
