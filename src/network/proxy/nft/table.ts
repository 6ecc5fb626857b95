import type { Ranges } from '../backend.ts'
import { type Change, type Element, outsideMark } from '../ruleset.ts'

/** The nftables table that is ours alone. */
export const table = 'ip slipway'

/** The chains of the shared part, which are never without rules. */
export const ruledChains: readonly string[] = [
  'services',
  'guard',
  'nat-prerouting',
  'nat-output',
  'nat-postrouting',
  'refuse',
  'closed',
  'filter-forward',
  'filter-output',
  'filter-input',
]

/** The table without any Service: shared maps, and the hooks that consult them. */
export function tableText({ podCidr, serviceCidr, bridgeFiltered }: Ranges, name = table): string {
  const address = 'ipv4_addr . inet_proto . inet_service'
  // Without br_netfilter a reply between two pods of one bridge would never come back through the translation.
  const sameBridge = bridgeFiltered ? '' : `ct status dnat ip saddr ${podCidr} ip daddr ${podCidr} masquerade`
  return `
add table ${name}
delete table ${name}
table ${name} {
  map service-ips { type ${address} : verdict; }
  map node-ports { type inet_proto . inet_service : verdict; }
  map guarded-ips { type ${address} : verdict; }
  set closed-ips { type ${address}; }
  set closed-ports { type inet_proto . inet_service; }
  set hairpin { type ipv4_addr . ipv4_addr; }
  chain services {
    ip daddr . meta l4proto . th dport vmap @service-ips
    fib daddr type local meta l4proto . th dport vmap @node-ports
  }
  chain guard {
    type filter hook prerouting priority -110; policy accept;
    ip daddr . meta l4proto . th dport vmap @guarded-ips
  }
  chain nat-prerouting { type nat hook prerouting priority -105; policy accept; jump services; }
  chain nat-output { type nat hook output priority -105; policy accept; jump services; }
  chain nat-postrouting {
    type nat hook postrouting priority 95; policy accept;
    oifname != "lo" ip saddr 127.0.0.0/8 masquerade
    ct status dnat ip saddr . ip daddr @hairpin masquerade
    meta mark and ${outsideMark} == ${outsideMark} ip saddr != ${podCidr} ip daddr != ${podCidr} fib saddr type != local masquerade
    ${sameBridge}
  }
  chain refuse {
    # A client on this machine would miss an ICMP answer to its first packet and try again a second later.
    meta l4proto tcp reject with tcp reset
    reject
  }
  chain closed {
    ip daddr . meta l4proto . th dport @closed-ips goto refuse
    ip daddr ${serviceCidr} goto refuse
  }
  chain filter-forward { type filter hook forward priority -5; policy accept; ct state new jump closed; }
  chain filter-output { type filter hook output priority -5; policy accept; ct state new jump closed; }
  chain filter-input {
    type filter hook input priority -5; policy accept;
    iifname != "lo" ip daddr 127.0.0.0/8 ct state new drop
    ct state new ip daddr . meta l4proto . th dport @closed-ips goto refuse
    ct state new meta l4proto . th dport @closed-ports goto refuse
  }
}
`
}

const bodyOf = ({ key, value }: Element): string => `{ ${value ? `${key} : ${value}` : key} }`

/** The nft commands of a change, in an order in which each finds what it refers to. */
export function commandsOf(change: Change): string[] {
  const { sets, chains, removed, added, goneChains, goneSets } = change
  return [
    ...removed.map((e) => `delete element ${table} ${e.set} ${bodyOf(e)}`),
    ...sets.map(([name, definition]) => `add set ${table} ${name} ${definition}`),
    ...chains.map(({ name }) => `add chain ${table} ${name}`),
    ...chains.flatMap(({ name, rules, isNew }) => [
      ...(isNew ? [] : [`flush chain ${table} ${name}`]),
      ...rules.map((rule) => `add rule ${table} ${name} ${rule}`),
    ]),
    ...added.map((e) => `add element ${table} ${e.set} ${bodyOf(e)}`),
    // Rules may lead from one to another: all are emptied before any is deleted.
    ...goneChains.map((name) => `flush chain ${table} ${name}`),
    ...goneChains.map((name) => `delete chain ${table} ${name}`),
    ...goneSets.map((name) => `delete set ${table} ${name}`),
  ]
}
