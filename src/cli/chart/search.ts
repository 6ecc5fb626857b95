// `slipway chart search WORD`: charts of the known repositories whose name or description has the word.
import { indexOf, repositories } from '../../helmlike/package/repositories.ts'
import { parseFlags } from './flags.ts'
import { objects, show } from './output.ts'
import { table } from './table.ts'

export async function run(argv: string[]): Promise<number> {
  const flags = parseFlags(argv, { flags: { versions: 'bool', output: 'value' }, short: { l: 'versions', o: 'output' } })
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
  const heading = ['NAME', 'CHART VERSION', 'APP VERSION', 'DESCRIPTION']
  const data = objects(['NAME', 'VERSION', 'APP VERSION', 'DESCRIPTION'], rows)
  await show(flags, data, () => (rows.length === 0 ? 'No results found\n' : table(heading, rows)))
  return 0
}
