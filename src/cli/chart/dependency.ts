// `slipway chart dependency build|update|list CHART`: fills charts/ with what Chart.yaml asks for.
import { buildDependencies, dependencyStatus, updateDependencies } from '../../helmlike/package/dependency-build.ts'
import { parseFlags } from './flags.ts'
import { objects, show } from './output.ts'
import { table } from './table.ts'

export async function run(argv: string[]): Promise<number> {
  const flags = parseFlags(argv, { flags: { output: 'value' }, short: { o: 'output' } })
  const [verb, folder = '.'] = flags.args
  if (verb === 'list' || verb === 'ls') {
    const rows = dependencyStatus(folder).map((d) => [d.name, d.version, d.repository, d.status])
    const heading = ['NAME', 'VERSION', 'REPOSITORY', 'STATUS']
    await show(flags, objects(heading, rows), () => table(heading, rows))
    return 0
  }
  const fill = verb === 'build' ? buildDependencies : verb === 'update' || verb === 'up' ? updateDependencies : undefined
  if (!fill) throw new Error('use: slipway chart dependency build|update|list [CHART]')
  for (const d of await fill(folder, new Date()))
    process.stdout.write(`${d.name} ${d.version} from ${d.repository || 'charts/'}\n`)
  return 0
}
