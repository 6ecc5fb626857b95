// `slipway chart dependency build|update|list CHART`: fills charts/ with what Chart.yaml asks for.
import { buildDependencies, type FillOptions, updateDependencies } from '../../helmlike/package/dependency-build.ts'
import { dependencyStatus, undeclared } from '../../helmlike/package/dependency-status.ts'
import { type Family, FlagError, type Flags, parseFamily } from './flags/flags.ts'
import { ACCESS_FLAGS, accessOptions } from './flags/locate.ts'
import { OUTPUT_FLAGS, objects, show } from './output/output.ts'
import { table } from './output/table.ts'

const FILL = {
  flags: { ...ACCESS_FLAGS, 'plain-http': 'bool', 'skip-refresh': 'bool', verify: 'bool', keyring: 'value' },
  short: {},
} as const

export const FAMILY: Family = {
  build: FILL,
  update: FILL,
  list: { flags: { ...OUTPUT_FLAGS.flags, 'max-col-width': 'int' }, short: OUTPUT_FLAGS.short },
}

export async function run(argv: string[]): Promise<number> {
  const { verb, flags } = parseFamily(argv, FAMILY, 'dependency build|update|list [CHART]', { ls: 'list', up: 'update' })
  if (flags.args.length > 1) throw new FlagError(`${JSON.stringify(`slipway chart dependency ${verb}`)} takes one chart`)
  const [folder = '.'] = flags.args
  if (verb === 'list') {
    await list(folder, flags)
    return 0
  }
  const fill = verb === 'build' ? buildDependencies : updateDependencies
  for (const d of await fill(folder, new Date(), fillOptions(flags)))
    process.stdout.write(`${d.name} ${d.version} from ${d.repository || 'charts/'}\n`)
  return 0
}

const fillOptions = (flags: Flags): FillOptions => ({
  ...accessOptions(flags),
  plainHttp: flags.has('plain-http'),
  skipRefresh: flags.has('skip-refresh'),
  ...(flags.has('verify') ? { verify: { keyring: flags.get('keyring') } } : {}),
  warn: (line) => void process.stderr.write(`${line}\n`),
})

async function list(folder: string, flags: Flags): Promise<void> {
  const found = dependencyStatus(folder)
  const heading = ['NAME', 'VERSION', 'REPOSITORY', 'STATUS']
  const rows = (found ?? []).map((d) => [d.name, d.version, d.repository, d.status])
  const width = Number(flags.get('max-col-width') ?? 80)
  await show(flags, objects(heading, rows), () => {
    if (!found) return `WARNING: no dependencies at ${folder.replace(/\/+$/, '')}/charts\n`
    const extra = undeclared(folder).map((line) => `${line}\n`)
    return `${table([heading, ...rows], width)}\n${extra.join('')}`
  })
}
