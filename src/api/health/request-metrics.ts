import type { RequestInfo } from '../pipeline/request-info.ts'
import { Gauge, Histogram } from './exposition.ts'

/** Upper bounds in seconds, as kube-apiserver's apiserver_request_duration_seconds. */
const bounds = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60]

/** What of a request decides how it is counted. */
export interface Counted {
  readonly info: RequestInfo
  readonly method: string
  /** Server-side apply has a verb of its own. */
  readonly isApply: boolean
  readonly isDryRun: boolean
}

/** What /metrics tells of requests: those that were answered, and watches and streams that are open. */
export class RequestMetrics {
  readonly #total = new Gauge()
  readonly #durations = new Histogram('apiserver_request_duration_seconds', 'Response latency distribution in seconds.', bounds)
  readonly #open = new Gauge()

  record(request: Counted, status: number, seconds: number): void {
    const labels = labelsOf(request)
    this.#total.add(`code="${status}",${labels}`, 1)
    if (request.info.verb !== 'watch') this.#durations.observe(labels, seconds)
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
    yield* this.#total.lines('apiserver_request_total', 'counter', 'Requests by verb, resource, scope and HTTP response code.')
    yield* this.#durations.lines()
    yield* this.#open.lines('apiserver_longrunning_requests', 'gauge', 'Watches and streams that are open.')
  }
}

const scopeOf = ({ name, namespace, verb }: RequestInfo): string =>
  name || verb === 'create' ? 'resource' : namespace ? 'namespace' : 'cluster'

/** Paths that have a series of their own; others share one, so that nobody can make series without bound. */
const paths = /^\/(?:api|apis|healthz|livez|readyz|metrics|version|openapi\/v2|openapi\/v3)\/?$/
const methods: Readonly<Record<string, string>> = { HEAD: 'GET' }
const connects = new Set(['exec', 'attach', 'portforward', 'proxy', 'log'])

/** Only names that are served reach here as resources. */
function labelsOf({ info, method, isApply, isDryRun }: Counted): string {
  if (!info.isResource) {
    const path = paths.test(info.path) ? info.path.replace(/(?<=.)\/$/, '') : ''
    return `component="apiserver",dry_run="",group="",resource="",scope="",subresource="${path}",verb="${verbOf(method)}",version=""`
  }
  const { group, resource, subresource, version } = info
  const verb = isApply ? 'APPLY' : connects.has(subresource) && subresource !== 'log' ? 'CONNECT' : shown(info.verb, method)
  return `component="apiserver",dry_run="${isDryRun ? 'All' : ''}",group="${group}",resource="${resource}",scope="${scopeOf(info)}",subresource="${subresource}",verb="${verb}",version="${version}"`
}

const shown = (verb: string, method: string): string => (verb === 'list' ? 'LIST' : verb === 'watch' ? 'WATCH' : verbOf(method))

const known = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
function verbOf(method: string): string {
  const verb = methods[method] ?? method
  return known.has(verb) ? verb : 'OTHER'
}
