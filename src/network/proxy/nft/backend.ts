import { type Backend, BackendMissing, type Ranges } from '../backend.ts'
import { pipe } from '../pipe.ts'
import { watchLosses } from './monitor.ts'
import { rulesOf } from './rules.ts'
import { commandsOf, table, tableText } from './table.ts'

/** Applies `commands` as one transaction: all or nothing. */
const applyNft = async (commands: string): Promise<void> => {
  await pipe('nft', ['-f', '-'], commands)
}

/** Services as elements of maps in a table of our own. `apply` is nft unless a test looks on. */
export function nftBackend(ranges: Ranges, apply: (commands: string) => Promise<void> = applyNft): Backend {
  const text = (commands: readonly string[]) => `${commands.join('\n')}\n`
  return {
    name: 'nftables',
    rulesOf: (ports) => rulesOf(ports, ranges.podCidr),
    rebuild: (all) => apply(tableText(ranges) + text(commandsOf(all))),
    change: (changes) => apply(text(changes.flatMap(commandsOf))),
    watch: watchLosses,
  }
}

/** Throws BackendMissing unless nft and this kernel accept a table such as ours; leaves nothing behind. */
export async function probeNft(ranges: Ranges): Promise<void> {
  const probe = 'ip slipway-probe'
  try {
    await applyNft(`${tableText(ranges, probe)}delete table ${probe}\n`)
  } catch (error) {
    throw new BackendMissing('nftables can not be used', error)
  }
}

/** Deletes our table. Does nothing where there is none, or nft can not be used. */
export async function removeNft(): Promise<void> {
  const isThere = await pipe('nft', ['--terse', 'list', 'table', ...table.split(' ')]).then(
    () => true,
    () => false,
  )
  if (isThere) await applyNft(`delete table ${table}\n`)
}
