// Posting to a webhook as client-go and Go's http.Client do: kept connections, redirects, answers that ask to come again later.
import type { IncomingMessage } from 'node:http'
import type { Agent } from 'node:https'
import { isIP } from 'node:net'
import { setTimeout as after } from 'node:timers/promises'
import type { Answer } from './answer.ts'
import { type Exchange, PostError, shownUrl } from './exchange.ts'
import { goError } from './go-error.ts'
import { bodyOf } from './read-body.ts'
import { redirected } from './redirect.ts'

/** How a URL is reached. */
export interface Route {
  /** Where to connect when that is not the URL's host. */
  readonly address: string | undefined
  readonly servername: string
  readonly agent: Agent
}

interface Post {
  readonly url: URL
  readonly body: string
  readonly route: (url: URL) => Route
  /** At most. */
  readonly ms: number
}

/** As often as client-go comes again when it is asked to. */
const mostAgain = 10

/** What the webhook answers in the end. Throws PostError, or an Error when an answer broke off. */
export async function post(asked: Post): Promise<Answer> {
  const signal = AbortSignal.timeout(Math.max(0, Math.round(asked.ms)))
  for (let again = 0; ; again++) {
    const { answer, retryAfterSeconds } = await followed(asked, signal)
    if (retryAfterSeconds === undefined || again >= mostAgain) return answer
    await after(retryAfterSeconds * 1000, undefined, { signal }).catch(() => {
      throw new PostError('context deadline exceeded')
    })
  }
}

interface Answered {
  readonly answer: Answer
  /** So long the webhook wants to be left alone; undefined: this is its answer. */
  readonly retryAfterSeconds: number | undefined
}

async function followed(asked: Post, signal: AbortSignal): Promise<Answered> {
  let exchange: Exchange = { url: asked.url, method: 'POST', referer: undefined }
  for (let count = 1; ; count++) {
    const answer = await once(asked, exchange, signal)
    if (answer === stale) {
      count--
      continue
    }
    const next = redirected(answer, exchange, count)
    if (!next) return { answer: await bodyOf(answer, signal), retryAfterSeconds: comeAgain(answer) }
    answer.resume()
    exchange = next
  }
}

/** client-go comes again for these when they say when. */
function comeAgain({ statusCode: status = 500, headers }: IncomingMessage): number | undefined {
  const text = headers['retry-after'] ?? ''
  return (status === 429 || status >= 500) && /^\d+$/.test(text) ? Number(text) : undefined
}

const stale = Symbol('the connection was kept, and is closed')

/**
 * `stale`: a connection that was kept between calls turns out to be closed before any answer; mostly it was while nobody used it. A new connection
 * is tried once.
 */
function once(asked: Post, exchange: Exchange, signal: AbortSignal): Promise<IncomingMessage | typeof stale> {
  const { url, method, referer } = exchange
  const { address, servername, agent } = asked.route(url)
  const host = address ?? url.hostname.replace(/^\[|\]$/g, '')
  const port = url.port || (url.protocol === 'http:' ? '80' : '443')
  const content = method === 'POST' ? { 'content-type': 'application/json', 'content-length': Buffer.byteLength(asked.body) } : {}
  const headers = {
    host: url.host,
    'user-agent': 'kube-apiserver-admission',
    accept: 'application/json, */*',
    ...content,
    ...(referer ? { referer } : {}),
    'accept-encoding': 'gzip',
  }
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage | typeof stale>()
  const options = { host, port, path: `${url.pathname}${url.search}`, method, headers, signal }
  const isPlain = url.protocol === 'http:'
  const call = isPlain
    ? process.getBuiltinModule('node:http').request({ ...options, agent: false })
    : process.getBuiltinModule('node:https').request({ ...options, agent, servername })
  call.removeHeader('connection')
  call.on('response', resolve)
  call.on('error', (error: NodeJS.ErrnoException) => {
    if (call.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE')) resolve(stale)
    else reject(new PostError(goError(error, host, port), url === asked.url ? undefined : shownUrl(url)))
  })
  call.end(method === 'POST' ? asked.body : undefined)
  return promise
}

/** Addresses are no names that TLS could ask for. */
export const serverName = ({ hostname }: URL): string => (isIP(hostname.replace(/^\[|\]$/g, '')) ? '' : hostname)
