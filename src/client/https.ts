import type { IncomingMessage } from 'node:http'
import { Agent, request as httpsRequest } from 'node:https'
import type { WatchEvent } from '../api/request.ts'
import { type Status, StatusError } from '../apimachinery/status.ts'
import type { Client, RawResponse } from './client.ts'
import { readKubeconfig } from './kubeconfig.ts'
import { lines } from './lines.ts'
import type { Prepared } from './paths.ts'
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
}

interface Sent {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array | object | undefined
  readonly signal?: AbortSignal | undefined
}

/** How long the server may take to begin its answer. */
const answerTimeoutMs = 60_000

/** A client over HTTPS, with the behaviour of `inProcessClient`. Connections are kept and shared. */
export function httpsClient(options: HttpsOptions): Client {
  const base = new URL(options.server)
  const agent = new Agent({
    keepAlive: true,
    maxSockets: 256,
    // As Go does: any certificate of the file is trusted, not roots alone.
    ...(options.ca ? { ca: options.ca, allowPartialTrustChain: true } : {}),
    ...(options.cert ? { cert: options.cert } : {}),
    ...(options.key ? { key: options.key } : {}),
    ...(options.insecure ? { rejectUnauthorized: false } : {}),
    ...(options.serverName ? { servername: options.serverName } : {}),
  })
  const common: Record<string, string> = {
    'user-agent': options.userAgent ?? 'slipway',
  }
  const { token } = options
  const exchange = async (sent: Sent): Promise<IncomingMessage> => {
    const bearer = typeof token === 'function' ? await token() : token
    const authorization: Record<string, string> = bearer ? { authorization: `Bearer ${bearer}` } : {}
    return send(base, agent, { ...sent, headers: { ...common, ...authorization, ...sent.headers } })
  }
  const typed = (p: Prepared): Promise<IncomingMessage> => {
    const query = p.query.toString()
    const headers = { accept: 'application/json', ...p.headers }
    return exchange({ ...p, path: query ? `${p.path}?${query}` : p.path, headers })
  }
  return clientOver({
    send: async (p) => objectOf(await typed(p)),
    watch: (p) => watch(typed(p), p.signal),
    raw: async (r) => rawOf(await exchange({ ...r, headers: r.headers ?? {} })),
  })
}

/** A client for a context (default: the current one) of a kubeconfig file. Throws Error saying what is missing where. */
export async function fromKubeconfig(path: string, context?: string, userAgent?: string): Promise<Client> {
  const { options } = await readKubeconfig(path, context)
  return httpsClient({ ...options, ...(userAgent ? { userAgent } : {}) })
}

function send(base: URL, agent: Agent, sent: Sent): Promise<IncomingMessage> {
  const { body } = sent
  const bytes = body === undefined || body instanceof Uint8Array ? body : Buffer.from(JSON.stringify(body))
  const type = body !== undefined && !(body instanceof Uint8Array) ? { 'content-type': 'application/json' } : {}
  return new Promise((resolve, reject) => {
    const req = httpsRequest(
      {
        agent,
        host: base.hostname.replace(/^\[|\]$/g, ''),
        port: base.port || 443,
        method: sent.method,
        path: base.pathname.replace(/\/$/, '') + sent.path,
        headers: { ...type, ...sent.headers, ...(bytes ? { 'content-length': bytes.length } : {}) },
        ...(sent.signal ? { signal: sent.signal } : {}),
      },
      (answer) => {
        req.setTimeout(0)
        resolve(answer)
      },
    )
    req.setTimeout(answerTimeoutMs, () =>
      req.destroy(new Error(`${base.host} did not answer within ${answerTimeoutMs / 1000} s`)),
    )
    req.once('error', reject)
    req.end(bytes)
  })
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of answer) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

async function objectOf(answer: IncomingMessage): Promise<object> {
  const text = await textOf(answer)
  const code = answer.statusCode ?? 0
  const object = parsed(text)
  if (code < 400 && object) return object
  if (object && (object as Partial<Status>).kind === 'Status') throw StatusError.from(object as Status)
  const reason = code === 404 ? 'NotFound' : code === 401 ? 'Unauthorized' : code === 403 ? 'Forbidden' : ''
  throw new StatusError(code < 400 ? 500 : code, reason, text.trim() || `the server answered ${code}`)
}

function parsed(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

async function* watch(asked: Promise<IncomingMessage>, signal: AbortSignal | undefined): AsyncGenerator<readonly WatchEvent[]> {
  const answer = await asked
  if ((answer.statusCode ?? 0) >= 400) await objectOf(answer)
  try {
    for await (const batch of lines(answer)) yield batch.map((line) => JSON.parse(line) as WatchEvent)
  } catch (e) {
    if (!signal?.aborted) throw e
  } finally {
    answer.destroy()
  }
}

function rawOf(answer: IncomingMessage): RawResponse {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value !== undefined) headers[name] = typeof value === 'string' ? value : value.join('\n')
  }
  return { status: answer.statusCode ?? 0, headers, body: answer }
}
