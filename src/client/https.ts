import { Agent } from 'node:https'
import { isIP } from 'node:net'
import { createSecureContext } from 'node:tls'
import type { WatchEvent } from '../api/request.ts'
import { jsonText, parseJson } from '../apimachinery/json.ts'
import { type Status, StatusError } from '../apimachinery/status.ts'
import type { Answer } from './answer.ts'
import type { Client, RawResponse } from './client.ts'
import { sendHttp1 } from './http1.ts'
import { Connections } from './http2/connections.ts'
import { readKubeconfig } from './kubeconfig.ts'
import { lines } from './lines.ts'
import type { Prepared } from './paths.ts'
import { type RateLimit, rateLimiter } from './rate-limit.ts'
import { clientOver } from './transport.ts'

export interface HttpsOptions {
  /** URL of the API server. */
  readonly server: string
  /** PEM of the authority that signs the server's certificate; default the system's. */
  readonly ca?: string
  /** PEM of a client certificate and its key. */
  readonly cert?: string
  readonly key?: string
  /** A bearer token, or what gives the one to use now: tokens of service accounts expire. */
  readonly token?: string | (() => string | Promise<string>)
  /** Believes any certificate of the server. */
  readonly insecure?: boolean
  /** The name to check the server's certificate against, instead of the URL's host. */
  readonly serverName?: string
  readonly userAgent?: string
  /** Acts as another user: needs the right to impersonate. */
  readonly impersonate?: { readonly user: string; readonly groups?: readonly string[] }
  /** Requests beyond it wait. */
  readonly rateLimit?: RateLimit
}

interface Sent {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array | object | undefined
  readonly signal?: AbortSignal | undefined
}

/** A client over HTTPS, with the behaviour of `inProcessClient`: by HTTP/2, or HTTP/1.1 where the server has no other. */
export function httpsClient(options: HttpsOptions): Client {
  const { token } = options
  const exchangeOne = exchangerFor(options)
  const { user, groups = [] } = options.impersonate ?? {}
  const common: Record<string, string> = {
    'user-agent': options.userAgent ?? 'slipway',
    ...(user === undefined ? {} : { 'impersonate-user': user }),
    ...(groups.length === 0 ? {} : { 'impersonate-group': groups.join('\n') }),
  }
  const turn = options.rateLimit && rateLimiter(options.rateLimit)
  const exchange = async (sent: Sent): Promise<Answer> => {
    if (turn) await turn(sent.signal)
    const bearer = typeof token === 'function' ? await token() : token
    if (bearer) return exchangeOne({ ...sent, headers: { ...common, authorization: `Bearer ${bearer}`, ...sent.headers } })
    return exchangeOne({ ...sent, headers: { ...common, ...sent.headers } })
  }
  const typed = (p: Prepared): Promise<Answer> => {
    const query = p.query.toString()
    const headers = { accept: 'application/json', ...p.headers }
    return exchange({ ...p, path: query ? `${p.path}?${query}` : p.path, headers })
  }
  return clientOver({
    send: async (p) => objectOf(await typed(p)),
    watch: (p) => watch(typed(p), p.signal),
    raw: async (r): Promise<RawResponse> => exchange({ ...r, headers: lowered(r.headers ?? {}) }),
  })
}

/** HTTP/2 has no capitals in names of fields. */
const lowered = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))

/** What sends a request with all its headers. */
function exchangerFor(options: HttpsOptions): (sent: Sent) => Promise<Answer> {
  const base = new URL(options.server)
  const host = base.hostname.replace(/^\[|\]$/g, '')
  const root = base.pathname.replace(/\/$/, '')
  const secureContext = createSecureContext({
    // As Go does: any certificate of the file is trusted, not roots alone.
    ...(options.ca ? { ca: options.ca, allowPartialTrustChain: true } : {}),
    ...(options.cert ? { cert: options.cert } : {}),
    ...(options.key ? { key: options.key } : {}),
  })
  const name = options.serverName ?? (isIP(host) ? '' : host)
  const tls = {
    secureContext,
    ...(options.insecure ? { rejectUnauthorized: false } : {}),
    ...(name ? { servername: name } : {}),
  }
  const place = { host, port: Number(base.port || 443) }
  const connections = new Connections({ ...tls, ...place }, base.host)
  let agent: Agent | undefined
  return async (sent) => {
    const { method, signal, body } = sent
    const isPlain = body === undefined || body instanceof Uint8Array
    const bytes = isPlain ? body : Buffer.from(jsonText(body))
    const headers = isPlain ? sent.headers : { 'content-type': 'application/json', ...sent.headers }
    const wired = { method, path: root + sent.path, headers, body: bytes, signal }
    const answer = await connections.send(wired)
    if (answer) return answer
    agent ??= new Agent({ ...tls, keepAlive: true, maxSockets: 256 })
    return sendHttp1(place, agent, wired)
  }
}

/** A client for a context (default: the current one) of a kubeconfig file. Throws Error saying what is missing where. */
export async function fromKubeconfig(path: string, context?: string, userAgent?: string): Promise<Client> {
  const { options } = await readKubeconfig(path, context)
  return httpsClient({ ...options, ...(userAgent ? { userAgent } : {}) })
}

async function objectOf(answer: Answer): Promise<object> {
  const text = await answer.text()
  const code = answer.status
  const object = parsed(text)
  if (code < 400 && object) return object
  if (object && (object as Partial<Status>).kind === 'Status') throw StatusError.from(object as Status)
  const reason = code === 404 ? 'NotFound' : code === 401 ? 'Unauthorized' : code === 403 ? 'Forbidden' : ''
  throw new StatusError(code < 400 ? 500 : code, reason, text.trim() || `the server answered ${code}`)
}

function parsed(text: string): object | undefined {
  try {
    const value: unknown = parseJson(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

async function* watch(asked: Promise<Answer>, signal: AbortSignal | undefined): AsyncGenerator<readonly WatchEvent[]> {
  const answer = await asked
  if (answer.status >= 400) await objectOf(answer)
  try {
    for await (const batch of lines(answer.body)) yield batch.map((line) => parseJson(line) as WatchEvent)
  } catch (e) {
    if (!signal?.aborted) throw e
  } finally {
    answer.close()
  }
}
