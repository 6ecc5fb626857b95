// The custom resource definitions of a chart's crds/: installed with it, and offered when an upgrade brings others.
import type { Unstructured } from '../../apimachinery/object.ts'
import { type Chart, crdsOf } from '../chart/chart.ts'
import type { Cluster } from './cluster.ts'
import { label, objectsOf } from './manifest-objects.ts'
import { notReady } from './readiness.ts'
import { ofLive, waitFor } from './waiting.ts'

interface CrdOptions {
  readonly timeoutMs: number
  readonly dryRun?: 'client' | 'server'
  readonly upgradeCrds?: boolean
  readonly warn?: (message: string) => void
}

const definitions = (chart: Chart): Unstructured[] => crdsOf(chart).flatMap((f) => objectsOf(f.data.toString('utf8')))

/** Creates those that the cluster lacks, and waits until it serves them. */
export async function installCrds(cluster: Cluster, chart: Chart, o: CrdOptions): Promise<void> {
  const made: Unstructured[] = []
  for (const crd of definitions(chart)) {
    if (o.dryRun || (await cluster.read(crd, ''))) continue
    await cluster.create(crd, '')
    made.push(crd)
  }
  await established(cluster, made, o)
}

/** Helm never touches definitions again after the install: an upgrade says what differs, or with `upgradeCrds` applies it. */
export async function offerCrds(cluster: Cluster, chart: Chart, o: CrdOptions): Promise<void> {
  const stale: Unstructured[] = []
  for (const crd of definitions(chart)) {
    const live = await cluster.read(crd, '')
    if (!live || !covers(live.spec, crd.spec)) stale.push(crd)
  }
  if (o.upgradeCrds && !o.dryRun) {
    for (const crd of stale) await cluster.apply(crd, '', { force: true })
    await established(cluster, stale, o)
    return
  }
  for (const crd of stale)
    o.warn?.(`warning: ${label(crd)} of the chart is not as the cluster has it; --upgrade-crds brings it up to date`)
}

async function established(cluster: Cluster, crds: readonly Unstructured[], o: CrdOptions): Promise<void> {
  if (crds.length === 0) return
  await waitFor(
    cluster,
    crds,
    '',
    ofLive((x) => notReady(x, false)),
    Math.min(o.timeoutMs, 60_000),
  )
  cluster.forget()
}

/** Whether all that `wanted` says holds in `live`, which may say more. */
function covers(live: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted))
    return Array.isArray(live) && live.length === wanted.length && wanted.every((w, i) => covers(live[i], w))
  if (typeof wanted !== 'object' || wanted === null) return live === wanted || (wanted === null && live === undefined)
  if (typeof live !== 'object' || live === null) return false
  return Object.entries(wanted).every(([k, w]) => covers((live as { [k: string]: unknown })[k], w))
}
