import type { RequestInfo } from '../pipeline/request-info.ts'
import type { ApiResponse } from '../request.ts'
import { Counter, Gauge, Histogram, header, type Series, sample } from './exposition.ts'

/** Upper bounds in seconds, as kube-apiserver's apiserver_request_duration_seconds. */
const bounds = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60]
const sliBounds = bounds.filter((b) => b >= 0.05)
const watchListBounds = [0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 2, 4, 6, 8, 10, 15, 20, 30, 45, 60]
const sizes = [1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9]

/** What of a request decides how it is counted. */
interface Counted {
  readonly info: RequestInfo
  readonly method: string
  /** Server-side apply has a verb of its own. */
  readonly isApply: boolean
  readonly isDryRun: boolean
}

/** How it went. */
interface Outcome {
  readonly response: ApiResponse
  readonly seconds: number
  /** Of these, spent in queues and by webhooks. */
  readonly elsewhereSeconds: number
}

/** What is counted of the requests of one set of labels. */
interface Cell {
  readonly verb: string
  readonly labels: string
  readonly byCode: Map<number, number>
  readonly durations: Series
  readonly sli: Series
  /** Only of reads. */
  readonly sizes: Series | undefined
}

/** What /metrics tells of requests: those that were answered, and watches and streams that are open. */
export class RequestMetrics {
  readonly #cells = new Map<string, Cell>()
  readonly #durations = new Histogram(
    'apiserver_request_duration_seconds',
    'Response latency distribution in seconds for each verb, dry run value, group, version, resource, subresource, scope and component.',
    bounds,
  )
  readonly #sli = new Histogram(
    'apiserver_request_sli_duration_seconds',
    'Response latency distribution (not counting webhook duration and priority & fairness queue wait times) in seconds for each verb, group, version, resource, subresource, scope and component.',
    sliBounds,
  )
  readonly #sizes = new Histogram(
    'apiserver_response_sizes',
    'Response size distribution in bytes for each group, version, verb, resource, subresource, scope and component.',
    sizes,
  )
  readonly #watchLists = new Histogram(
    'apiserver_watch_list_duration_seconds',
    'Response latency distribution in seconds for watch list requests broken by group, version, resource and scope.',
    watchListBounds,
  )
  readonly #events = new Histogram(
    'apiserver_watch_events_sizes',
    'Watch event size distribution in bytes',
    Array.from({ length: 8 }, (_, i) => 1024 * 2 ** i),
  )
  readonly #open = new Gauge('apiserver_longrunning_requests', 'Watches and streams that are open.')
  readonly #terminated = new Counter(
    'apiserver_request_terminations_total',
    'Number of requests which apiserver terminated in self-defense.',
  )
  readonly #deprecated = new Set<string>()

  /** Requests that nobody serves, and those of paths that kube-apiserver does not count, are not counted. */
  record(request: Counted, { response, seconds, elsewhereSeconds }: Outcome): void {
    const cell = this.#cellOf(request)
    if (!cell) return
    cell.byCode.set(response.status, (cell.byCode.get(response.status) ?? 0) + 1)
    if (cell.verb === 'WATCH') return
    cell.durations.observe(seconds)
    cell.sli.observe(Math.max(0, seconds - elsewhereSeconds))
    cell.sizes?.observe(sizeOf(response))
  }

  /** A request was refused to protect the server. */
  terminated(request: Counted, code: number): void {
    const { labels } = placeOf(request) ?? pathPlace('', request.method)
    this.#terminated.add(`code="${code}",${labels}`, 1)
  }

  /** `warning`: what a deprecated resource says of itself; it may tell the release in which it goes. */
  deprecated({ group, version, resource, subresource }: RequestInfo, warning: string): void {
    const removed = /unavailable in v(\d+\.\d+)/.exec(warning)?.[1] ?? ''
    this.#deprecated.add(
      `group="${group}",removed_release="${removed}",resource="${resource}",subresource="${subresource}",version="${version}"`,
    )
  }

  /** A watch that begins with all that there is has told it. */
  listed(info: RequestInfo, seconds: number): void {
    const { group, resource, version } = info
    this.#watchLists.observe(`group="${group}",resource="${resource}",scope="${scopeOf(info)}",version="${version}"`, seconds)
  }

  /** Where the sizes of events are counted that are sent to watches of such objects. */
  eventsOf({ group, resource, version }: RequestInfo): Series {
    return this.#events.series(`group="${group}",resource="${resource}",version="${version}"`)
  }

  /** A watch or stream begins; gives back how it ends. */
  open(info: RequestInfo): () => void {
    const { group, version, resource, subresource } = info
    const verb = subresource === '' ? 'WATCH' : 'CONNECT'
    const labels = `component="apiserver",group="${group}",resource="${resource}",scope="${scopeOf(info)}",subresource="${subresource}",verb="${verb}",version="${version}"`
    this.#open.add(labels, 1)
    let isOpen = true
    return () => {
      if (isOpen) this.#open.add(labels, -1)
      isOpen = false
    }
  }

  *lines(): Generator<string> {
    const counter = 'apiserver_request_total'
    yield* header(
      counter,
      'counter',
      'Counter of apiserver requests broken out for each verb, dry run value, group, version, resource, scope, component, and HTTP response code.',
    )
    for (const { byCode, labels } of this.#cells.values()) {
      for (const [code, count] of byCode) yield sample(counter, `code="${code}",${labels}`, count)
    }
    yield* this.#durations.lines()
    yield* this.#sli.lines()
    yield* this.#sizes.lines()
    yield* this.#watchLists.lines()
    yield* this.#events.lines()
    yield* this.#events.totals('apiserver_watch_events_total', 'Number of events sent in watch clients')
    yield* this.#open.lines()
    yield* this.#terminated.lines()
    if (this.#deprecated.size === 0) return
    yield* header('apiserver_requested_deprecated_apis', 'gauge', 'Deprecated APIs that have been requested.')
    for (const labels of this.#deprecated) yield sample('apiserver_requested_deprecated_apis', labels, 1)
  }

  #cellOf(request: Counted): Cell | undefined {
    const place = placeOf(request)
    if (!place) return undefined
    const { verb, labels } = place
    const dryRun = request.isDryRun && request.info.isResource ? 'dry_run="All"' : 'dry_run=""'
    const key = dryRun + labels
    let cell = this.#cells.get(key)
    if (!cell) {
      const all = labels.replace(',group=', `,${dryRun},group=`)
      cell = {
        verb,
        labels: all,
        byCode: new Map(),
        durations: this.#durations.series(all),
        sli: this.#sli.series(labels),
        sizes: verb === 'GET' || verb === 'LIST' ? this.#sizes.series(labels) : undefined,
      }
      this.#cells.set(key, cell)
    }
    return cell
  }
}

const scopeOf = ({ name, namespace, verb }: RequestInfo): string =>
  name || verb === 'create' ? 'resource' : namespace ? 'namespace' : 'cluster'

/** The paths that kube-apiserver counts, by what it calls them. */
const paths: Readonly<Record<string, string>> = {
  '/healthz': '/healthz',
  '/livez': '/livez',
  '/readyz': '/readyz',
  '/openapi/v3': 'openapi/v3',
}

function placeOf({ info, method, isApply }: Counted): { verb: string; labels: string } | undefined {
  if (!info.isResource) {
    const name = info.path.startsWith('/openapi/v3/') ? 'openapi/v3/' : paths[info.path]
    return name === undefined ? undefined : pathPlace(name, method)
  }
  const { group, resource, subresource, version } = info
  const verb = isApply ? 'APPLY' : connects.has(subresource) ? 'CONNECT' : shown(info.verb, method)
  const labels = `component="apiserver",group="${group}",resource="${resource}",scope="${scopeOf(info)}",subresource="${subresource}",verb="${verb}",version="${version}"`
  return { verb, labels }
}

function pathPlace(name: string, method: string): { verb: string; labels: string } {
  const verb = verbOf(method)
  return { verb, labels: `component="",group="",resource="",scope="",subresource="${name}",verb="${verb}",version=""` }
}

const connects = new Set(['exec', 'attach', 'portforward', 'proxy', 'log'])
const methods: Readonly<Record<string, string>> = { HEAD: 'GET' }
const shown = (verb: string, method: string): string => (verb === 'list' ? 'LIST' : verb === 'watch' ? 'WATCH' : verbOf(method))

const known = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
function verbOf(method: string): string {
  const verb = methods[method] ?? method
  return known.has(verb) ? verb : 'OTHER'
}

/** Of a body that is sent whole. */
function sizeOf({ body }: ApiResponse): number {
  if ('bytes' in body) return body.bytes.length
  return 'chunks' in body ? body.chunks.reduce((n, chunk) => n + chunk.length, 0) : 0
}
