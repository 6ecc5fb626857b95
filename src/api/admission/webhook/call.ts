import type { Agent } from 'node:https'
import { isIP } from 'node:net'
import { posix } from 'node:path'
import { jsonText } from '../../../apimachinery/json.ts'
import type { WebhookClientConfig } from '../../../apimachinery/kinds.generated.ts'
import { services } from '../../../apimachinery/resources.generated.ts'
import type { Objects } from '../../objects.ts'
import { type Answer, objectIn } from './answer.ts'
import type { LocalWebhooks } from './local.ts'

const mostBytes = 10 * 1024 * 1024
/** Webhooks whose connections stay open between calls. */
const mostAgents = 200

interface Target {
  readonly url: URL
  /** Where to connect when that is not the URL's host. */
  readonly address: string | undefined
}

/** How an API server asks webhooks: those of its own process by a call, others over connections that it keeps. */
export class WebhookCalls {
  readonly #objects: Objects
  readonly #local: LocalWebhooks | undefined
  readonly #agents = new Map<string, Agent>()

  constructor(objects: Objects, local?: LocalWebhooks) {
    this.#objects = objects
    this.#local = local
  }

  /** Posts `body` to the webhook and gives its JSON answer. Throws an Error, worded as Go's client words it. `seconds`: at most. */
  async ask(config: WebhookClientConfig, body: object, seconds: number): Promise<unknown> {
    const local = this.#local?.ask(config.url, body)
    if (local) return local
    const { url, address } = targetOf(this.#objects, config)
    url.pathname = joined(url.pathname)
    url.searchParams.set('timeout', `${seconds}s`)
    const agent = this.#agentFor(url, address, config.caBundle)
    return objectIn(await post({ url, address, agent, body: jsonText(body) }, seconds))
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

function targetOf(objects: Objects, { url, service }: WebhookClientConfig): Target {
  if (url) return { url: new URL(url), address: undefined }
  if (!service) throw new Error('webhook configuration must have either service or URL')
  const { namespace, name, path = '', port = 443 } = service
  const found = objects.get(services, namespace, name)
  if (!found) throw new Error(`service ${JSON.stringify(name)} not found`)
  const { clusterIP, type, externalName, ports } = found.spec ?? {}
  if (!ports?.some((p) => p.port === port)) throw new Error(`no service port ${port} found for service ${JSON.stringify(name)}`)
  const target = new URL(`https://${name}.${namespace}.svc:${port}/${path.replace(/^\//, '')}`)
  if (type === 'ExternalName') return { url: target, address: externalName }
  if (!clusterIP || clusterIP === 'None') throw new Error(`service ${JSON.stringify(name)} has no cluster IP`)
  return { url: target, address: clusterIP }
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
async function post(asked: Post, seconds: number): Promise<Answer> {
  const signal = AbortSignal.timeout(seconds * 1000)
  for (;;) {
    const answer = await postOnce(asked, signal)
    if (answer !== stale) return answer
  }
}

const stale = Symbol('the connection was kept, and is closed')

function postOnce({ url, address, agent, body }: Post, signal: AbortSignal): Promise<Answer | typeof stale> {
  const host = address ?? url.hostname.replace(/^\[|\]$/g, '')
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => reject(new Error(`Post ${JSON.stringify(url.href)}: ${why}`))
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

/** Go's words for what went wrong on the way. */
function goError(error: NodeJS.ErrnoException, host: string, port: string): string {
  if (error.name === 'AbortError' || error.name === 'TimeoutError') return 'context deadline exceeded'
  switch (error.code) {
    case 'ECONNREFUSED':
      return `dial tcp ${dialed(error, host)}:${port}: connect: connection refused`
    case 'EHOSTUNREACH':
      return `dial tcp ${dialed(error, host)}:${port}: connect: no route to host`
    case 'ENOTFOUND':
      return `dial tcp: lookup ${host}: no such host`
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return 'tls: failed to verify certificate: x509: certificate signed by unknown authority'
    case 'ECONNRESET':
      // Closed before an answer, or in the middle of one.
      return error.message === 'socket hang up' ? 'EOF' : error.message
    default:
      return error.message
  }
}

/** The address that was tried first: a name may have several. */
function dialed(error: NodeJS.ErrnoException & { address?: string }, host: string): string {
  const [first] = error instanceof AggregateError ? (error.errors as { address?: string }[]) : [error]
  const address = first?.address ?? host
  return address.includes(':') ? `[${address}]` : address
}
