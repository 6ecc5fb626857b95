import { Counter, Histogram } from '../../health/exposition.ts'

/** How a call of a webhook ended. */
export type CallResult = 'success' | 'canceled' | 'timeout' | 'error'

const prefix = 'apiserver_authorization'
const webhookBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const matchBounds = [0.001, 0.005, 0.01, 0.025, 0.1, 0.2, 0.25]

/** Decisions and webhooks, under kube-apiserver's names. */
export class AuthorizationMetrics {
  readonly #decisions = new Counter(
    `${prefix}_decisions_total`,
    'Total number of terminal decisions made by an authorizer split by authorizer type, name, and decision.',
  )
  readonly #excluded = new Counter(
    `${prefix}_match_condition_exclusions_total`,
    'Total number of exclusions when an authorization webhook is skipped because match conditions exclude it.',
  )
  readonly #matchErrors = new Counter(
    `${prefix}_match_condition_evaluation_errors_total`,
    'Total number of errors when an authorization webhook encounters a match condition error split by authorizer type and name.',
  )
  readonly #matches = new Histogram(
    `${prefix}_match_condition_evaluation_seconds`,
    'Authorization match condition evaluation time in seconds, split by authorizer type and name.',
    matchBounds,
  )
  readonly #calls = new Counter(`${prefix}_webhook_evaluations_total`, 'Round-trips to authorization webhooks.')
  readonly #failOpen = new Counter(
    `${prefix}_webhook_evaluations_fail_open_total`,
    'NoOpinion results due to webhook timeout or error.',
  )
  readonly #durations = new Histogram(`${prefix}_webhook_duration_seconds`, 'Request latency in seconds.', webhookBounds)

  decided(type: string, name: string, decision: 'allowed' | 'denied'): void {
    this.#decisions.add(`decision="${decision}",name="${name}",type="${type}"`, 1)
  }

  matched(name: string, seconds: number, outcome: 'matched' | 'excluded' | 'error'): void {
    const labels = `name="${name}",type="Webhook"`
    this.#matches.observe(labels, seconds)
    if (outcome === 'excluded') this.#excluded.add(labels, 1)
    if (outcome === 'error') this.#matchErrors.add(labels, 1)
  }

  called(name: string, result: CallResult, seconds: number): void {
    const labels = `name="${name}",result="${result}"`
    this.#calls.add(labels, 1)
    this.#durations.observe(labels, seconds)
  }

  failedOpen(name: string, result: CallResult): void {
    this.#failOpen.add(`name="${name}",result="${result}"`, 1)
  }

  *lines(): Generator<string> {
    yield* this.#decisions.lines()
    yield* this.#matchErrors.lines()
    yield* this.#matches.lines()
    yield* this.#excluded.lines()
    yield* this.#durations.lines()
    yield* this.#failOpen.lines()
    yield* this.#calls.lines()
  }
}
