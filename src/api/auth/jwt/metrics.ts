import { Gauge, Histogram, hashed, header } from '../../health/exposition.ts'

const prefix = 'apiserver_authentication_jwt_authenticator'
const bounds = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** Tokens of other issuers and their keys, under kube-apiserver's names. Issuers and keys are shown as hashes. */
export class JwtMetrics {
  readonly #latency = new Histogram(
    `${prefix}_latency_seconds`,
    'Latency of jwt authentication operations in seconds. This is the time spent authenticating a token for cache miss only (i.e. when the token is not found in the cache).',
    bounds,
  )
  readonly #fetchedAt = new Gauge(
    `${prefix}_jwks_fetch_last_timestamp_seconds`,
    'Timestamp of the last successful or failed JWKS fetch split by result, api server identity and jwt issuer for the JWT authenticator.',
  )
  readonly #keySets = new Map<string, string>()
  readonly #server: string
  readonly #now: () => number

  /** `serverId`: of this API server. */
  constructor(serverId: string, now: () => number = Date.now) {
    this.#server = hashed(serverId)
    this.#now = now
  }

  authenticated(issuer: string, result: 'success' | 'failure', seconds: number): void {
    this.#latency.observe(`jwt_issuer_hash="${hashed(issuer)}",result="${result}"`, seconds)
  }

  /** `keySet`: the answer of the issuer; undefined when it gave none that is good. */
  fetched(issuer: string, keySet: string | undefined): void {
    const place = this.#place(issuer)
    this.#fetchedAt.set(`${place},result="${keySet === undefined ? 'failure' : 'success'}"`, this.#now() / 1000)
    if (keySet !== undefined) this.#keySets.set(place, hashed(keySet))
  }

  /** The issuer is no longer configured. */
  forget(issuer: string): void {
    const place = this.#place(issuer)
    this.#keySets.delete(place)
    for (const result of ['success', 'failure']) this.#fetchedAt.delete(`${place},result="${result}"`)
  }

  #place(issuer: string): string {
    return `apiserver_id_hash="${this.#server}",jwt_issuer_hash="${hashed(issuer)}"`
  }

  *lines(): Generator<string> {
    yield* this.#latency.lines()
    yield* this.#fetchedAt.lines()
    const info = `${prefix}_jwks_fetch_last_key_set_info`
    yield* header(
      info,
      'gauge',
      'Information about the last JWKS fetched by the JWT authenticator with hash as label, split by api server identity and jwt issuer.',
    )
    for (const [place, keySet] of this.#keySets) {
      const [server, issuer] = place.split(',')
      yield `${info}{${server},hash="${keySet}",${issuer}} 1`
    }
  }
}
