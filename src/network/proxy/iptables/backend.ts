import { type Backend, BackendMissing, type Ranges } from '../backend.ts'
import { pipe } from '../pipe.ts'
import { rulesOf } from './rules.ts'
import { changeText, type Present, presentIn, probeTexts, rebuildText, removalText, type Table, tables } from './tables.ts'

/** The programs of one kind of iptables: `''` is what the machine calls iptables, whichever that is. */
export type Flavour = '' | '-legacy' | '-nft'

/** How the backend reaches the kernel; a test may look on. */
interface IptablesPrograms {
  save(table: Table): Promise<string>
  restore(text: string): Promise<void>
}

export function iptablesPrograms(flavour: Flavour): IptablesPrograms {
  return {
    save: (table) => pipe(`iptables${flavour}-save`, ['-t', table]),
    restore: async (text) => {
      if (text !== '') await pipe(`iptables${flavour}-restore`, ['--noflush', '--wait', '5'], text)
    },
  }
}

/** Services as chains named SLIPWAY-…: where nftables can not be used. `name` as `probeIptables` gives it. */
export function iptablesBackend(ranges: Ranges, name: string, programs: IptablesPrograms): Backend {
  return {
    name,
    rulesOf: (ports) => rulesOf(ports, ranges.podCidr),
    rebuild: async (all) => programs.restore(rebuildText(all, ranges, await presentNow(programs))),
    change: (changes) => programs.restore(changeText(changes)),
  }
}

async function presentNow({ save }: IptablesPrograms): Promise<Record<Table, Present>> {
  const found = await Promise.all(tables.map(async (table) => [table, presentIn(await save(table))] as const))
  return Object.fromEntries(found) as Record<Table, Present>
}

/** `iptables (nf_tables)` or `iptables (legacy)`. Throws BackendMissing unless it and this kernel know all that our rules use; leaves nothing behind. */
export async function probeIptables(flavour: Flavour): Promise<string> {
  try {
    const version = await pipe(`iptables${flavour}-restore`, ['--version'])
    const [add, remove] = probeTexts()
    const { restore } = iptablesPrograms(flavour)
    await restore(add)
    await restore(remove)
    return `iptables (${/\((\w+)\)/.exec(version)?.[1] ?? 'legacy'})`
  } catch (error) {
    throw new BackendMissing(`iptables${flavour} can not be used`, error)
  }
}

/** Takes out our chains and what leads to them. Does nothing where there are none, or iptables can not be used. */
export async function removeIptables(flavour: Flavour): Promise<void> {
  const programs = iptablesPrograms(flavour)
  const present = await presentNow(programs).catch(() => undefined)
  if (present) await programs.restore(removalText(present))
}
