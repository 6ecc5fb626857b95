import { type Element, outsideMark, type Rules } from './rules.ts'

/** The nftables table that is ours alone. */
export const table = 'ip slipway'

export interface TableOptions {
  readonly podCidr: string
  readonly serviceCidr: string
  /** Whether frames that stay on the pods' bridge pass netfilter (br_netfilter), so that their replies are translated back. */
  readonly bridgeFiltered: boolean
}

/** The table without any Service: shared maps, and the hooks that consult them. */
export function tableText({ podCidr, serviceCidr, bridgeFiltered }: TableOptions): string {
  const address = 'ipv4_addr . inet_proto . inet_service'
  // Without br_netfilter a reply between two pods of one bridge would never come back through the translation.
  const sameBridge = bridgeFiltered ? '' : `ct status dnat ip saddr ${podCidr} ip daddr ${podCidr} masquerade`
  return `
add table ${table}
delete table ${table}
table ${table} {
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
  chain closed {
    ip daddr . meta l4proto . th dport @closed-ips reject
    ip daddr ${serviceCidr} reject
  }
  chain filter-forward { type filter hook forward priority -5; policy accept; ct state new jump closed; }
  chain filter-output { type filter hook output priority -5; policy accept; ct state new jump closed; }
  chain filter-input {
    type filter hook input priority -5; policy accept;
    iifname != "lo" ip daddr 127.0.0.0/8 ct state new drop
    ct state new ip daddr . meta l4proto . th dport @closed-ips reject
    ct state new meta l4proto . th dport @closed-ports reject
  }
}
`
}

const idOf = ({ set, key }: Element): string => `${set} ${key}`

/**
 * What is in the table, by Service. `replace` changes it and says by which nft commands the kernel's table follows: only
 * what differs. Two Services that ask for the same address: the first has it, the other gets it when the first goes.
 */
export class Ruleset {
  readonly #rules = new Map<string, Rules>()
  readonly #holders = new Map<string, Map<string, Element>>()

  /** The rules of the Service `key` become `next` (undefined: none). Returns the commands, in order; empty when nothing differs. */
  replace(key: string, next: Rules | undefined): string[] {
    const before = this.#rules.get(key)
    if (next) this.#rules.set(key, next)
    else this.#rules.delete(key)
    const { added, removed } = this.#changeElements(key, before?.elements ?? [], next?.elements ?? [])
    const { adds, drops } = changeChains(before, next)
    return [
      ...removed.map((e) => `delete element ${table} ${e.set} ${bodyOf(e)}`),
      ...adds,
      ...added.map((e) => `add element ${table} ${e.set} ${bodyOf(e)}`),
      ...drops,
    ]
  }

  /** Commands that make the whole table anew. */
  all(options: TableOptions): string {
    const lines = [...this.#rules.values()].flatMap((rules) => changeChains(undefined, rules).adds)
    const elements = [...this.#holders.values()].map((holders) => first(holders))
    for (const e of elements) if (e) lines.push(`add element ${table} ${e.set} ${bodyOf(e)}`)
    return `${tableText(options)}${lines.join('\n')}\n`
  }

  #changeElements(key: string, before: readonly Element[], next: readonly Element[]) {
    const touched = new Map([...before, ...next].map((e) => [idOf(e), first(this.#holders.get(idOf(e)))]))
    const wanted = new Set(next.map(idOf))
    for (const element of before) if (!wanted.has(idOf(element))) this.#release(key, element)
    for (const element of next) {
      const holders = this.#holders.get(idOf(element)) ?? new Map<string, Element>()
      this.#holders.set(idOf(element), holders.set(key, element))
    }
    const added: Element[] = []
    const removed: Element[] = []
    for (const [id, was] of touched) {
      const is = first(this.#holders.get(id))
      if (was?.value === is?.value && (was === undefined) === (is === undefined)) continue
      if (was) removed.push(was)
      if (is) added.push(is)
    }
    return { added, removed }
  }

  #release(key: string, element: Element): void {
    const holders = this.#holders.get(idOf(element))
    holders?.delete(key)
    if (holders?.size === 0) this.#holders.delete(idOf(element))
  }
}

const first = (holders: ReadonlyMap<string, Element> | undefined): Element | undefined => holders?.values().next().value
const bodyOf = ({ key, value }: Element): string => `{ ${value ? `${key} : ${value}` : key} }`

/** Commands before and after the elements change: a chain must exist while an element leads to it. */
function changeChains(before: Rules | undefined, next: Rules | undefined): { adds: string[]; drops: string[] } {
  const adds: string[] = []
  const fill: string[] = []
  const drops: string[] = []
  for (const [name, definition] of next?.sets ?? []) {
    if (before?.sets.get(name) !== definition) adds.push(`add set ${table} ${name} ${definition}`)
  }
  for (const [name, rules] of next?.chains ?? []) {
    const old = before?.chains.get(name)
    if (old?.length === rules.length && rules.every((rule, i) => rule === old[i])) continue
    adds.push(`add chain ${table} ${name}`)
    if (old) fill.push(`flush chain ${table} ${name}`)
    fill.push(...rules.map((rule) => `add rule ${table} ${name} ${rule}`))
  }
  const goneChains = [...(before?.chains.keys() ?? [])].filter((name) => !next?.chains.has(name))
  const goneSets = [...(before?.sets.keys() ?? [])].filter((name) => !next?.sets.has(name))
  // Rules may lead from one to another: all are emptied before any is deleted.
  drops.push(...goneChains.map((name) => `flush chain ${table} ${name}`))
  drops.push(
    ...goneChains.map((name) => `delete chain ${table} ${name}`),
    ...goneSets.map((name) => `delete set ${table} ${name}`),
  )
  return { adds: [...adds, ...fill], drops }
}
