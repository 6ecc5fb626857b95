// `slipway chart history NAME`: every revision of a release.
import { chartLabel } from '../../helmlike/release/record.ts'
import { objects, show } from './output.ts'
import { argument, connect } from './release.ts'
import { table } from './table.ts'

export async function run(argv: string[]): Promise<number> {
  const { flags, releases } = await connect('history', argv)
  const all = await releases.history(argument(flags, 0, 'history NAME'))
  if (all.length === 0) throw new Error('release: not found')
  const history = all.slice(-Number(flags.get('max') ?? 256))
  const rows = history.map((r) => [
    String(r.version),
    r.info.last_deployed ?? '',
    r.info.status,
    chartLabel(r),
    r.info.description ?? '',
  ])
  const heading = ['REVISION', 'UPDATED', 'STATUS', 'CHART', 'DESCRIPTION']
  const data = objects(heading, rows).map((r) => ({ ...r, revision: Number(r.revision) }))
  await show(flags, data, () => table(heading, rows))
  return 0
}
