import type { EndpointSlice, Service } from '../../apimachinery/kinds.generated.ts'

export interface NamedPort {
  /** '' when the port has no name. */
  readonly name: string
  readonly protocol: 'tcp' | 'udp' | 'sctp'
  readonly port: number
}

/** One address behind a Service, and its own name below the Service's. */
export interface Member {
  readonly hostname: string
  readonly ip: string
  readonly ports: readonly NamedPort[]
}

export interface ServiceRecords {
  readonly name: string
  readonly namespace: string
  /** Cluster IPs; empty for a headless Service. */
  readonly ips: readonly string[]
  readonly ports: readonly NamedPort[]
  readonly externalName: string | undefined
  readonly isHeadless: boolean
  /** Ready endpoints. */
  readonly members: readonly Member[]
}

/** What one Service and its slices are called. Pure. */
export function recordsOf(service: Service, slices: readonly EndpointSlice[]): ServiceRecords {
  const { spec, metadata } = service
  const clusterIps = (spec?.clusterIPs ?? [spec?.clusterIP ?? '']).filter((ip) => ip !== '' && ip !== 'None')
  const externalName = spec?.type === 'ExternalName' ? spec.externalName : undefined
  return {
    name: metadata.name ?? '',
    namespace: metadata.namespace ?? '',
    ips: externalName ? [] : clusterIps,
    ports: (spec?.ports ?? []).map((p) => named(p.name, p.protocol, p.port)),
    externalName,
    isHeadless: externalName === undefined && clusterIps.length === 0,
    members: membersOf(slices),
  }
}

const named = (name: string | undefined, protocol: string | undefined, port: number): NamedPort => ({
  name: name ?? '',
  protocol: (protocol ?? 'TCP').toLowerCase() as NamedPort['protocol'],
  port,
})

function membersOf(slices: readonly EndpointSlice[]): Member[] {
  const members = new Map<string, Member>()
  for (const slice of slices) {
    if (slice.addressType === 'FQDN') continue
    const ports = (slice.ports ?? []).flatMap((p) => (p.port ? [named(p.name, p.protocol, p.port)] : []))
    for (const endpoint of slice.endpoints ?? []) {
      if (endpoint.conditions?.ready === false) continue
      for (const ip of endpoint.addresses) {
        const known = members.get(ip)
        const hostname = endpoint.hostname || known?.hostname || ip.replace(/[.:]/g, '-')
        members.set(ip, { hostname, ip, ports: [...(known?.ports ?? []), ...ports] })
      }
    }
  }
  return [...members.values()]
}

/** All names of the cluster, changed one Service at a time. */
export class Records {
  readonly #services = new Map<string, ServiceRecords>()
  readonly #byClusterIp = new Map<string, ServiceRecords>()
  readonly #byMemberIp = new Map<string, Set<ServiceRecords>>()
  readonly #namespaces = new Map<string, number>()

  /** The Service `key` (`namespace/name`) is called so now; undefined: it is gone. */
  replace(key: string, next: ServiceRecords | undefined): void {
    const before = this.#services.get(key)
    if (before) this.#remove(key, before)
    if (next) this.#add(key, next)
  }

  get(namespace: string, name: string): ServiceRecords | undefined {
    return this.#services.get(`${namespace}/${name}`)
  }
  hasNamespace(namespace: string): boolean {
    return this.#namespaces.has(namespace)
  }
  byClusterIp(ip: string): ServiceRecords | undefined {
    return this.#byClusterIp.get(ip)
  }
  /** The Services that `ip` stands behind. */
  byMemberIp(ip: string): Iterable<ServiceRecords> {
    return this.#byMemberIp.get(ip) ?? []
  }

  #add(key: string, records: ServiceRecords): void {
    this.#services.set(key, records)
    this.#namespaces.set(records.namespace, (this.#namespaces.get(records.namespace) ?? 0) + 1)
    for (const ip of records.ips) this.#byClusterIp.set(ip, records)
    for (const { ip } of records.members) {
      const set = this.#byMemberIp.get(ip) ?? new Set()
      this.#byMemberIp.set(ip, set.add(records))
    }
  }

  #remove(key: string, records: ServiceRecords): void {
    this.#services.delete(key)
    const count = (this.#namespaces.get(records.namespace) ?? 1) - 1
    if (count > 0) this.#namespaces.set(records.namespace, count)
    else this.#namespaces.delete(records.namespace)
    // A cluster IP may have gone to a new Service before the old one's removal is seen.
    for (const ip of records.ips) if (this.#byClusterIp.get(ip) === records) this.#byClusterIp.delete(ip)
    for (const { ip } of records.members) {
      const set = this.#byMemberIp.get(ip)
      set?.delete(records)
      if (set?.size === 0) this.#byMemberIp.delete(ip)
    }
  }
}
