import { createHash } from 'node:crypto'
import { type Element, outsideMark, type Rules } from '../ruleset.ts'
import type { Endpoint, ServicePort } from '../service-port.ts'

/**
 * The chains and elements of the ports of one Service, in iptables' words. Chains and shared chains are named with their table
 * before them. An element's key is a match, its value a target. Pure. `podCidr`: clients inside are never bound by the external policy.
 */
export function rulesOf(ports: readonly ServicePort[], podCidr: string): Rules {
  const chains = new Map<string, readonly string[]>()
  const elements: Element[] = []
  for (const port of ports) {
    elements.push(...frontends(port))
    if (port.all.length === 0) continue
    if (port.affinitySeconds !== undefined)
      for (const endpoint of port.all) chains.set(`nat ${chainOf('SEP', port, endpoint)}`, [remember(port, endpoint)])
    if (port.internal.length > 0) chains.set(`nat ${chainOf('SVC', port)}`, balance(port, port.internal))
    if (hasOutside(port)) chains.set(`nat ${chainOf('EXT', port)}`, outside(port, podCidr))
    if (port.isExternalLocal && hasOutside(port)) chains.set(`nat ${chainOf('ALL', port)}`, balance(port, port.all))
    if (port.guardedIps.length > 0) chains.set(`mangle ${chainOf('FW', port)}`, guard(port))
    for (const { ip } of port.all)
      elements.push({ set: 'nat SLIPWAY-HAIRPIN', key: `-s ${ip}/32 -d ${ip}/32`, value: '-j MASQUERADE' })
  }
  return { chains, sets: new Map(), elements }
}

// A chain's name has at most 28 characters: a comment on the rule that leads there says whose it is.
const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 12).toUpperCase()
const chainOf = (kind: string, port: ServicePort, endpoint?: Endpoint): string =>
  `SLIPWAY-${kind}-${hash(endpoint ? `${port.key} ${endpoint.ip} ${endpoint.port}` : port.key)}`
const hasOutside = (port: ServicePort): boolean => port.nodePort !== undefined || port.publicIps.length > 0

function frontends(port: ServicePort): Element[] {
  const { protocol, clusterIps, publicIps, guardedIps, nodePort, all, internal, external } = port
  const address = (ip: string) => `-d ${ip}/32 -p ${protocol} -m ${protocol} --dport ${port.port}`
  const leadsTo = (kind: string) => `-m comment --comment "${port.key}" -j ${chainOf(kind, port)}`
  const ips = (set: string, list: readonly string[], value: string) => list.map((ip) => ({ set, key: address(ip), value }))
  const node = (set: string, value: string): Element[] =>
    nodePort === undefined ? [] : [{ set, key: `-p ${protocol} -m ${protocol} --dport ${nodePort}`, value }]
  // A cluster IP without endpoints needs no element: what is still addressed to the service range is rejected.
  if (all.length === 0)
    return [
      ...ips('filter SLIPWAY-CLOSED-IPS', publicIps, '-j SLIPWAY-REFUSE'),
      ...node('filter SLIPWAY-CLOSED-PORTS', '-j SLIPWAY-REFUSE'),
    ]
  return [
    // The policy is Local and nothing is here: not refused, since it may be elsewhere. The table nat may not drop.
    ...(internal.length > 0
      ? ips('nat SLIPWAY-VIPS', clusterIps, leadsTo('SVC'))
      : ips('filter SLIPWAY-CLOSED-IPS', clusterIps, '-j DROP')),
    ...ips('nat SLIPWAY-VIPS', publicIps, leadsTo('EXT')),
    ...node('nat SLIPWAY-NODE-PORTS', leadsTo('EXT')),
    ...(external.length > 0
      ? []
      : [...ips('filter SLIPWAY-CLOSED-IPS', publicIps, '-j DROP'), ...node('filter SLIPWAY-CLOSED-PORTS', '-j DROP')]),
    ...ips('mangle SLIPWAY-GUARD', guardedIps, leadsTo('FW')),
  ]
}

/** From outside: clients of this cluster are balanced over all; others by the policy. */
function outside(port: ServicePort, podCidr: string): string[] {
  const mark = `-j MARK --set-xmark ${outsideMark}/${outsideMark}`
  if (!port.isExternalLocal) return [mark, ...balance(port, port.external)]
  const all = chainOf('ALL', port)
  return [`-s ${podCidr} -j ${all}`, `-m addrtype --src-type LOCAL -j ${all}`, mark, ...balance(port, port.external)]
}

const guard = (port: ServicePort): string[] => [
  ...[...port.sourceRanges, ...port.guardedIps].map((range) => `-s ${range} -j RETURN`),
  '-j DROP',
]

/** Each rule takes its share of what the ones before it left over. With affinity, a known client goes where it was. */
function balance(port: ServicePort, endpoints: readonly Endpoint[]): string[] {
  const sticks = port.affinitySeconds !== undefined
  const known = sticks
    ? endpoints.map(
        (e) => `${recent(port, e, `--rcheck --seconds ${port.affinitySeconds} --reap`)} -j ${chainOf('SEP', port, e)}`,
      )
    : []
  const share = endpoints.map((endpoint, i) => {
    const left = endpoints.length - i
    const chance = left === 1 ? '' : `-m statistic --mode random --probability ${(1 / left).toFixed(10)} `
    return `-p ${port.protocol} ${chance}${sticks ? `-j ${chainOf('SEP', port, endpoint)}` : dnat(endpoint)}`
  })
  return [...known, ...share]
}

const dnat = ({ ip, port }: Endpoint): string => `-j DNAT --to-destination ${ip}:${port}`
const recent = (port: ServicePort, endpoint: Endpoint, what: string): string =>
  `-m recent --name ${chainOf('SEP', port, endpoint)} ${what} --rsource`
const remember = (port: ServicePort, endpoint: Endpoint): string =>
  `-p ${port.protocol} ${recent(port, endpoint, '--set')} ${dnat(endpoint)}`
