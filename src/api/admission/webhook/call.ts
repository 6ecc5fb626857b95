import type { Agent } from 'node:https'
import { posix } from 'node:path'
import type { PeerCertificate } from 'node:tls'
import { jsonText } from '../../../apimachinery/json.ts'
import type { WebhookClientConfig } from '../../../apimachinery/kinds.generated.ts'
import { services } from '../../../apimachinery/resources.generated.ts'
import type { Objects } from '../../objects.ts'
import { objectIn } from './answer.ts'
import { PostError } from './exchange.ts'
import type { LocalWebhooks } from './local.ts'
import { post, type Route, serverName } from './post.ts'

/** Webhooks whose connections stay open between calls. */
const mostAgents = 200

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
      // A service's certificate is for its name, wherever it sends us.
      const name = config.url ? undefined : serverName(url)
      const route = (to: URL): Route => {
        const at = to.host === url.host ? address : undefined
        return { address: at, servername: name ?? serverName(to), agent: this.#agentFor(to, at, name, config.caBundle) }
      }
      return objectIn(await post({ url, body: jsonText(body), route, ms }))
    } catch (error) {
      if (!(error instanceof PostError)) throw error
      throw new Error(`Post ${JSON.stringify(error.at ?? shown)}: ${error.message}`)
    }
  }

  close(): void {
    for (const agent of this.#agents.values()) agent.destroy()
  }

  #agentFor(url: URL, address: string | undefined, name: string | undefined, caBundle: string | undefined): Agent {
    const key = `${url.host} ${address ?? ''} ${name ?? ''} ${caBundle ?? ''}`
    const known = this.#agents.get(key)
    if (known) return known
    const ca = caBundle ? Buffer.from(caBundle, 'base64').toString() : undefined
    // As Go does: a bundle may hold the server's own certificate, or an authority between it and the root.
    const trust = ca ? { ca, allowPartialTrustChain: true } : {}
    const { Agent } = process.getBuiltinModule('node:https')
    const agent = new Agent({
      keepAlive: true,
      maxSockets: 25,
      servername: name ?? serverName(url),
      checkServerIdentity: checkNames,
      ...trust,
    })
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

/** As Go does, and unlike Node: a certificate that has its name only as its subject's common name is for nobody. */
function checkNames(host: string, cert: PeerCertificate): Error | undefined {
  if (cert.subjectaltname) return process.getBuiltinModule('node:tls').checkServerIdentity(host, cert)
  return Object.assign(new Error('no names'), { code: 'ERR_TLS_CERT_ALTNAME_INVALID', host, cert })
}
