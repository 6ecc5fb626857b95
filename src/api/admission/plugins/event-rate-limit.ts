import type { Event as KubeEvent } from '../../../apimachinery/kinds.generated.ts'
import { StatusError } from '../../../apimachinery/status.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../admission.ts'
import { isWrite } from '../refusal.ts'

export type LimitType = 'Server' | 'Namespace' | 'User' | 'SourceAndObject'

/** How many events may be written for each of what `type` says. */
export interface EventLimit {
  readonly type: LimitType
  readonly qps: number
  readonly burst: number
  /** Of so many of them it is remembered how much they wrote; default 4096. */
  readonly cacheSize?: number
}

const defaultCacheSize = 4096

/** Keeps those who write many events from filling the store. `nowMs`: any clock that does not go back. */
export const eventRateLimit = (limits: readonly EventLimit[], nowMs: () => number = () => performance.now()): AdmissionPlugin => {
  const buckets = limits.map((limit) => new Buckets(limit, nowMs))
  return {
    name: 'EventRateLimit',
    validate: (request) => {
      if (request.kind !== 'Event' || !isWrite(request) || request.dryRun) return
      // Each has its say, so that each counts.
      const problems = buckets.flatMap((b) => b.take(request) ?? [])
      if (problems.length === 0) return
      const why = problems.length === 1 ? problems[0] : `[${problems.join(', ')}]`
      throw new StatusError(429, 'TooManyRequests', `Too many requests: ${why}`)
    },
  }
}

/** One token bucket for each key; the longest unused is forgotten first. */
class Buckets {
  readonly #limit: EventLimit
  readonly #nowMs: () => number
  readonly #byKey = new Map<string, { tokens: number; atMs: number }>()

  constructor(limit: EventLimit, nowMs: () => number) {
    this.#limit = limit
    this.#nowMs = nowMs
  }

  /** Why the event may not be written. */
  take(request: AdmissionRequest): string | undefined {
    const { type, qps, burst, cacheSize } = this.#limit
    const key = keyOf(type, request)
    const now = this.#nowMs()
    const bucket = this.#byKey.get(key) ?? { tokens: burst, atMs: now }
    this.#byKey.delete(key)
    this.#byKey.set(key, bucket)
    if (this.#byKey.size > (cacheSize || defaultCacheSize)) this.#byKey.delete(this.#byKey.keys().next().value ?? '')
    bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.atMs) / 1000) * qps)
    bucket.atMs = now
    if (bucket.tokens < 1) return `limit reached on type ${type} for key ${key}`
    bucket.tokens--
    return undefined
  }
}

function keyOf(type: LimitType, { namespace = '', user, object }: AdmissionRequest): string {
  if (type === 'Server') return ''
  if (type === 'Namespace') return namespace
  if (type === 'User') return user.name
  const { source, involvedObject: of } = object as KubeEvent
  const { kind, namespace: home, name, uid, apiVersion } = of ?? {}
  return [source?.component, source?.host, kind, home, name, uid, apiVersion].map((part) => part ?? '').join('')
}
