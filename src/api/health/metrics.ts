import type { FlowControl } from '../flow-control/flow-control.ts'
import type { PathRoute } from '../pipeline/handle.ts'
import type { InFlight } from '../pipeline/in-flight.ts'
import type { Caches } from '../watch/caches.ts'
import { header, textFormat } from './exposition.ts'
import { processMetrics } from './process-metrics.ts'
import type { RequestMetrics } from './request-metrics.ts'
import type { StorageMetrics } from './storage-metrics.ts'
import { kubernetesVersion } from './version.ts'

/** What else is counted: lines of the text format. */
export interface MetricLines {
  lines(): Iterable<string>
}

interface MetricSources {
  readonly requests: RequestMetrics
  readonly storage: StorageMetrics
  readonly inFlight: InFlight
  /** undefined: priority and fairness is off. */
  readonly flow: FlowControl | undefined
  readonly caches: Caches
  readonly more: readonly MetricLines[]
}

const version = kubernetesVersion
const buildLabels = Object.entries({
  build_date: version.buildDate,
  compiler: version.compiler,
  git_commit: version.gitCommit,
  git_tree_state: version.gitTreeState,
  git_version: version.gitVersion,
  go_version: version.goVersion,
  major: version.major,
  minor: version.minor,
  platform: version.platform,
})
  .map(([name, value]) => `${name}="${value}"`)
  .join()

const versionLabels = Object.entries({
  binary: version.gitVersion.slice(1),
  component: 'kube',
  emulation: `${version.emulationMajor}.${version.emulationMinor}`,
  min_compat: `${version.minCompatibilityMajor}.${version.minCompatibilityMinor}`,
})
  .map(([name, value]) => `${name}="${value}"`)
  .join()

/** GET /metrics in Prometheus' text format, with kube-apiserver's names and labels. */
export function metricsRoute({ requests, storage, inFlight, flow, caches, more }: MetricSources): PathRoute {
  return (_, info) => {
    if (info.path !== '/metrics') return undefined
    const lines = [
      ...requests.lines(),
      ...header('apiserver_current_inflight_requests', 'gauge', 'Most requests that were answered at a time in the last second.'),
      `apiserver_current_inflight_requests{request_kind="mutating"} ${inFlight.executing.writing.highest}`,
      `apiserver_current_inflight_requests{request_kind="readOnly"} ${inFlight.executing.reading.highest}`,
      ...(flow ? [...waitingLines(inFlight), ...flow.lines()] : []),
      ...storage.lines(),
      ...cacheLines(caches),
      ...more.flatMap((m) => [...m.lines()]),
      ...header('kubernetes_build_info', 'gauge', 'Always 1, with the version that is served.'),
      `kubernetes_build_info{${buildLabels}} 1`,
      ...header('version_info', 'gauge', 'Always 1, with the versions that are served.'),
      `version_info{${versionLabels}} 1`,
      ...processMetrics(),
    ]
    const headers = { 'content-type': textFormat }
    return { status: 200, headers, body: { bytes: Buffer.from(`${lines.join('\n')}\n`) } }
  }
}

const waitingLines = ({ waiting }: InFlight): string[] => [
  ...header('apiserver_current_inqueue_requests', 'gauge', 'Most requests that waited at a time in the last second.'),
  `apiserver_current_inqueue_requests{request_kind="mutating"} ${waiting.writing.highest}`,
  `apiserver_current_inqueue_requests{request_kind="readOnly"} ${waiting.reading.highest}`,
]

function cacheLines(caches: Caches): string[] {
  const all = [...caches.all()].map(({ group, resource, cache }) => ({
    name: group === '' ? resource : `${resource}.${group}`,
    labels: `group="${group}",resource="${resource}"`,
    cache,
  }))
  return [
    ...header('apiserver_storage_objects', 'gauge', 'Stored objects by resource.'),
    ...all.map(({ name, cache }) => `apiserver_storage_objects{resource="${name}"} ${cache.size}`),
    ...header('apiserver_storage_events_received_total', 'counter', 'Number of etcd events received split by kind.'),
    ...all.map(({ labels, cache }) => `apiserver_storage_events_received_total{${labels}} ${cache.received}`),
    ...header('apiserver_resource_size_estimate_bytes', 'gauge', 'Size of stored objects, as they are sent.'),
    ...all.map(({ labels, cache }) => `apiserver_resource_size_estimate_bytes{${labels}} ${cache.bytes}`),
    ...header('apiserver_resource_objects', 'gauge', 'Stored objects by resource.'),
    ...all.map(({ labels, cache }) => `apiserver_resource_objects{${labels}} ${cache.size}`),
    ...header('apiserver_watch_cache_events_received_total', 'counter', 'Events that the watch caches were told of.'),
    ...all.map(({ labels, cache }) => `apiserver_watch_cache_events_received_total{${labels}} ${cache.received}`),
    ...header('apiserver_watch_cache_initializations_total', 'counter', 'How often the watch caches were filled.'),
    ...all.map(({ labels }) => `apiserver_watch_cache_initializations_total{${labels}} 1`),
    ...header('apiserver_watch_cache_resource_version', 'gauge', 'The revision that the watch caches have come to.'),
    ...all.map(({ labels }) => `apiserver_watch_cache_resource_version{${labels}} ${caches.revision}`),
  ]
}
