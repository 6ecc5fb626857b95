import { createHash } from 'node:crypto'
import { type Element, outsideMark, type Rules } from '../ruleset.ts'
import type { Endpoint, ServicePort } from '../service-port.ts'

/** The chains, sets and elements of the ports of one Service. Pure. `podCidr`: clients inside are never bound by the external policy. */
export function rulesOf(ports: readonly ServicePort[], podCidr: string): Rules {
  const chains = new Map<string, readonly string[]>()
  const sets = new Map<string, string>()
  const elements: Element[] = []
  for (const port of ports) {
    addFrontends(port, elements)
    if (port.all.length === 0) continue
    addAffinity(port, chains, sets)
    chains.set(chainOf('svc', port), balance(port, port.internal))
    if (hasOutside(port)) chains.set(chainOf('ext', port), outside(port, podCidr))
    if (port.isExternalLocal && hasOutside(port)) chains.set(chainOf('all', port), balance(port, port.all))
    if (port.guardedIps.length > 0) chains.set(chainOf('fw', port), guard(port))
    for (const { ip } of port.all) elements.push({ set: 'hairpin', key: `${ip} . ${ip}` })
  }
  return { chains, sets, elements }
}

const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 10)
const chainOf = (kind: string, port: ServicePort): string => `${kind}-${hash(port.key)}/${port.key}`
const endpointName = (kind: string, port: ServicePort, { ip, port: number }: Endpoint): string =>
  `${kind}-${hash(`${port.key} ${ip} ${number}`)}/${ip}/${number}`
const hasOutside = (port: ServicePort): boolean => port.nodePort !== undefined || port.publicIps.length > 0

function addFrontends(port: ServicePort, elements: Element[]): void {
  const address = (ip: string) => `${ip} . ${port.protocol} . ${port.port}`
  const outer = port.all.length > 0 ? { value: `goto ${chainOf('ext', port)}` } : undefined
  // A cluster IP without endpoints needs no element: what is still addressed to the service range after the maps is rejected.
  if (outer)
    for (const ip of port.clusterIps)
      elements.push({ set: 'service-ips', key: address(ip), value: `goto ${chainOf('svc', port)}` })
  for (const ip of port.publicIps) elements.push({ set: outer ? 'service-ips' : 'closed-ips', key: address(ip), ...outer })
  if (port.nodePort !== undefined) {
    elements.push({ set: outer ? 'node-ports' : 'closed-ports', key: `${port.protocol} . ${port.nodePort}`, ...outer })
  }
  if (!outer) return
  for (const ip of port.guardedIps) elements.push({ set: 'guarded-ips', key: address(ip), value: `goto ${chainOf('fw', port)}` })
}

/** From outside: clients of this cluster are balanced over all; others by the policy. */
function outside(port: ServicePort, podCidr: string): string[] {
  const mark = `meta mark set meta mark or ${outsideMark}`
  if (!port.isExternalLocal) return [mark, ...balance(port, port.external)]
  const all = chainOf('all', port)
  return [`ip saddr ${podCidr} goto ${all}`, `fib saddr type local goto ${all}`, mark, ...balance(port, port.external)]
}

const guard = (port: ServicePort): string[] => [
  `ip saddr { ${[...port.sourceRanges, ...port.guardedIps].join(', ')} } return`,
  'drop',
]

function balance(port: ServicePort, endpoints: readonly Endpoint[]): string[] {
  const match = `meta l4proto ${port.protocol}`
  const [only] = endpoints
  // The policy is Local and nothing is here: not refused, since it may be elsewhere.
  if (!only) return ['drop']
  if (port.affinitySeconds !== undefined) return stick(port, endpoints)
  if (endpoints.length === 1) return [`${match} dnat to ${only.ip}:${only.port}`]
  const targets = endpoints.map((e, i) => `${i} : ${e.ip} . ${e.port}`).join(', ')
  return [`${match} dnat ip addr . port to numgen random mod ${endpoints.length} map { ${targets} }`]
}

/** A known client goes where it was; a new one anywhere. */
function stick(port: ServicePort, endpoints: readonly Endpoint[]): string[] {
  const known = endpoints.map((e) => `ip saddr @${endpointName('aff', port, e)} goto ${endpointName('end', port, e)}`)
  const targets = endpoints.map((e, i) => `${i} : goto ${endpointName('end', port, e)}`).join(', ')
  return [...known, `numgen random mod ${endpoints.length} vmap { ${targets} }`]
}

function addAffinity(port: ServicePort, chains: Map<string, readonly string[]>, sets: Map<string, string>): void {
  if (port.affinitySeconds === undefined) return
  for (const endpoint of port.all) {
    const set = endpointName('aff', port, endpoint)
    sets.set(set, `{ type ipv4_addr; flags dynamic,timeout; timeout ${port.affinitySeconds}s; }`)
    const target = `meta l4proto ${port.protocol} dnat to ${endpoint.ip}:${endpoint.port}`
    chains.set(endpointName('end', port, endpoint), [`update @${set} { ip saddr } ${target}`])
  }
}
