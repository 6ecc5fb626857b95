import type { Ranges } from '../backend.ts'
import { type Change, type Element, outsideMark } from '../ruleset.ts'

export const tables = ['mangle', 'nat', 'filter'] as const
export type Table = (typeof tables)[number]

/** The chains that all Services share, with what stands in them before any Service comes. */
function sharedChains({ podCidr, serviceCidr, bridgeFiltered }: Ranges): Record<Table, Record<string, string[]>> {
  const inside = `-m conntrack --ctstate DNAT -s ${podCidr} -d ${podCidr}`
  const isOutside = `-m mark --mark ${outsideMark}/${outsideMark} ! -s ${podCidr} ! -d ${podCidr}`
  return {
    mangle: { 'SLIPWAY-GUARD': [] },
    nat: {
      'SLIPWAY-SERVICES': ['-j SLIPWAY-VIPS', '-m addrtype --dst-type LOCAL -j SLIPWAY-NODE-PORTS'],
      'SLIPWAY-VIPS': [],
      'SLIPWAY-NODE-PORTS': [],
      'SLIPWAY-HAIRPIN': [],
      'SLIPWAY-POSTROUTING': [
        '! -o lo -s 127.0.0.0/8 -j MASQUERADE',
        // Without br_netfilter a reply between two pods of one bridge would never come back through the translation.
        bridgeFiltered ? `${inside} -j SLIPWAY-HAIRPIN` : `${inside} -j MASQUERADE`,
        `${isOutside} -m addrtype ! --src-type LOCAL -j MASQUERADE`,
      ],
    },
    filter: {
      // A client on this machine would miss an ICMP answer to its first packet and try again a second later.
      'SLIPWAY-REFUSE': ['-p tcp -j REJECT --reject-with tcp-reset', '-j REJECT'],
      'SLIPWAY-CLOSED-IPS': [],
      'SLIPWAY-CLOSED-PORTS': [],
      'SLIPWAY-CLOSED': ['-j SLIPWAY-CLOSED-IPS', `-d ${serviceCidr} -j SLIPWAY-REFUSE`],
      'SLIPWAY-INPUT': ['! -i lo -d 127.0.0.0/8 -j DROP', '-j SLIPWAY-CLOSED-IPS', '-j SLIPWAY-CLOSED-PORTS'],
    },
  }
}

/** How the kernel's own chains lead to ours. */
const hooks: Record<Table, readonly (readonly [chain: string, rule: string])[]> = {
  mangle: [['PREROUTING', '-j SLIPWAY-GUARD']],
  nat: [
    ['PREROUTING', '-j SLIPWAY-SERVICES'],
    ['OUTPUT', '-j SLIPWAY-SERVICES'],
    ['POSTROUTING', '-j SLIPWAY-POSTROUTING'],
  ],
  filter: [
    ['FORWARD', '-m conntrack --ctstate NEW -j SLIPWAY-CLOSED'],
    ['OUTPUT', '-m conntrack --ctstate NEW -j SLIPWAY-CLOSED'],
    ['INPUT', '-m conntrack --ctstate NEW -j SLIPWAY-INPUT'],
  ],
}

/** What of ours a table has already, read from iptables-save. */
export interface Present {
  readonly chains: readonly string[]
  /** Rules in the kernel's own chains that lead to ours, as `-A CHAIN …`. */
  readonly hooks: readonly string[]
}

export function presentIn(saved: string): Present {
  const lines = saved.split('\n')
  return {
    chains: lines.flatMap((line) => /^:(SLIPWAY-\S+)/.exec(line)?.[1] ?? []),
    hooks: lines.filter((line) => /^-A (?!SLIPWAY-).* -j SLIPWAY-/.test(line)),
  }
}

const declared = (chain: string): string => `:${chain} - [0:0]`
const inTable = <T>(list: readonly T[], table: Table, nameOf: (item: T) => string): [chain: string, item: T][] =>
  list.flatMap((item): [string, T][] => {
    const [where, chain = ''] = nameOf(item).split(' ')
    return where === table ? [[chain, item]] : []
  })
const block = (table: Table, lines: readonly string[]): string =>
  lines.length > 0 ? `*${table}\n${lines.join('\n')}\nCOMMIT\n` : ''

/** Input of iptables-restore --noflush that makes our chains anew: what `all` asks for, without what else of ours is there. */
export function rebuildText(all: Change, ranges: Ranges, present: Record<Table, Present>): string {
  const shared = sharedChains(ranges)
  return tables
    .map((table) => {
      const own = inTable(all.chains, table, (c) => c.name)
      const wanted = new Map([...Object.entries(shared[table]), ...own.map(([chain, { rules }]) => [chain, rules] as const)])
      const gone = present[table].chains.filter((chain) => !wanted.has(chain))
      const missing = hooks[table].filter(
        ([chain, rule]) => !present[table].hooks.some((line) => line.startsWith(`-A ${chain} `) && line.endsWith(targetOf(rule))),
      )
      return block(table, [
        // To declare a chain is to make it or to empty it.
        ...[...wanted.keys(), ...gone].map(declared),
        ...[...wanted].flatMap(([chain, rules]) => rules.map((rule) => `-A ${chain} ${rule}`)),
        ...inTable(all.added, table, (e) => e.set).map(([chain, e]) => `-A ${chain} ${matchOf(e)}`),
        ...missing.map(([chain, rule]) => `-I ${chain} 1 ${rule}`),
        ...gone.map((chain) => `-X ${chain}`),
      ])
    })
    .join('')
}

const targetOf = (rule: string): string => rule.slice(rule.indexOf('-j '))
const matchOf = ({ key, value = '' }: Element): string => `${key} ${value}`

/** Input of iptables-restore --noflush that carries out the changes in their order; one transaction for each table that changes. */
export function changeText(changes: readonly Change[]): string {
  return tables
    .map((table) => {
      const chains = changes.flatMap((change) => inTable(change.chains, table, (c) => c.name))
      const gone = changes.flatMap((change) => inTable(change.goneChains, table, (name) => name)).map(([chain]) => chain)
      return block(table, [
        ...chains.map(([chain]) => declared(chain)),
        ...chains.flatMap(([chain, { rules }]) => rules.map((rule) => `-A ${chain} ${rule}`)),
        // One change after the other: two Services may hand an address over twice.
        ...changes.flatMap((change) => [
          ...inTable(change.removed, table, (e) => e.set).map(([chain, e]) => `-D ${chain} ${matchOf(e)}`),
          ...inTable(change.added, table, (e) => e.set).map(([chain, e]) => `-A ${chain} ${matchOf(e)}`),
        ]),
        // Rules may lead from one to another: all are emptied before any is deleted.
        ...gone.map(declared),
        ...gone.map((chain) => `-X ${chain}`),
      ])
    })
    .join('')
}

/** Input of iptables-restore --noflush that takes everything of ours out. */
export function removalText(present: Record<Table, Present>): string {
  return tables
    .map((table) => {
      const { chains, hooks } = present[table]
      return block(table, [
        ...hooks.map((line) => line.replace(/^-A /, '-D ')),
        ...chains.map(declared),
        ...chains.map((chain) => `-X ${chain}`),
      ])
    })
    .join('')
}

/** Uses every match and target of ours once, in chains that the second text takes away again. */
export function probeTexts(): readonly [string, string] {
  const rules: Record<Table, string[]> = {
    mangle: ['-s 192.0.2.0/24 -j DROP'],
    nat: [
      '-m addrtype --dst-type LOCAL -j RETURN',
      `-p tcp -m tcp --dport 1 -m comment --comment "probe" -j MARK --set-xmark ${outsideMark}/${outsideMark}`,
      `-m mark --mark ${outsideMark}/${outsideMark} -m conntrack --ctstate DNAT -j RETURN`,
      '-p udp -m udp --dport 1 -m statistic --mode random --probability 0.5 -j DNAT --to-destination 192.0.2.1:1',
      '-m recent --name SLIPWAY-PROBE --rcheck --seconds 1 --reap --rsource -j RETURN',
    ],
    filter: ['-p tcp -j REJECT --reject-with tcp-reset', '-j REJECT'],
  }
  const text = (linesOf: (table: Table) => string[]) =>
    tables.map((table) => block(table, [declared('SLIPWAY-PROBE'), ...linesOf(table)])).join('')
  return [text((table) => rules[table].map((rule) => `-A SLIPWAY-PROBE ${rule}`)), text(() => ['-X SLIPWAY-PROBE'])]
}
