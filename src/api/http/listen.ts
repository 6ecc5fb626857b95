import type { IncomingMessage } from 'node:http'
import { createSecureServer, type Http2SecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import Koa from 'koa'
import { StatusError } from '../../apimachinery/status.ts'
import type { HandleRequest } from '../request.ts'
import { type Incoming, type Outgoing, serve } from './serve.ts'

/** A part of the port that is not the API: requests whose path begins with `prefix`. */
export interface Mount {
  readonly prefix: string
  handle(req: Incoming, res: Outgoing): void | Promise<void>
}

export interface ListenOptions {
  readonly port: number
  readonly host?: string
  /** PEM. */
  readonly cert: string
  readonly key: string
  /** Signs the client certificates that are believed. PEM. */
  readonly clientCa: string
  readonly mounts?: readonly Mount[]
}

export interface Listening {
  readonly port: number
  close(): Promise<void>
}

export type HandleUpgrade = (req: IncomingMessage, socket: Duplex, head: Buffer) => void

/** Opens the port. API paths go straight to the pipeline; the rest through koa's middleware. */
export async function listen(handle: HandleRequest, upgrade: HandleUpgrade, options: ListenOptions): Promise<Listening> {
  const server = createSecureServer({
    cert: options.cert,
    key: options.key,
    ca: options.clientCa,
    requestCert: true,
    rejectUnauthorized: false,
    allowHTTP1: true,
    minVersion: 'TLSv1.2',
    settings: { maxConcurrentStreams: 1000 },
  })
  const others = koaApp(handle, options.mounts ?? []).callback()
  server.on('request', (req: Http2ServerRequest, res: Http2ServerResponse) => {
    const url = req.url ?? ''
    if (url.startsWith('/api/') || url.startsWith('/apis/')) void serve(handle, req, res)
    else void others(req as never, res as never)
  })
  server.on('upgrade', upgrade)
  server.on('tlsClientError', () => {})
  server.on('clientError', refuseUnreadable)
  server.on('sessionError', () => {})
  const sockets = trackSockets(server)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host ?? '0.0.0.0', resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

/** Answers what is no HTTP request. A method that nobody knows is refused as the router refuses it. */
function refuseUnreadable(error: Error & { code?: string }, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const isMethod = error.code === 'HPE_INVALID_METHOD'
  const status = isMethod
    ? new StatusError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {})
    : new StatusError(400, 'BadRequest', 'the request is not readable as HTTP')
  const body = JSON.stringify(status.status)
  const line = isMethod ? '405 Method Not Allowed' : '400 Bad Request'
  const head = `HTTP/1.1 ${line}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n`
  socket.end(head + body)
}

function koaApp(handle: HandleRequest, mounts: readonly Mount[]): Koa {
  const app = new Koa()
  app.use(async (context, next) => {
    const mount = mounts.find((m) => context.path.startsWith(m.prefix))
    if (!mount) return next()
    context.respond = false
    await mount.handle(context.req, context.res)
  })
  app.use(async (context) => {
    context.respond = false
    await serve(handle, context.req, context.res)
  })
  return app
}

function trackSockets(server: Http2SecureServer): Set<Socket> {
  const sockets = new Set<Socket>()
  server.on('secureConnection', (socket) => {
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.once('close', () => sockets.delete(socket))
    socket.on('error', () => {})
  })
  return sockets
}
