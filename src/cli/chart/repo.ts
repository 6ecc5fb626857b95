// `slipway chart repo add|list|update|remove|index`: chart repositories, in Helm's own files.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readArchive } from '../../helmlike/chart/archive.ts'
import { chartFromFiles } from '../../helmlike/chart/load.ts'
import { addRepository, type Repository, refresh, removeRepository, repositories } from '../../helmlike/package/repositories.ts'
import { readIndex, writeIndex } from '../../helmlike/package/repository-index.ts'
import { type Family, FlagError, type Flags, parseFamily } from './flags/flags.ts'
import { ACCESS_FLAGS, accessOptions } from './flags/locate.ts'
import { passwordFromInput } from './flags/password.ts'
import { timeoutMs } from './flags/release-flags.ts'
import { formatOf, OUTPUT_FLAGS, objects, show } from './output/output.ts'
import { table } from './output/table.ts'

export const FAMILY: Family = {
  add: {
    flags: {
      ...ACCESS_FLAGS,
      'password-stdin': 'bool',
      'pass-credentials': 'bool',
      'force-update': 'bool',
      'allow-deprecated-repos': 'bool',
      timeout: 'value',
    },
    short: {},
  },
  list: { flags: { ...OUTPUT_FLAGS.flags, 'no-headers': 'bool' }, short: OUTPUT_FLAGS.short },
  update: { flags: { timeout: 'value' }, short: {} },
  remove: { flags: {}, short: {} },
  index: { flags: { url: 'value', merge: 'value', json: 'bool' }, short: {} },
}
const ALIASES = { ls: 'list', up: 'update', rm: 'remove' }

const say = (line: string) => void process.stdout.write(`${line}\n`)

const VERBS: { readonly [verb in string]: (args: readonly string[], flags: Flags) => Promise<void> | void } = {
  add: async ([name, url], flags) => {
    if (name === undefined || url === undefined)
      throw new FlagError('"slipway chart repo add" requires 2 arguments', 'use slipway chart repo add NAME URL')
    const access = accessOptions(flags)
    if (access.username && !access.password && !flags.has('password-stdin'))
      throw new FlagError(`a password for ${access.username} is missing`, 'give it by --password-stdin < FILE')
    const password = access.username && !access.password ? passwordFromInput() : access.password
    const isNew = await addRepository(
      { name, url, ...access, password },
      {
        force: flags.has('force-update'),
        allowDeprecated: flags.has('allow-deprecated-repos'),
        timeoutMs: timeoutMs(flags, '2m'),
      },
    )
    const what = isNew ? 'has been added to your repositories' : 'already exists with the same configuration, skipping'
    say(`${JSON.stringify(name)} ${what}`)
  },
  list: async (_args, flags) => {
    const rows = repositories().map((r) => [r.name, r.url])
    if (rows.length === 0 && formatOf(flags) === 'table') return void process.stderr.write('no repositories to show\n')
    const shown = flags.has('no-headers') ? rows : [['NAME', 'URL'], ...rows]
    await show(flags, objects(['NAME', 'URL'], rows), () => table(shown))
  },
  update: (names, flags) => update(names, timeoutMs(flags, '2m')),
  remove: (names) => {
    if (names.length === 0)
      throw new FlagError('"slipway chart repo remove" requires at least 1 argument', 'use slipway chart repo remove NAME…')
    for (const name of names) {
      removeRepository(name)
      say(`${JSON.stringify(name)} has been removed from your repositories`)
    }
  },
  index: ([folder = '.'], flags) => writeIndexOf(folder, flags),
}

/** All that can be read is read, side by side; one that fails fails the verb in the end. */
async function update(names: readonly string[], deadline: number): Promise<void> {
  const known = repositories()
  if (known.length === 0) throw new Error('no repositories found. You must add one before updating')
  for (const name of names)
    if (!known.some((r) => r.name === name)) throw new Error(`no repositories found matching '${name}'.  Nothing will be updated`)
  say('Hang tight while we grab the latest from your chart repositories...')
  const failed: string[] = []
  const one = async (r: Repository) => {
    try {
      await refresh(r, deadline)
      say(`...Successfully got an update from the ${JSON.stringify(r.name)} chart repository`)
    } catch (e) {
      failed.push(r.url)
      say(`...Unable to get an update from the ${JSON.stringify(r.name)} chart repository (${r.url}):\n\t${(e as Error).message}`)
    }
  }
  await Promise.all(known.filter((r) => names.length === 0 || names.includes(r.name)).map(one))
  if (failed.length > 0) throw new Error(`failed to update the following repositories: [${failed.join(' ')}]`)
  say('Update Complete. ⎈Happy Helming!⎈')
}

/** Archives are looked for in the folder and in the folders in it, as Helm does. */
function writeIndexOf(folder: string, flags: Flags): void {
  const names = readdirSync(folder, { withFileTypes: true }).flatMap((e) =>
    e.isDirectory() ? readdirSync(join(folder, e.name)).map((f) => `${e.name}/${f}`) : [e.name],
  )
  const charts = names
    .filter((f) => f.endsWith('.tgz'))
    .sort()
    .map((path) => {
      const archive = readFileSync(join(folder, path))
      return { chart: chartFromFiles(readArchive(archive)), archive, path }
    })
  const merge = flags.get('merge')
  const old = merge !== undefined && existsSync(merge) ? readIndex(readFileSync(merge, 'utf8')) : undefined
  const text = writeIndex(charts, { url: flags.get('url') ?? '', created: new Date(), json: flags.has('json') }, old)
  writeFileSync(join(folder, 'index.yaml'), text)
}

export async function run(argv: string[]): Promise<number> {
  const { verb, flags } = parseFamily(argv, FAMILY, `repo ${Object.keys(FAMILY).join('|')}`, ALIASES)
  await VERBS[verb]?.(flags.args, flags)
  return 0
}
