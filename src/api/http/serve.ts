import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import type { TLSSocket } from 'node:tls'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { StatusError } from '../../apimachinery/status.ts'
import { userOfConnection } from '../auth/authenticate.ts'
import type { ApiRequest, ApiResponse, HandleRequest, UserInfo } from '../request.ts'
import { readRequestBody } from './body.ts'

export type Incoming = IncomingMessage | Http2ServerRequest
export type Outgoing = ServerResponse | Http2ServerResponse

/** Answers shorter than this are not worth compressing (kube-apiserver's own threshold). */
const gzipAbove = 128 * 1024
const compress = promisify(gzip)

/** Who a connection's certificate names, read once a connection. */
const users = new WeakMap<object, { user: UserInfo | undefined } | { error: unknown }>()

function connectionUser(socket: TLSSocket): UserInfo | undefined {
  let known = users.get(socket)
  if (!known) {
    try {
      known = { user: userOfConnection(socket) }
    } catch (error) {
      known = { error }
    }
    users.set(socket, known)
  }
  if ('error' in known) throw known.error
  return known.user
}

export function socketOf(req: Incoming): TLSSocket {
  const stream = (req as Http2ServerRequest).stream as { session?: { socket?: unknown } } | undefined
  return (stream?.session?.socket ?? req.socket) as TLSSocket
}

/** Made once: a reason of one's own would cost a stack trace a request. */
const closedEarly = new Error('the client has gone')

/** One request over the wire. Never throws. */
export async function serve(handle: HandleRequest, req: Incoming, res: Outgoing): Promise<void> {
  const gone = new AbortController()
  res.once('close', () => {
    if (!res.writableEnded) gone.abort(closedEarly)
  })
  try {
    const request = await readRequest(req, gone.signal)
    await respond(req, res, await handle(request))
  } catch (error) {
    fail(res, error)
  }
}

export function headersOf(req: Incoming): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(req.headers)) {
    if (value !== undefined && !name.startsWith(':')) headers[name] = typeof value === 'string' ? value : value.join(', ')
  }
  return headers
}

/** The query as Go reads it: a pair with a broken escape or a semicolon is not there. */
function queryOf(text: string): URLSearchParams {
  if (!/%(?![0-9a-fA-F]{2})|;/.test(text)) return new URLSearchParams(text)
  return new URLSearchParams(
    text
      .split('&')
      .filter((pair) => !/%(?![0-9a-fA-F]{2})|;/.test(pair))
      .join('&'),
  )
}

export async function readRequest(req: Incoming, signal: AbortSignal, withBody = true): Promise<ApiRequest> {
  const url = req.url ?? '/'
  const mark = url.indexOf('?')
  const socket = socketOf(req)
  const user = connectionUser(socket)
  const body = withBody ? await readRequestBody(req) : undefined
  return {
    method: req.method ?? 'GET',
    path: mark < 0 ? url : url.slice(0, mark),
    query: queryOf(mark < 0 ? '' : url.slice(mark + 1)),
    headers: headersOf(req),
    signal,
    ...(user ? { user } : {}),
    ...(body ? { body } : {}),
    ...(socket.remoteAddress ? { remoteAddress: socket.remoteAddress } : {}),
  }
}

async function respond(req: Incoming, res: Outgoing, response: ApiResponse): Promise<void> {
  const { status, headers, body } = response
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, name === 'warning' ? value.split('\n') : value)
  res.statusCode = status
  if ('stream' in body) return stream(req, res, body.stream)
  if ('bytes' in body) return whole(req, res, [body.bytes])
  if ('chunks' in body) return whole(req, res, body.chunks)
  throw new Error('an answer in objects cannot be sent over the wire')
}

/** On one's own machine compressing takes longer than sending. */
const isLocal = ({ remoteAddress = '' }: TLSSocket): boolean =>
  remoteAddress === '::1' || /^(?:::ffff:)?127\./.test(remoteAddress)

async function whole(req: Incoming, res: Outgoing, chunks: readonly Uint8Array[]): Promise<void> {
  const size = chunks.reduce((sum, c) => sum + c.length, 0)
  if (size > gzipAbove && /\bgzip\b/.test(String(req.headers['accept-encoding'] ?? '')) && !isLocal(socketOf(req))) {
    const bytes = await compress(Buffer.concat(chunks), { level: 1 })
    res.setHeader('content-encoding', 'gzip')
    res.setHeader('vary', 'Accept-Encoding')
    res.setHeader('content-length', bytes.length)
    end(req, res, bytes)
    return
  }
  res.setHeader('content-length', size)
  const last = chunks.at(-1)
  for (const chunk of chunks.slice(0, -1)) await write(res, chunk)
  end(req, res, last)
}

function end(req: Incoming, res: Outgoing, bytes: Uint8Array | undefined): void {
  const out = res as ServerResponse
  if (req.method === 'HEAD' || !bytes?.length) out.end()
  else out.end(bytes)
}

async function stream(req: Incoming, res: Outgoing, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  const out = res as ServerResponse
  out.flushHeaders()
  if (req.method === 'HEAD') {
    out.end()
    return
  }
  for await (const piece of pieces) {
    if (out.destroyed || out.writableEnded) return
    await write(res, piece)
  }
  out.end()
}

/** Resolves when the peer has taken enough for more to be sent, or is gone. */
function write(res: Outgoing, bytes: Uint8Array): Promise<void> | undefined {
  const out = res as ServerResponse
  if (out.write(bytes)) return undefined
  return new Promise((resolve) => {
    const done = () => {
      out.off('drain', done)
      out.off('close', done)
      resolve()
    }
    out.once('drain', done)
    out.once('close', done)
  })
}

function fail(res: Outgoing, error: unknown): void {
  const out = res as ServerResponse
  if (out.headersSent || out.destroyed) {
    out.destroy()
    return
  }
  const status = error instanceof StatusError ? error : new StatusError(500, 'InternalError', 'Internal error occurred')
  if (!(error instanceof StatusError) && !out.destroyed) console.error('while answering a request:', error)
  out.statusCode = status.code
  out.setHeader('content-type', 'application/json')
  if (status.code === 413 && 'shouldKeepAlive' in out) out.setHeader('connection', 'close')
  out.end(JSON.stringify(status.status))
}
