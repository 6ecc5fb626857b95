// `slipway chart repo add|list|update|remove|index`: chart repositories, in Helm's own files.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readArchive } from '../../helmlike/chart/archive.ts'
import { chartFromFiles } from '../../helmlike/chart/load.ts'
import { addRepository, refresh, removeRepository, repositories } from '../../helmlike/package/repositories.ts'
import { readIndex, writeIndex } from '../../helmlike/package/repository-index.ts'
import { type Flags, parseFlags } from './flags.ts'
import { accessOptions, LOCATE_FLAGS } from './locate.ts'
import { objects, show } from './output.ts'
import { table } from './table.ts'

const say = (line: string) => void process.stdout.write(`${line}\n`)

const VERBS: { readonly [verb: string]: (args: readonly string[], flags: Flags) => Promise<void> } = {
  add: async ([name, url], flags) => {
    if (name === undefined || url === undefined) throw new Error('use: slipway chart repo add NAME URL')
    await addRepository({ name, url, ...accessOptions(flags) })
    say(`${JSON.stringify(name)} has been added to your repositories`)
  },
  list: (_args, flags) => {
    const rows = repositories().map((r) => [r.name, r.url])
    return show(flags, objects(['NAME', 'URL'], rows), () => table(['NAME', 'URL'], rows))
  },
  update: async (names) => {
    const wanted = repositories().filter((r) => names.length === 0 || names.includes(r.name))
    if (wanted.length === 0) throw new Error('no repositories found. You must add one before updating')
    for (const r of wanted) {
      await refresh(r)
      say(`Successfully got an update from the ${JSON.stringify(r.name)} chart repository`)
    }
  },
  remove: async (names) => {
    for (const name of names) {
      removeRepository(name)
      say(`${JSON.stringify(name)} has been removed from your repositories`)
    }
  },
  index: async ([folder = '.'], flags) => {
    const charts = readdirSync(folder)
      .filter((f) => f.endsWith('.tgz'))
      .map((f) => {
        const archive = readFileSync(join(folder, f))
        return { chart: chartFromFiles(readArchive(archive)), archive }
      })
    const merge = flags.get('merge')
    const old = merge === undefined ? undefined : readIndex(readFileSync(merge, 'utf8'))
    writeFileSync(join(folder, 'index.yaml'), writeIndex(charts, flags.get('url') ?? '', new Date(), old))
  },
}

export async function run(argv: string[]): Promise<number> {
  const flags = parseFlags(argv, {
    flags: { ...LOCATE_FLAGS.flags, url: 'value', merge: 'value', output: 'value' },
    short: { o: 'output' },
  })
  const [verb = '', ...args] = flags.args
  const act = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined
  if (!act) throw new Error(`use: slipway chart repo ${Object.keys(VERBS).join('|')}`)
  await act(args, flags)
  return 0
}
