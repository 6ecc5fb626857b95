import type { Clock } from '../../apimachinery/clock.ts'
import { Counter, header, sample } from '../health/exposition.ts'
import type { RequestInfo } from '../pipeline/request-info.ts'
import type { ApiRequest, UserInfo } from '../request.ts'
import { type AuditPolicy, extentOf } from './policy.ts'
import { type LineSink, Trail, type TrailOptions } from './trail.ts'

/** Who a request comes from, and what it asks for, before it is known whether it may. */
export interface Opening {
  readonly id: string
  readonly request: ApiRequest
  readonly info: RequestInfo
  readonly user: UserInfo | undefined
  readonly receivedMs: number
  /** What is noted at the end. */
  readonly lastNotes?: NonNullable<TrailOptions['lastNotes']>
}

/** What is logged of requests, by a policy. Counts what it does, under kube-apiserver's names. */
export class Audit {
  readonly #levels = new Counter('apiserver_audit_level_total', 'Counter of policy levels for audit events (1 per request).')
  #events = 0
  readonly #policy: AuditPolicy
  readonly #sink: LineSink
  readonly #clock: Clock

  constructor(policy: AuditPolicy, sink: LineSink, clock: Clock) {
    this.#policy = policy
    this.#sink = (line) => {
      this.#events++
      return sink(line)
    }
    this.#clock = clock
  }

  now(): number {
    return this.#clock.now()
  }

  /** Of /metrics. */
  *lines(): Generator<string> {
    yield* header('apiserver_audit_event_total', 'counter', 'Counter of audit events generated and sent to the audit backend.')
    yield sample('apiserver_audit_event_total', '', this.#events)
    yield* this.#levels.lines()
  }

  /** The trail of a request; undefined when the policy wants nothing of it. */
  open(opening: Opening): Trail | undefined {
    const { info, user } = opening
    const asked = { user, verb: info.verb, path: info.path, ...(info.isResource ? { resource: info } : {}) }
    const extent = extentOf(this.#policy, asked)
    this.#levels.add(`level="${extent.level}"`, 1)
    if (extent.level === 'None') return undefined
    return new Trail({ ...opening, extent, now: () => this.#clock.now(), sink: this.#sink })
  }
}
