import type { Decision } from '../auth/authorizer.ts'
import { Counter, Histogram } from './exposition.ts'

const bounds = Array.from({ length: 15 }, (_, i) => 0.001 * 2 ** i)
/** Users that have a series of their own; there is no end to the others. */
const namedUsers = new Set(['admin', 'client', 'kube_proxy', 'kubelet', 'system:serviceaccount:kube-system:default'])

const userLabels = new Map([...namedUsers, 'email_id', 'other'].map((name) => [name, `username="${name}"`]))
const shownUser = (name: string): string =>
  userLabels.get(namedUsers.has(name) ? name : name.includes('@') ? 'email_id' : 'other') ?? ''

function resultLabels({ allowed, error, denied }: Decision): string {
  if (allowed) return 'result="allowed"'
  return error !== undefined ? 'result="error"' : denied ? 'result="denied"' : 'result="no-opinion"'
}

/** How often it was asked who asks and whether they may, and how long that took (k8s.io/apiserver/pkg/endpoints/filters). */
export class SecurityMetrics {
  readonly #users = new Counter('authenticated_user_requests', 'Authenticated requests broken out by username.')
  readonly #authentications = new Counter('authentication_attempts', 'Attempts of authentication.')
  readonly #authenticationSeconds = new Histogram(
    'authentication_duration_seconds',
    'Authentication duration in seconds broken out by result.',
    bounds,
  )
  readonly #authorizations = new Counter('authorization_attempts_total', 'Authorization attempts broken down by result.')
  readonly #authorizationSeconds = new Histogram(
    'authorization_duration_seconds',
    'Authorization duration in seconds broken out by result.',
    bounds,
  )

  /** `user`: undefined when the credentials were not good. */
  authenticated(user: string | undefined, seconds: number): void {
    const labels = user === undefined ? 'result="error"' : 'result="success"'
    if (user !== undefined) this.#users.add(shownUser(user), 1)
    this.#authentications.add(labels, 1)
    this.#authenticationSeconds.observe(labels, seconds)
  }

  authorized(decision: Decision, seconds: number): void {
    const labels = resultLabels(decision)
    this.#authorizations.add(labels, 1)
    this.#authorizationSeconds.observe(labels, seconds)
  }

  *lines(): Generator<string> {
    yield* this.#users.lines()
    yield* this.#authentications.lines()
    yield* this.#authenticationSeconds.lines()
    yield* this.#authorizations.lines()
    yield* this.#authorizationSeconds.lines()
  }
}
