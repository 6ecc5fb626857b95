import type { Agent } from 'node:https'
import { isIP } from 'node:net'
import { posix } from 'node:path'
import { jsonText } from '../../../apimachinery/json.ts'
import type { WebhookClientConfig } from '../../../apimachinery/kinds.generated.ts'
import { services } from '../../../apimachinery/resources.generated.ts'
import type { Objects } from '../../objects.ts'
import { type Answer, objectIn } from './answer.ts'
import { goError } from './go-error.ts'
import type { LocalWebhooks } from './local.ts'

const mostBytes = 10 * 1024 * 1024
/** Webhooks whose connections stay open between calls. */
const mostAgents = 200

/** Nothing was answered. */
class PostError extends Error {}

/** How an API server asks webhooks: those of its own process by a call, others over connections that it keeps. */
export class WebhookCalls {
  readonly #objects: Objects
  readonly #local: LocalWebhooks | undefined
  readonly #agents = new Map<string, Agent>()

  constructor(objects: Objects, local?: LocalWebhooks) {
    this.#objects = objects
    this.#local = local
  }

  /** Posts `body` to the webhook and gives its JSON answer. Throws an Error, worded as Go's client words it. `ms`: at most. */
  async ask(config: WebhookClientConfig, body: object, ms: number): Promise<unknown> {
    const local = this.#local?.ask(config.url, body)
    if (local) return local
    const { url, shown } = urlOf(config, ms)
    try {
      const address = addressOf(this.#objects, config)
      const agent = this.#agentFor(url, address, config.caBundle)
      const answer = await post({ url, address, agent, body: jsonText(body) }, ms)
      return objectIn(answer)
    } catch (error) {
      throw error instanceof PostError ? new Error(`Post ${JSON.stringify(shown)}: ${error.message}`) : error
    }
  }

  close(): void {
    for (const agent of this.#agents.values()) agent.destroy()
  }

  #agentFor(url: URL, address: string | undefined, caBundle: string | undefined): Agent {
    const key = `${url.host} ${address ?? ''} ${caBundle ?? ''}`
    const known = this.#agents.get(key)
    if (known) return known
    const ca = caBundle ? Buffer.from(caBundle, 'base64').toString() : undefined
    // As Go does: a bundle may hold the server's own certificate, or an authority between it and the root.
    const trust = ca ? { ca, allowPartialTrustChain: true } : {}
    const { Agent } = process.getBuiltinModule('node:https')
    const agent = new Agent({ keepAlive: true, maxSockets: 25, servername: serverName(url), ...trust })
    if (this.#agents.size >= mostAgents) {
      const [oldest] = this.#agents.keys()
      this.#agents.get(oldest ?? '')?.destroy()
      this.#agents.delete(oldest ?? '')
    }
    this.#agents.set(key, agent)
    return agent
  }
}

/** Where to post, and how messages tell it: a port stays written that is https's own. */
function urlOf({ url: given, service }: WebhookClientConfig, ms: number): { url: URL; shown: string } {
  if (!given && !service) throw new Error('webhook configuration must have either service or URL')
  const { namespace, name, path = '', port = 443 } = service ?? { namespace: '', name: '' }
  const text = given ?? `https://${name}.${namespace}.svc:${port}/${path.replace(/^\//, '')}`
  const url = new URL(text)
  url.pathname = joined(url.pathname)
  // The webhook is told in whole seconds.
  if (ms > 0) url.searchParams.set('timeout', `${Math.ceil(ms / 1000)}s`)
  const isWritten = url.port === '' && /^https:\/\/[^/?#]*:443(?=[/?#]|$)/i.test(text)
  return { url, shown: isWritten ? url.href.replace(url.host, `${url.host}:443`) : url.href }
}

/** Where to connect when that is not the URL's host. */
function addressOf(objects: Objects, { url, service }: WebhookClientConfig): string | undefined {
  if (url || !service) return undefined
  const { namespace, name, port = 443 } = service
  const found = objects.get(services, namespace, name)
  if (!found) throw new PostError(`service ${JSON.stringify(name)} not found`)
  const { clusterIP = '', type, externalName, ports } = found.spec ?? {}
  if (type === 'ExternalName') return externalName
  if (clusterIP === '' || clusterIP === 'None')
    throw new PostError(`cannot route to service with ClusterIP ${JSON.stringify(clusterIP)}`)
  if (!ports?.some((p) => p.port === port))
    throw new PostError(`no service port ${port} found for service ${JSON.stringify(name)}`)
  return clusterIP
}

/** A path as Go's path.Join has it: no slash twice, none at the end. */
const joined = (path: string): string => posix.join('/', path).replace(/(?<=.)\/$/, '')

/** Addresses are no names that TLS could ask for. */
const serverName = ({ hostname }: URL): string => (isIP(hostname.replace(/^\[|\]$/g, '')) ? '' : hostname)

interface Post {
  readonly url: URL
  readonly address: string | undefined
  readonly agent: Agent
  readonly body: string
}

/**
 * Tries again when a connection that was kept between calls turns out to be closed before any answer: mostly it was while nobody used it. A new
 * connection is tried once.
 */
async function post(asked: Post, ms: number): Promise<Answer> {
  const signal = AbortSignal.timeout(Math.max(0, Math.round(ms)))
  for (;;) {
    const answer = await postOnce(asked, signal)
    if (answer !== stale) return answer
  }
}

const stale = Symbol('the connection was kept, and is closed')

function postOnce({ url, address, agent, body }: Post, signal: AbortSignal): Promise<Answer | typeof stale> {
  const host = address ?? url.hostname.replace(/^\[|\]$/g, '')
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => reject(new PostError(why))
    let isAnswered = false
    const call = process.getBuiltinModule('node:https').request({
      host,
      port: url.port || 443,
      path: `${url.pathname}${url.search}`,
      method: 'POST',
      agent,
      servername: serverName(url),
      headers: {
        host: url.host,
        'content-type': 'application/json',
        accept: 'application/json, */*',
        'user-agent': 'kube-apiserver-admission',
        'content-length': Buffer.byteLength(body),
      },
      signal,
    })
    call.on('error', (error: NodeJS.ErrnoException) => {
      if (call.reusedSocket && !isAnswered && (error.code === 'ECONNRESET' || error.code === 'EPIPE')) resolve(stale)
      else fail(goError(error, host, url.port || '443'))
    })
    call.on('response', (response) => {
      isAnswered = true
      const pieces: Buffer[] = []
      let size = 0
      response.on('data', (piece: Buffer) => {
        size += piece.length
        pieces.push(piece)
        if (size > mostBytes) call.destroy(new Error('http: response body too large'))
      })
      response.on('error', (error) => fail(goError(error, host, url.port || '443')))
      response.on('end', () => {
        const text = Buffer.concat(pieces).toString()
        const { statusCode: status = 500, headers } = response
        resolve({ status, type: headers['content-type'] ?? '', text })
      })
    })
    call.end(body)
  })
}
