// Downloads with a deadline and a limit, by credentials and certificates of the user's choice.
import { readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { ChartError } from '../chart/chart.ts'

const TIMEOUT_MS = 120_000
const MAX_REDIRECTS = 10
export const MAX_DOWNLOAD = 110 * 1024 * 1024

/** Who asks, and whom to trust. Files are PEM. */
export interface Access {
  readonly username?: string | undefined
  readonly password?: string | undefined
  /** Credentials go to other hosts than the repository's, too. */
  readonly passCredentials?: boolean | undefined
  readonly caFile?: string | undefined
  readonly certFile?: string | undefined
  readonly keyFile?: string | undefined
  readonly insecureSkipTlsVerify?: boolean | undefined
}

export const basic = (a: Access): Record<string, string> =>
  a.username === undefined
    ? {}
    : { authorization: `Basic ${Buffer.from(`${a.username}:${a.password ?? ''}`).toString('base64')}` }

/** What may be shown to the host of `url`: the credentials are for the repository at `base`. */
export function accessTo(url: string, base: string, a: Access): Access {
  if (a.passCredentials || new URL(url).origin === new URL(base).origin) return a
  const { username: _user, password: _password, ...rest } = a
  return rest
}

/** The body of a URL. Throws ChartError with URL and status. */
export async function download(url: string, access: Access = {}, timeoutMs = TIMEOUT_MS): Promise<Buffer> {
  const response = await request(url, { headers: basic(access), timeoutMs }, access)
  if (!response.ok) throw new ChartError(`failed to fetch ${url} : ${response.status} ${response.statusText}`)
  return readBody(response, url)
}

interface RequestOptions {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Buffer
  readonly timeoutMs?: number
}

/** A request with a deadline; network errors as ChartError. */
export async function request(url: string, o: RequestOptions = {}, access: Access = {}): Promise<Response> {
  const signal = AbortSignal.timeout(o.timeoutMs ?? TIMEOUT_MS)
  try {
    if (access.caFile || access.certFile || access.insecureSkipTlsVerify) return await requestTls(url, o, access, signal)
    const { body, timeoutMs: _deadline, ...rest } = o
    return await fetch(url, { signal, ...rest, ...(body ? { body: new Uint8Array(body) } : {}) })
  } catch (e) {
    const cause = (e as Error).cause
    throw new ChartError(`could not reach ${url}: ${cause instanceof Error ? cause.message : (e as Error).message}`)
  }
}

/** As fetch, which knows no certificates. */
async function requestTls(from: string, o: RequestOptions, access: Access, signal: AbortSignal): Promise<Response> {
  const file = (path: string | undefined) => (path ? readFileSync(path) : undefined)
  const tls = {
    ca: file(access.caFile),
    cert: file(access.certFile),
    key: file(access.keyFile),
    rejectUnauthorized: !access.insecureSkipTlsVerify,
  }
  let url = new URL(from)
  let headers = { ...o.headers }
  for (let i = 0; i <= MAX_REDIRECTS; i++) {
    const response = await once(url, { ...o, headers }, tls, signal)
    const to = response.headers.get('location')
    if (response.status < 300 || response.status >= 400 || !to) return response
    const next = new URL(to, url)
    if (next.origin !== url.origin) headers = Object.fromEntries(Object.entries(headers).filter(([k]) => k !== 'authorization'))
    url = next
  }
  throw new Error('too many redirects')
}

function once(url: URL, o: RequestOptions, tls: object, signal: AbortSignal): Promise<Response> {
  const { request: send } = process.getBuiltinModule(url.protocol === 'https:' ? 'node:https' : 'node:http')
  return new Promise((resolve, reject) => {
    const sent = send(url, { method: o.method ?? 'GET', headers: o.headers ?? {}, signal, ...tls }, (answer) => {
      const headers = new Headers()
      for (const [k, v] of Object.entries(answer.headers)) headers.set(k, String(v))
      const status = answer.statusCode ?? 500
      const hasBody = o.method !== 'HEAD' && status !== 204 && status !== 304
      const body = hasBody ? (Readable.toWeb(answer) as ReadableStream<Uint8Array<ArrayBuffer>>) : null
      if (!hasBody) answer.resume()
      resolve(new Response(body, { status, statusText: answer.statusMessage ?? '', headers }))
    })
    sent.on('error', reject)
    sent.end(o.body)
  })
}

export async function readBody(response: Response, url: string): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.length
    if (size > MAX_DOWNLOAD) throw new ChartError(`${url} is larger than ${MAX_DOWNLOAD} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
