// `slipway chart list`: the releases of a namespace.
import { chartLabel, type ReleaseRecord, type Status } from '../../helmlike/release/record.ts'
import { ReleaseStore } from '../../helmlike/release/release-store.ts'
import { print } from '../print.ts'
import type { Flags } from './flags.ts'
import { objects, show } from './output.ts'
import { connect } from './release.ts'
import { table } from './table.ts'

const STATES = ['deployed', 'failed', 'superseded', 'uninstalled', 'uninstalling'] as const satisfies readonly Status[]

/** Whether a release in this state is asked for; by default those that are installed, or being so. */
function isWanted(status: Status, flags: Flags): boolean {
  if (flags.has('all')) return true
  const chosen = STATES.filter((s) => flags.has(s))
  if (chosen.length === 0 && !flags.has('pending')) return status !== 'uninstalled'
  return status.startsWith('pending-') ? flags.has('pending') : chosen.some((s) => s === status)
}

/** Order, then the part that --offset and --max leave. */
function arranged(found: readonly ReleaseRecord[], flags: Flags): ReleaseRecord[] {
  const filter = flags.get('filter')
  const expression = filter === undefined ? undefined : new RegExp(filter)
  const list = found.filter((r) => isWanted(r.info.status, flags) && (expression?.test(r.name) ?? true))
  if (flags.has('date')) list.sort((a, b) => Date.parse(a.info.last_deployed ?? '') - Date.parse(b.info.last_deployed ?? ''))
  if (flags.has('reverse')) list.reverse()
  const from = Number(flags.get('offset') ?? 0)
  const max = Number(flags.get('max') ?? 256)
  return list.slice(from, max > 0 ? from + max : undefined)
}

export async function run(argv: string[]): Promise<number> {
  const { flags, releases, namespace } = await connect('list', argv)
  const store = new ReleaseStore(releases.cluster.client, flags.has('all-namespaces') ? undefined : namespace, () => new Date())
  const found = arranged(await store.newest(flags.get('selector')), flags)
  if (flags.has('short')) {
    await print(found.map((r) => `${r.name}\n`).join(''))
    return 0
  }
  const rows = found.map((r) => [
    r.name,
    r.namespace,
    String(r.version),
    r.info.last_deployed ?? '',
    r.info.status,
    chartLabel(r),
    (r.chart.metadata as { appVersion?: string } | undefined)?.appVersion ?? '',
  ])
  const heading = ['NAME', 'NAMESPACE', 'REVISION', 'UPDATED', 'STATUS', 'CHART', 'APP VERSION']
  const lines = () => table(heading, rows)
  await show(flags, objects(heading, rows), () => (flags.has('no-headers') ? lines().replace(/^.*\n/, '') : lines()))
  return 0
}
