// `slipway chart history NAME`: every revision of a release.
import { appVersionOf, chartLabel } from '../../helmlike/release/record.ts'
import { ANSIC, RFC3339_NANO, shownTime } from '../../helmlike/release/record-time.ts'
import { onlyArgument } from './flags/flags.ts'
import { show } from './output/output.ts'
import { table } from './output/table.ts'
import { connect } from './release.ts'

export async function run(argv: string[]): Promise<number> {
  const { flags, releases } = await connect('history', argv)
  const all = await releases.history(onlyArgument(flags, 'history NAME'))
  if (all.length === 0) throw new Error('release: not found')
  const max = Number(flags.get('max') ?? 256)
  const history = max > 0 ? all.slice(-max) : []
  const withRollback = flags.has('show-rollback-revision')
  const rows = history.map((r) => [
    String(r.version),
    shownTime(r.info.last_deployed, ANSIC) ?? 'Mon Jan  1 00:00:00 0001',
    r.info.status,
    chartLabel(r),
    appVersionOf(r),
    ...(withRollback ? [String(r.info.rollback_revision || '')] : []),
    r.info.description ?? '',
  ])
  const heading = ['REVISION', 'UPDATED', 'STATUS', 'CHART', 'APP VERSION', ...(withRollback ? ['ROLLBACK'] : []), 'DESCRIPTION']
  const data = history.map((r) => ({
    revision: r.version,
    updated: shownTime(r.info.last_deployed, RFC3339_NANO),
    status: r.info.status,
    chart: chartLabel(r),
    app_version: appVersionOf(r),
    ...(r.info.rollback_revision ? { rollback_revision: r.info.rollback_revision } : {}),
    description: r.info.description ?? '',
  }))
  await show(flags, data, () => table([heading, ...rows]))
  return 0
}
