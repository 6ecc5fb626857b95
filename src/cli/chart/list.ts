// `slipway chart list`: the releases of a namespace.
import { chartLabel } from '../../helmlike/release/record.ts'
import { ReleaseStore } from '../../helmlike/release/release-store.ts'
import { objects, show } from './output.ts'
import { connect } from './release.ts'
import { table } from './table.ts'

export async function run(argv: string[]): Promise<number> {
  const { flags, releases, namespace } = await connect(argv)
  const store = new ReleaseStore(releases.cluster.client, flags.has('all-namespaces') ? undefined : namespace, () => new Date())
  const found = (await store.newest()).filter((r) => flags.has('all') || r.info.status !== 'uninstalled')
  const rows = found.map((r) => [
    r.name,
    r.namespace,
    String(r.version),
    r.info.last_deployed ?? '',
    r.info.status,
    chartLabel(r),
  ])
  const heading = ['NAME', 'NAMESPACE', 'REVISION', 'UPDATED', 'STATUS', 'CHART']
  await show(flags, objects(heading, rows), () => table(heading, rows))
  return 0
}
