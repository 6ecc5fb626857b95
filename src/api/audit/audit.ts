import type { Clock } from '../../apimachinery/clock.ts'
import type { RequestInfo } from '../pipeline/request-info.ts'
import type { ApiRequest, UserInfo } from '../request.ts'
import { type AuditPolicy, extentOf } from './policy.ts'
import { type Sink, Trail } from './trail.ts'

/** Who a request comes from, and what it asks for, before it is known whether it may. */
export interface Opening {
  readonly id: string
  readonly request: ApiRequest
  readonly info: RequestInfo
  readonly user: UserInfo | undefined
  readonly receivedMs: number
}

export class Audit {
  readonly #policy: AuditPolicy
  readonly #sink: Sink
  readonly #clock: Clock

  constructor(policy: AuditPolicy, sink: Sink, clock: Clock) {
    this.#policy = policy
    this.#sink = sink
    this.#clock = clock
  }

  now(): number {
    return this.#clock.now()
  }

  /** The trail of a request; undefined when the policy wants nothing of it. */
  open({ id, request, info, user, receivedMs }: Opening): Trail | undefined {
    const asked = { user, verb: info.verb, path: info.path, ...(info.isResource ? { resource: info } : {}) }
    const extent = extentOf(this.#policy, asked)
    if (extent.level === 'None') return undefined
    return new Trail({ id, request, info, user, extent, receivedMs, now: () => this.#clock.now(), sink: this.#sink })
  }
}
