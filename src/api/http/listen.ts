import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:https'
import type { Duplex } from 'node:stream'
import { DEFAULT_CIPHERS, type TLSSocket } from 'node:tls'
import { goJson } from '../../apimachinery/go-quote.ts'
import { type Address, type OpenPort, openPort } from '../../apimachinery/open-port.ts'
import { StatusError } from '../../apimachinery/status.ts'
import { type FrontProxyTrust, frontProxyNoter } from '../auth/front-proxy.ts'
import type { HandleRequest } from '../request.ts'
import type { Exchange } from './exchange.ts'
import { Http1Exchange } from './http1.ts'
import { Connection } from './http2/connection.ts'
import { limits } from './http2/limits.ts'
import { NodeRequest, NodeResponse } from './http2/node-style.ts'
import type { Mount } from './mounts.ts'
import { serve } from './serve.ts'

export interface ListenOptions extends Address {
  /** PEM. */
  readonly cert: string
  readonly key: string
  /** Signs the client certificates that are believed. PEM. */
  readonly clientCa: string
  readonly mounts?: readonly Mount[]
  /** Proxies that say in headers who asks. */
  readonly frontProxy?: FrontProxyTrust
}

type HandleUpgrade = (req: IncomingMessage, socket: Duplex, head: Buffer) => void

/** How often HTTP/2 connections are looked at, while there are any. */
const sweepMs = 5000
/** How often Node looks at HTTP/1 connections: it wakes a machine at rest each time. */
const http1SweepMs = 15_000

const first = 'TLS_AES_128_GCM_SHA256'
/** Go's order, and so kube-apiserver's: Node would take 256 bits first, which costs both sides more on each byte. */
const ciphers = [first, ...DEFAULT_CIPHERS.split(':').filter((name) => name !== first)].join(':')

/** Opens the port: API paths go straight to the pipeline, mounts through koa. */
export async function listen(handle: HandleRequest, upgrade: HandleUpgrade, options: ListenOptions): Promise<OpenPort> {
  const mounts = options.mounts ?? []
  const others = mounts.length > 0 ? (await import('./mounts.ts')).serveMounts(mounts) : undefined
  const isMounted = (url: string): boolean => mounts.some((m) => url.startsWith(m.prefix))
  const exchange = (e: Exchange): void => void serve(handle, e)
  const server = createServer({
    cert: options.cert,
    key: options.key,
    ca: options.frontProxy ? [options.clientCa, options.frontProxy.ca] : options.clientCa,
    requestCert: true,
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2',
    ciphers,
    ALPNProtocols: ['h2', 'http/1.1'],
    handshakeTimeout: limits.headersMs,
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersMs,
    requestTimeout: limits.bodyMs,
    connectionsCheckingInterval: http1SweepMs,
    keepAliveTimeout: limits.idleMs,
    noDelay: true,
  })
  server.on('request', (req, res) => {
    if (isMounted(req.url ?? '')) void others?.(req, res)
    else exchange(new Http1Exchange(req, res))
  })
  if (options.frontProxy) server.on('secureConnection', frontProxyNoter(options.frontProxy))
  server.on('upgrade', upgrade)
  server.on('tlsClientError', () => {})
  server.on('clientError', refuseUnreadable)
  const connections = byProtocol(server, (stream) => {
    if (!isMounted(stream.url)) return exchange(stream)
    const req = new NodeRequest(stream)
    void others?.(req as never, new NodeResponse(stream, req) as never)
  })
  return openPort(server, { port: options.port, host: options.host ?? '0.0.0.0' }, () => {
    for (const socket of connections) socket.destroy()
  })
}

/** Gives HTTP/2 connections to us and leaves the others to node:http. Gives the sockets that are open. */
function byProtocol(server: ReturnType<typeof createServer>, onStream: ConstructorParameters<typeof Connection>[1]): Set<Duplex> {
  const sockets = new Set<Duplex>()
  const http2 = new Set<Connection>()
  let sweeping: NodeJS.Timeout | undefined
  const sweep = () => {
    const now = performance.now()
    for (const connection of http2) connection.sweep(now)
  }
  const [http1] = server.listeners('secureConnection') as [(socket: TLSSocket) => void]
  server.removeListener('secureConnection', http1)
  server.on('secureConnection', (socket) => {
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.setMaxListeners(0)
    socket.once('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    if (socket.alpnProtocol !== 'h2') return http1.call(server, socket)
    const connection = new Connection(socket, onStream)
    http2.add(connection)
    sweeping ??= setInterval(sweep, sweepMs).unref()
    socket.once('close', () => {
      http2.delete(connection)
      if (http2.size > 0) return
      clearInterval(sweeping)
      sweeping = undefined
    })
  })
  return sockets
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
  const body = goJson(status.status)
  const line = isMethod ? '405 Method Not Allowed' : '400 Bad Request'
  const head = `HTTP/1.1 ${line}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n`
  socket.end(head + body)
}
