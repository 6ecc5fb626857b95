import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import type { Agent } from 'node:https'
import type { Duplex } from 'node:stream'
import type { ConnectionOptions, SecureContextOptions } from 'node:tls'
import { StatusError } from '../../apimachinery/status.ts'
import { goError } from '../admission/webhook/go-error.ts'
import type { ApiRequest, ApiResponse } from '../request.ts'
import type { Target } from './targets.ts'

/** How the API server shows itself to kubelets. PEM. */
export interface KubeletCredentials {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/** A client's connection that wants another protocol. */
interface Upgrade {
  readonly socket: Duplex
  /** What came behind the request's head. */
  readonly head: Buffer
}

/** Never forwarded: they are between the client and us, or secret. */
const ownHeaders =
  /^(host|authorization|cookie|content-length|transfer-encoding|keep-alive|te|trailer|proxy-.*|impersonate-.*|x-remote-.*|http2-settings)$/
const bearerProtocol = /^base64url\.bearer\.authorization\.k8s\.io\./

/** The headers that go on to the target. */
export function forwardedHeaders(headers: Readonly<Record<string, string>>, isUpgrade: boolean): OutgoingHttpHeaders {
  const out: OutgoingHttpHeaders = {}
  for (const [name, value] of Object.entries(headers)) {
    if (ownHeaders.test(name) || (!isUpgrade && (name === 'connection' || name === 'upgrade'))) continue
    out[name] = value
  }
  const protocols = headers['sec-websocket-protocol']
  if (protocols !== undefined) {
    out['sec-websocket-protocol'] = protocols
      .split(/,\s*/)
      .filter((p) => !bearerProtocol.test(p))
      .join(', ')
  }
  return out
}

/** How the other side is spoken to. */
export interface Connection {
  /** Which certificates are shown and believed; without them the other side's is not checked. */
  readonly tls?: SecureContextOptions & Pick<ConnectionOptions, 'rejectUnauthorized' | 'servername'>
  /** Keeps connections for later requests; by default each has its own. */
  readonly agent?: Agent
  /** Sent besides the client's own. */
  readonly headers?: OutgoingHttpHeaders
}

function dial(target: Target, request: ApiRequest, { tls, agent, headers: more }: Connection): ClientRequest {
  const { host, port, path, scheme } = target
  const headers = { ...forwardedHeaders(request.headers, request.upgrade !== undefined), ...more }
  const options = { host, port, path, method: request.method, headers, signal: request.signal, agent: agent ?? (false as const) }
  // Loaded when it is needed: an API in memory never does.
  if (scheme === 'http') return process.getBuiltinModule('node:http').request(options)
  return process.getBuiltinModule('node:https').request({ ...options, ...(tls ?? { rejectUnauthorized: false }) })
}

/** What the text of a refusal begins with when nothing could be sent, or no answer came. */
export const unreached = 'error trying to reach service: '

function unreachable({ host, port }: Target, error: Error): StatusError {
  return new StatusError(503, 'ServiceUnavailable', unreached + goError(error, host, String(port)))
}

const repeatable: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Forwards an ordinary request and streams the answer back. Throws 503 when nothing answers. A kept connection that the other side closes
 * just now is no answer: what changes nothing is asked again, as Go's clients do.
 */
export function forward(target: Target, request: ApiRequest, connection: Connection): Promise<ApiResponse> {
  return new Promise((resolve, reject) => {
    const outgoing = dial(target, request, connection)
    outgoing.once('error', (error) => {
      const isStale = outgoing.reusedSocket && repeatable.has(request.method) && !request.signal.aborted
      if (isStale) resolve(forward(target, request, connection))
      else reject(unreachable(target, error))
    })
    outgoing.once('response', (incoming) => resolve(answerOf(incoming)))
    outgoing.end(request.body instanceof Uint8Array ? request.body : undefined)
  })
}

function answerOf(incoming: IncomingMessage): ApiResponse {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value === undefined || /^(connection|keep-alive|transfer-encoding|upgrade)$/.test(name)) continue
    headers[name] = Array.isArray(value) ? value.join(', ') : value
  }
  return { status: incoming.statusCode ?? 502, headers, body: { stream: incoming } }
}

/**
 * Forwards a request that changes protocol, and joins the two connections. Resolves with 101 when they are joined; with the target's
 * answer when it did not agree.
 */
export function forwardUpgrade(
  target: Target,
  request: ApiRequest,
  upgrade: Upgrade,
  connection: Connection,
): Promise<ApiResponse> {
  return new Promise((resolve, reject) => {
    const outgoing = dial(target, request, connection)
    outgoing.once('error', (error) => reject(unreachable(target, error)))
    outgoing.once('response', (incoming) => resolve(answerOf(incoming)))
    outgoing.once('upgrade', (incoming, socket, head) => {
      const lines = [`HTTP/1.1 ${incoming.statusCode} ${incoming.statusMessage}`]
      for (let i = 0; i < incoming.rawHeaders.length; i += 2)
        lines.push(`${incoming.rawHeaders[i]}: ${incoming.rawHeaders[i + 1]}`)
      upgrade.socket.write(`${lines.join('\r\n')}\r\n\r\n`)
      if (head.length > 0) upgrade.socket.write(head)
      if (upgrade.head.length > 0) socket.write(upgrade.head)
      join(upgrade.socket, socket)
      resolve({ status: 101, headers: {}, body: { chunks: [] } })
    })
    outgoing.end()
  })
}

/** What one side sends, the other gets; when one ends or breaks, so does the other. */
function join(a: Duplex, b: Duplex): void {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    from.pipe(to)
    from.once('error', () => to.destroy())
    from.once('close', () => to.destroy())
  }
}
