import { isMaster } from '../auth/users.ts'
import type { ApiRequest, UserInfo } from '../request.ts'
import type { RequestInfo } from './request-info.ts'
import { TooManyRequests } from './too-many-requests.ts'
import { Watermark } from './watermark.ts'

export interface InFlightLimits {
  /** Requests that only read. */
  readonly reading: number
  readonly writing: number
}

/** kube-apiserver's --max-requests-inflight and --max-mutating-requests-inflight. */
export const defaultLimits: InFlightLimits = { reading: 400, writing: 200 }

const reads = new Set(['get', 'list', 'watch'])
const longRunning = new Set(['log', 'exec', 'attach', 'portforward', 'proxy'])

/** Streams, which have no end that a limit or a deadline could wait for. */
export const isLongRunning = ({ isResource, verb, subresource, path }: RequestInfo): boolean =>
  isResource ? verb === 'watch' || verb === 'proxy' || longRunning.has(subresource) : path.startsWith('/debug/pprof/')

type Kind = 'reading' | 'writing'
const kindOf = ({ verb }: RequestInfo): Kind => (reads.has(verb) ? 'reading' : 'writing')

/** How many requests are being answered and wait, and no more than the limits at a time. Streams and the server's own calls do not count. */
export class InFlight {
  readonly #limits: InFlightLimits | undefined
  readonly executing = { reading: new Watermark(), writing: new Watermark() }
  readonly waiting = { reading: new Watermark(), writing: new Watermark() }

  /** Without limits it counts only, watches too while they begin: priority and fairness has its own. A limit of 0 is none. */
  constructor(limits?: InFlightLimits) {
    this.#limits = limits
  }

  /** Takes a place; gives back how to leave it. Throws TooManyRequests when there is none, except for system:masters. */
  enter(request: ApiRequest, info: RequestInfo, user: UserInfo): () => void {
    const counts = this.#limits ? !isLongRunning(info) : info.verb === 'watch' || !isLongRunning(info)
    if (request.wantsObjects || !counts) return () => {}
    const kind = kindOf(info)
    const executing = this.executing[kind]
    const limit = this.#limits?.[kind] || Number.POSITIVE_INFINITY
    // Masters past the limit are answered, but are not counted.
    if (executing.value >= limit) {
      if (!isMaster(user)) throw new TooManyRequests()
      return () => {}
    }
    executing.add(1)
    return () => executing.add(-1)
  }

  /** A request begins to wait for its seats, or ends to. */
  noteWaiting(info: RequestInfo, isWaiting: boolean): void {
    this.waiting[kindOf(info)].add(isWaiting ? 1 : -1)
  }
}
