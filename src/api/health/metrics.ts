import type { PathRoute } from '../pipeline/handle.ts'
import type { InFlight } from '../pipeline/in-flight.ts'
import type { RequestInfo } from '../pipeline/request-info.ts'
import type { Caches } from '../watch/caches.ts'

/** Upper bounds in seconds, as kube-apiserver's apiserver_request_duration_seconds. */
const bounds = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60]

interface Series {
  readonly labels: string
  readonly counts: number[]
  sum: number
  total: number
}

/** What /metrics tells of the requests that were answered. */
export class RequestMetrics {
  readonly #requests = new Map<string, number>()
  readonly #durations = new Map<string, Series>()

  record(info: RequestInfo, status: number, seconds: number): void {
    const labels = labelsOf(info)
    const id = `code="${status}",${labels}`
    this.#requests.set(id, (this.#requests.get(id) ?? 0) + 1)
    if (info.verb === 'watch') return
    const series = this.#durations.get(labels) ?? { labels, counts: bounds.map(() => 0), sum: 0, total: 0 }
    this.#durations.set(labels, series)
    series.sum += seconds
    series.total++
    const bucket = bounds.findIndex((b) => seconds <= b)
    if (bucket >= 0) series.counts[bucket] = (series.counts[bucket] ?? 0) + 1
  }

  *lines(): Generator<string> {
    yield* header('apiserver_request_total', 'counter', 'Requests by verb, resource, scope and code.')
    for (const [labels, count] of this.#requests) yield `apiserver_request_total{${labels}} ${count}`
    yield* header('apiserver_request_duration_seconds', 'histogram', 'How long requests took, watches left out.')
    for (const { labels, counts, sum, total } of this.#durations.values()) {
      let below = 0
      for (const [i, bound] of bounds.entries()) {
        below += counts[i] ?? 0
        yield `apiserver_request_duration_seconds_bucket{${labels},le="${bound}"} ${below}`
      }
      yield `apiserver_request_duration_seconds_bucket{${labels},le="+Inf"} ${total}`
      yield `apiserver_request_duration_seconds_sum{${labels}} ${sum}`
      yield `apiserver_request_duration_seconds_count{${labels}} ${total}`
    }
  }
}

const header = (name: string, type: string, help: string): string[] => [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`]

/** Only names that are served reach here as resources, so that nobody can make series without bound. */
function labelsOf(info: RequestInfo): string {
  if (!info.isResource) return 'group="",resource="",scope="",subresource="",verb="OTHER",version=""'
  const scope = info.name ? 'resource' : info.namespace ? 'namespace' : 'cluster'
  const { group, resource, subresource, verb, version } = info
  const shown = verb === 'create' ? 'POST' : verb === 'update' ? 'PUT' : verb.toUpperCase()
  return `group="${group}",resource="${resource}",scope="${scope}",subresource="${subresource}",verb="${shown}",version="${version}"`
}

/** GET /metrics in Prometheus' text format. */
export function metricsRoute(requests: RequestMetrics, inFlight: InFlight, caches: Caches): PathRoute {
  const started = Date.now() / 1000
  return (request, info) => {
    if (info.path !== '/metrics' || request.method !== 'GET') return undefined
    const { rss, heapUsed } = process.memoryUsage()
    const { user, system } = process.cpuUsage()
    const lines = [
      ...requests.lines(),
      ...header('apiserver_current_inflight_requests', 'gauge', 'Requests being answered.'),
      `apiserver_current_inflight_requests{request_kind="mutating"} ${inFlight.writing}`,
      `apiserver_current_inflight_requests{request_kind="readOnly"} ${inFlight.reading}`,
      ...header('apiserver_storage_objects', 'gauge', 'Stored objects by resource.'),
      ...[...caches.sizes()].map(([resource, size]) => `apiserver_storage_objects{resource="${resource}"} ${size}`),
      ...header('process_resident_memory_bytes', 'gauge', 'Resident memory.'),
      `process_resident_memory_bytes ${rss}`,
      ...header('nodejs_heap_used_bytes', 'gauge', 'Heap in use.'),
      `nodejs_heap_used_bytes ${heapUsed}`,
      ...header('process_cpu_seconds_total', 'counter', 'Processor time used.'),
      `process_cpu_seconds_total ${(user + system) / 1e6}`,
      ...header('process_start_time_seconds', 'gauge', 'When the process started.'),
      `process_start_time_seconds ${started}`,
    ]
    const headers = { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }
    return { status: 200, headers, body: { bytes: Buffer.from(`${lines.join('\n')}\n`) } }
  }
}
