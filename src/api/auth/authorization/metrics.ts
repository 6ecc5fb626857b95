import { Gauge, Histogram } from '../../health/exposition.ts'

/** How a call of a webhook ended. */
export type CallResult = 'success' | 'canceled' | 'timeout' | 'error'

const prefix = 'apiserver_authorization'
const webhookBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const matchBounds = [0.001, 0.005, 0.01, 0.025, 0.1, 0.2, 0.25]

/** Decisions and webhooks, under kube-apiserver's names. */
export class AuthorizationMetrics {
  readonly #decisions = new Gauge()
  readonly #excluded = new Gauge()
  readonly #matchErrors = new Gauge()
  readonly #matches = new Histogram(
    `${prefix}_match_condition_evaluation_seconds`,
    'Authorization match condition evaluation time in seconds, split by authorizer type and name.',
    matchBounds,
  )
  readonly #calls = new Gauge()
  readonly #failOpen = new Gauge()
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
    yield* this.#decisions.lines(
      `${prefix}_decisions_total`,
      'counter',
      'Total number of terminal decisions made by an authorizer split by authorizer type, name, and decision.',
    )
    yield* this.#matchErrors.lines(
      `${prefix}_match_condition_evaluation_errors_total`,
      'counter',
      'Total number of errors when an authorization webhook encounters a match condition error split by authorizer type and name.',
    )
    yield* this.#matches.lines()
    yield* this.#excluded.lines(
      `${prefix}_match_condition_exclusions_total`,
      'counter',
      'Total number of exclusions when an authorization webhook is skipped because match conditions exclude it.',
    )
    yield* this.#durations.lines()
    yield* this.#failOpen.lines(
      `${prefix}_webhook_evaluations_fail_open_total`,
      'counter',
      'NoOpinion results due to webhook timeout or error.',
    )
    yield* this.#calls.lines(`${prefix}_webhook_evaluations_total`, 'counter', 'Round-trips to authorization webhooks.')
  }
}
