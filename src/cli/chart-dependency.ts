// `slipway chart dependency build|update|list CHART`: fills charts/ with what Chart.yaml asks for.
import { buildDependencies, dependencyStatus, updateDependencies } from '../helmlike/package/dependency-build.ts'
import { parseFlags } from './chart-flags.ts'
import { table } from './chart-table.ts'

export async function run(argv: string[]): Promise<number> {
  const { args } = parseFlags(argv, { flags: { 'skip-refresh': 'bool' }, short: {} })
  const [verb, folder = '.'] = args
  if (verb === 'list' || verb === 'ls') {
    process.stdout.write(
      table(
        ['NAME', 'VERSION', 'REPOSITORY', 'STATUS'],
        dependencyStatus(folder).map((d) => [d.name, d.version, d.repository, d.status]),
      ),
    )
    return 0
  }
  const fill = verb === 'build' ? buildDependencies : verb === 'update' || verb === 'up' ? updateDependencies : undefined
  if (!fill) throw new Error('use: slipway chart dependency build|update|list [CHART]')
  for (const d of await fill(folder, new Date()))
    process.stdout.write(`${d.name} ${d.version} from ${d.repository || 'charts/'}\n`)
  return 0
}
