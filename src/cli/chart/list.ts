// `slipway chart list`: the releases of a namespace.
import { appVersionOf, chartLabel, type ReleaseRecord, type Status } from '../../helmlike/release/record.ts'
import { shownTime, TIME_STRING } from '../../helmlike/release/record-time.ts'
import { ReleaseStore } from '../../helmlike/release/release-store.ts'
import type { Flags } from './flags/flags.ts'
import { colors } from './output/colors.ts'
import { formatOf, objects, show } from './output/output.ts'
import { table } from './output/table.ts'
import { connect } from './release.ts'

const STATES = ['deployed', 'failed', 'superseded', 'uninstalled', 'uninstalling'] as const satisfies readonly Status[]
const HEADING = ['NAME', 'NAMESPACE', 'REVISION', 'UPDATED', 'STATUS', 'CHART', 'APP VERSION']

/** Whether a release in this state is asked for; all are, where no flag names states. */
function isWanted(status: Status, flags: Flags): boolean {
  if (flags.has('all')) return true
  const chosen = STATES.filter((s) => flags.has(s))
  if (chosen.length === 0 && !flags.has('pending')) return true
  return status.startsWith('pending-') ? flags.has('pending') : chosen.some((s) => s === status)
}

/** Order, then the part that --offset and --max leave. */
function arranged(
  found: readonly ReleaseRecord[],
  flags: Flags,
  isNamed: ((name: string) => boolean) | undefined,
): ReleaseRecord[] {
  const list = found.filter((r) => isWanted(r.info.status, flags) && (isNamed?.(r.name) ?? true))
  if (flags.has('date')) list.sort((a, b) => Date.parse(a.info.last_deployed ?? '') - Date.parse(b.info.last_deployed ?? ''))
  else list.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.namespace < b.namespace ? -1 : 1))
  if (flags.has('reverse')) list.reverse()
  const from = Math.max(0, Number(flags.get('offset') ?? 0))
  const max = Number(flags.get('max') ?? 256)
  return list.slice(from, max > 0 ? from + max : undefined)
}

/** --filter is an expression of RE2, as in Go. Throws Error in its words. */
async function filterOf(flags: Flags): Promise<((name: string) => boolean) | undefined> {
  const text = flags.get('filter') ?? ''
  if (text === '') return undefined
  const { RE2JS } = await import('re2js')
  const expression = RE2JS.compile(text)
  return (name) => expression.matcher(name).find()
}

export async function run(argv: string[]): Promise<number> {
  const { flags, releases, namespace } = await connect('list', argv)
  if (flags.args.length > 0) throw new Error('"slipway chart list" accepts no arguments')
  const store = new ReleaseStore(releases.cluster.client, flags.has('all-namespaces') ? undefined : namespace, () => new Date())
  const selector = flags.get('selector')
  // The newest revision is never superseded: who asks for those alone wants every one.
  const onlyOld = flags.has('superseded') && !flags.has('pending') && STATES.every((s) => s === 'superseded' || !flags.has(s))
  const found = arranged(await (onlyOld ? store.every(selector) : store.newest(selector)), flags, await filterOf(flags))
  if (flags.has('short')) {
    const names = found.map((r) => r.name)
    if (formatOf(flags) !== 'table' || names.length > 0) await show(flags, names, () => names.map((name) => `${name}\n`).join(''))
    return 0
  }
  const layout = flags.get('time-format') || TIME_STRING
  const rows = found.map((r) => [
    r.name,
    r.namespace,
    String(r.version),
    shownTime(r.info.last_deployed, layout) ?? '-',
    r.info.status,
    chartLabel(r),
    appVersionOf(r),
  ])
  await show(flags, objects(HEADING, rows), () => {
    const paint = colors(flags)
    const shown = found.map((r, i) =>
      (rows[i] as string[]).with(1, paint.namespace(r.namespace)).with(4, paint.status(r.info.status)),
    )
    return table(flags.has('no-headers') ? shown : [HEADING.map(paint.heading), ...shown])
  })
  return 0
}
