// `slipway chart history NAME`: every revision of a release.
import { chartLabel } from '../helmlike/release/record.ts'
import { argument, connect, print } from './chart-release.ts'
import { table } from './chart-table.ts'

export async function run(argv: string[]): Promise<number> {
  const { flags, releases } = await connect(argv)
  const history = await releases.history(argument(flags, 0, 'history NAME'))
  if (history.length === 0) throw new Error('release: not found')
  const rows = history.map((r) => [
    String(r.version),
    r.info.last_deployed ?? '',
    r.info.status,
    chartLabel(r),
    r.info.description ?? '',
  ])
  print(table(['REVISION', 'UPDATED', 'STATUS', 'CHART', 'DESCRIPTION'], rows))
  return 0
}
