// `slipway chart search WORD`: charts of the known repositories whose name or description has the word.
import { indexOf, repositories } from '../helmlike/package/repositories.ts'
import { parseFlags } from './chart-flags.ts'
import { table } from './chart-table.ts'

export async function run(argv: string[]): Promise<number> {
  const flags = parseFlags(argv, { flags: { versions: 'bool' }, short: { l: 'versions' } })
  const words = flags.args.filter((a, i) => !(i === 0 && a === 'repo')).map((w) => w.toLowerCase())
  const rows: string[][] = []
  for (const r of repositories()) {
    for (const [name, versions] of await indexOf(r)) {
      for (const v of flags.has('versions') ? versions : versions.slice(0, 1)) {
        const text = `${r.name}/${name} ${v.description}`.toLowerCase()
        if (words.every((w) => text.includes(w)))
          rows.push([`${r.name}/${name}`, v.version, v.appVersion, v.description.slice(0, 80)])
      }
    }
  }
  process.stdout.write(
    rows.length === 0 ? 'No results found\n' : table(['NAME', 'CHART VERSION', 'APP VERSION', 'DESCRIPTION'], rows),
  )
  return 0
}
