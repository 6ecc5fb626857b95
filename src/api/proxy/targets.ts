import type { EndpointSlice, Node, Pod, Service } from '../../apimachinery/kinds.generated.ts'
import { badRequest, StatusError, unforeseen } from '../../apimachinery/status.ts'

/** Where a request is forwarded to. */
export interface Target {
  readonly scheme: 'http' | 'https'
  readonly host: string
  readonly port: number
  /** Escaped, with the query. */
  readonly path: string
}

export type Stream = 'exec' | 'attach' | 'portforward' | 'log'

const defaultKubeletPort = 10_250

/** The kubelet's address. Throws 503 when the node has none yet. */
export function kubeletOf(node: Node): { host: string; port: number } {
  const addresses = node.status?.addresses ?? []
  const preferred = ['InternalIP', 'ExternalIP', 'Hostname'].flatMap((type) => addresses.filter((a) => a.type === type))[0]
  if (!preferred) throw unforeseen('no preferred addresses found; known addresses: []')
  return { host: preferred.address, port: node.status?.daemonEndpoints?.kubeletEndpoint?.Port ?? defaultKubeletPort }
}

/** The name of the node that has the pod. Throws 400 while it has none. */
export function nodeNameOf(pod: Pod): string {
  const name = pod.spec?.nodeName
  if (!name) throw badRequest(`pod ${pod.metadata.name} does not have a host assigned`)
  return name
}

/** Which container is meant. Throws 400, with the texts that kubectl users know, when that is not clear or there is none of that name. */
export function containerOf(pod: Pod, asked: string | null): string {
  const spec = pod.spec
  const names = (list: readonly { name: string }[] | undefined) => (list ?? []).map((c) => c.name)
  const [own, init, ephemeral] = [names(spec?.containers), names(spec?.initContainers), names(spec?.ephemeralContainers)]
  const all = [...init, ...own, ...ephemeral]
  if (asked) {
    if (all.includes(asked)) return asked
    throw badRequest(`container ${asked} is not valid for pod ${pod.metadata.name}`)
  }
  if (own.length === 1) return own[0] ?? ''
  throw badRequest(`a container name must be specified for pod ${pod.metadata.name}, choose one of: [${all.join(' ')}]`)
}

/** API server's query names → the kubelet's (pkg/kubelet/types: ExecStdinParam and so on). */
const streamFlags = { stdin: 'input', stdout: 'output', stderr: 'error', tty: 'tty' } as const
const isTrue = (value: string | null) => value === 'true' || value === '1'

/** The path at the pod's kubelet. Throws 400. */
export function kubeletPath(kind: Stream, pod: Pod, query: URLSearchParams): string {
  const { namespace = '', name = '' } = pod.metadata
  const own = `${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`
  const out = new URLSearchParams()
  if (kind === 'portforward') {
    for (const port of query.getAll('ports')) out.append('port', port)
    return withQuery(`/portForward/${own}`, out)
  }
  const container = encodeURIComponent(containerOf(pod, query.get('container')))
  if (kind === 'log') {
    for (const [key, value] of query) if (key !== 'container' && value !== '') out.append(key, value)
    return withQuery(`/containerLogs/${own}/${container}`, out)
  }
  for (const [from, to] of Object.entries(streamFlags)) if (isTrue(query.get(from))) out.append(to, '1')
  if (kind === 'exec') for (const word of query.getAll('command')) out.append('command', word)
  return withQuery(`/${kind}/${own}/${container}`, out)
}

function withQuery(path: string, query: URLSearchParams): string {
  const text = query.toString()
  return text === '' ? path : `${path}?${text}`
}

/** `[https:]name[:port]`: how the proxy subresources name what they mean. */
export interface ProxyName {
  readonly scheme: 'http' | 'https'
  readonly name: string
  /** A number or a port's name; '' when none was said. */
  readonly port: string
}

/** Throws 400. */
export function parseProxyName(text: string): ProxyName {
  const parts = text.split(':')
  if (parts.length === 1) return { scheme: 'http', name: text, port: '' }
  if (parts.length === 2) return { scheme: 'http', name: parts[0] ?? '', port: parts[1] ?? '' }
  const [scheme, name = '', port = ''] = parts
  if (parts.length === 3 && (scheme === 'https' || scheme === 'http' || scheme === ''))
    return { scheme: scheme === 'https' ? 'https' : 'http', name, port }
  throw badRequest(`invalid proxy request ${JSON.stringify(text)}`)
}

/** The port of a pod by number or by its container port's name; without one the pod's first. Throws 400. */
export function podPort(pod: Pod, asked: string): number {
  const ports = (pod.spec?.containers ?? []).flatMap((c) => c.ports ?? [])
  if (asked === '') return ports[0]?.containerPort ?? 80
  if (/^\d+$/.test(asked)) return Number(asked)
  const named = ports.find((p) => p.name === asked)
  if (!named) throw badRequest(`pod ${pod.metadata.name} has no port named ${JSON.stringify(asked)}`)
  return named.containerPort
}

/** An address behind a Service's port; `pick` is in [0, 1). Throws 503 when nothing is ready, 400 for a port it has not. */
export function serviceEndpoint(
  service: Service,
  slices: readonly EndpointSlice[],
  asked: string,
  pick: number,
): { host: string; port: number } {
  const name = service.metadata.name ?? ''
  const ports = service.spec?.ports ?? []
  const port = asked === '' ? ports[0] : ports.find((p) => p.name === asked || String(p.port) === asked)
  if (!port || (asked === '' && ports.length > 1)) {
    throw new StatusError(
      503,
      'ServiceUnavailable',
      `no service port ${JSON.stringify(asked)} found for service ${JSON.stringify(name)}`,
    )
  }
  const found = slices.flatMap((slice) => {
    const target = slice.ports?.find((p) => (p.name ?? '') === (port.name ?? ''))?.port
    if (target === undefined) return []
    const ready = (slice.endpoints ?? []).filter((e) => e.conditions?.ready !== false)
    return ready.flatMap((e) => e.addresses.map((host) => ({ host, port: target })))
  })
  const chosen = found[Math.floor(pick * found.length)]
  if (!chosen) throw new StatusError(503, 'ServiceUnavailable', `no endpoints available for service ${JSON.stringify(name)}`)
  return chosen
}
