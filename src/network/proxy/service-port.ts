import type { EndpointSlice, Service } from '../../apimachinery/kinds.generated.ts'

export interface Endpoint {
  readonly ip: string
  readonly port: number
}

/** One port of a Service, and where its traffic goes now. */
export interface ServicePort {
  /** `namespace/name/protocol/port`, the port by its name or number. */
  readonly key: string
  readonly protocol: 'tcp' | 'udp' | 'sctp'
  readonly port: number
  readonly clusterIps: readonly string[]
  /** externalIPs and addresses of the load balancer. */
  readonly publicIps: readonly string[]
  /** Addresses of the load balancer that only `sourceRanges` may use. */
  readonly guardedIps: readonly string[]
  readonly sourceRanges: readonly string[]
  readonly nodePort: number | undefined
  /** Seconds for which a client stays with its endpoint; undefined: each connection is balanced. */
  readonly affinitySeconds: number | undefined
  /** Everything that is ready: for clients inside the cluster, whatever the external policy. */
  readonly all: readonly Endpoint[]
  /** For the cluster IP: `all`, or those of this machine. */
  readonly internal: readonly Endpoint[]
  /** For node ports and public addresses: `all`, or those of this machine. */
  readonly external: readonly Endpoint[]
  readonly isExternalLocal: boolean
}

type SliceEndpoint = EndpointSlice['endpoints'] extends (infer E)[] | undefined | null ? E : never

const isIpv4 = (ip: string): boolean => /^\d+\.\d+\.\d+\.\d+$/.test(ip)

/** What `service` asks of the proxy. `localNodes` are the nodes of this machine. Only IPv4; empty for ExternalName and headless Services. */
export function portsOf(service: Service, slices: readonly EndpointSlice[], localNodes: ReadonlySet<string>): ServicePort[] {
  const { spec, metadata } = service
  const clusterIps = (spec?.clusterIPs ?? [spec?.clusterIP ?? '']).filter(isIpv4)
  if (!spec || spec.type === 'ExternalName' || clusterIps.length === 0) return []
  const ingress = service.status?.loadBalancer?.ingress ?? []
  const balancerIps = ingress.flatMap(({ ip, ipMode }) => (ip && isIpv4(ip) && ipMode !== 'Proxy' ? [ip] : []))
  const sourceRanges = (spec.loadBalancerSourceRanges ?? []).filter((range) => !range.includes(':'))
  const timeout = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 10_800
  const isExternalLocal = spec.externalTrafficPolicy === 'Local'
  return (spec.ports ?? []).map((port): ServicePort => {
    const protocol = (port.protocol ?? 'TCP').toLowerCase() as ServicePort['protocol']
    const all = usable(slices, port.name ?? '', port.protocol ?? 'TCP', () => true)
    const local = usable(slices, port.name ?? '', port.protocol ?? 'TCP', (e) => localNodes.has(e.nodeName ?? ''))
    return {
      key: `${metadata.namespace}/${metadata.name}/${protocol}/${port.name || port.port}`,
      protocol,
      port: port.port,
      clusterIps,
      publicIps: [...new Set([...(spec.externalIPs ?? []).filter(isIpv4), ...balancerIps])],
      guardedIps: sourceRanges.length > 0 ? balancerIps : [],
      sourceRanges,
      nodePort: spec.type === 'NodePort' || spec.type === 'LoadBalancer' ? port.nodePort || undefined : undefined,
      affinitySeconds: spec.sessionAffinity === 'ClientIP' ? timeout : undefined,
      all,
      internal: spec.internalTrafficPolicy === 'Local' ? local : all,
      external: isExternalLocal ? local : all,
      isExternalLocal,
    }
  })
}

/** The ready endpoints; when none is ready, those that end but still serve. Sorted, without doubles. */
function usable(
  slices: readonly EndpointSlice[],
  portName: string,
  protocol: string,
  counts: (endpoint: SliceEndpoint) => boolean,
): Endpoint[] {
  const ready = new Map<string, Endpoint>()
  const ending = new Map<string, Endpoint>()
  for (const slice of slices) {
    if (slice.addressType !== 'IPv4') continue
    const port = slice.ports?.find((p) => (p.name ?? '') === portName && (p.protocol ?? 'TCP') === protocol)?.port
    if (!port) continue
    for (const endpoint of slice.endpoints ?? []) {
      const [ip] = endpoint.addresses
      const { ready: isReady, serving, terminating } = endpoint.conditions ?? {}
      if (!ip || !counts(endpoint)) continue
      if (isReady !== false) ready.set(`${ip}:${port}`, { ip, port })
      else if (serving && terminating) ending.set(`${ip}:${port}`, { ip, port })
    }
  }
  const chosen = ready.size > 0 ? ready : ending
  return [...chosen.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, endpoint]) => endpoint)
}

/** What the health check of a Service with external policy Local answers: its port, and its endpoints on this machine. */
export interface HealthCheck {
  readonly port: number
  readonly namespace: string
  readonly name: string
  readonly localEndpoints: number
}

export function healthCheckOf(
  service: Service,
  slices: readonly EndpointSlice[],
  localNodes: ReadonlySet<string>,
): HealthCheck | undefined {
  const { spec, metadata } = service
  if (spec?.type !== 'LoadBalancer' || spec.externalTrafficPolicy !== 'Local' || !spec.healthCheckNodePort) return undefined
  const ips = new Set(
    slices.flatMap((slice) =>
      (slice.endpoints ?? []).flatMap((e) =>
        e.conditions?.ready !== false && localNodes.has(e.nodeName ?? '') ? e.addresses : [],
      ),
    ),
  )
  const { namespace = '', name = '' } = metadata
  return { port: spec.healthCheckNodePort, namespace, name, localEndpoints: ips.size }
}
