import { isMaster } from '../auth/users.ts'
import { tooManyRequests } from '../flow-control/level.ts'
import type { ApiRequest, UserInfo } from '../request.ts'
import type { RequestInfo } from './request-info.ts'

export interface InFlightLimits {
  /** Requests that only read. */
  readonly reading: number
  readonly writing: number
}

/** kube-apiserver's --max-requests-inflight and --max-mutating-requests-inflight. */
export const defaultLimits: InFlightLimits = { reading: 400, writing: 200 }

/** Counts only. */
export const noLimits: InFlightLimits = { reading: Number.POSITIVE_INFINITY, writing: Number.POSITIVE_INFINITY }

const reads = new Set(['get', 'list', 'head', 'options'])
const longRunning = new Set(['log', 'exec', 'attach', 'portforward', 'proxy'])

/** Streams, which have no end that a limit or a deadline could wait for. */
export const isLongRunning = ({ verb, subresource }: RequestInfo): boolean => verb === 'watch' || longRunning.has(subresource)

/** How many requests are being answered, and no more than the limits at a time. Watches, streams and the server's own calls do not count. */
export class InFlight {
  readonly #limits: InFlightLimits
  reading = 0
  writing = 0

  constructor(limits: InFlightLimits = defaultLimits) {
    this.#limits = limits
  }

  /** Takes a place; gives back how to leave it. Throws 429 when there is none, except for system:masters. */
  enter(request: ApiRequest, info: RequestInfo, user: UserInfo): () => void {
    if (request.wantsObjects || isLongRunning(info)) return () => {}
    const kind = reads.has(info.verb) ? 'reading' : 'writing'
    if (this[kind] >= this.#limits[kind] && !isMaster(user)) throw tooManyRequests()
    this[kind]++
    return () => {
      this[kind]--
    }
  }
}
