import type { AdmissionPlugin, AdmissionRequest } from '../admission/admission.ts'
import { Gauge, Histogram, labelValue, type Series } from './exposition.ts'

const prefix = 'apiserver_admission'
const bounds = [0.005, 0.025, 0.1, 0.5, 1, 2.5]

export type Step = 'admit' | 'validate'
type Operation = AdmissionRequest['operation']

/** Why a webhook's answer, or the lack of one, refused a write; by the names of kube-apiserver's metric. */
export type WebhookError = 'calling_webhook_error' | 'apiserver_internal_error' | 'no_error'

/** How long admission takes, under the names of k8s.io/apiserver/pkg/admission/metrics. */
export class AdmissionMetrics {
  readonly #steps = new Histogram(
    `${prefix}_step_admission_duration_seconds`,
    'Admission sub-step latency histogram in seconds, broken out for each operation and API resource and step type (validate or admit).',
    bounds,
  )
  readonly #controllers = new Histogram(
    `${prefix}_controller_admission_duration_seconds`,
    'Admission controller latency histogram in seconds, identified by name and broken out for each operation and API resource and type (validate or admit).',
    bounds,
  )
  readonly #webhooks = new Histogram(
    `${prefix}_webhook_admission_duration_seconds`,
    'Admission webhook latency histogram in seconds, identified by name and broken out for each operation and API resource and type (validate or admit).',
    [...bounds, 10, 25],
  )
  readonly #webhookRequests = new Gauge()
  readonly #webhookRejections = new Gauge()
  readonly #failedOpen = new Gauge()
  /** A series is found by its plugin: labels of all plugins are not put together for each write. */
  readonly #ofPlugin = new WeakMap<AdmissionPlugin, Map<string, Series>>()

  controller(plugin: AdmissionPlugin, step: Step, operation: Operation, isRejected: boolean, seconds: number): void {
    const known = this.#ofPlugin.get(plugin) ?? new Map<string, Series>()
    this.#ofPlugin.set(plugin, known)
    const key = `${step}${operation}${isRejected}`
    let series = known.get(key)
    if (!series) {
      series = this.#controllers.series(`name="${plugin.name}",${labels(step, operation, isRejected)}`)
      known.set(key, series)
    }
    series.observe(seconds)
  }

  step(step: Step, operation: Operation, isRejected: boolean, seconds: number): void {
    this.#steps.observe(labels(step, operation, isRejected), seconds)
  }

  /** `code`: of its answer. */
  webhook(name: string, step: WebhookStep, operation: Operation, code: number, isRejected: boolean, seconds: number): void {
    const named = `name="${labelValue(name)}",${labels(step, operation, isRejected)}`
    this.#webhooks.observe(named, seconds)
    this.#webhookRequests.add(`code="${Math.min(code, 600)}",${named}`, 1)
  }

  webhookRejected(name: string, step: WebhookStep, operation: Operation, error: WebhookError, code: number): void {
    const of = `error_type="${error}",name="${labelValue(name)}",operation="${operation}",rejection_code="${Math.min(code, 600)}"`
    this.#webhookRejections.add(`${of},type="${step}"`, 1)
  }

  failedOpen(name: string, step: WebhookStep): void {
    this.#failedOpen.add(`name="${labelValue(name)}",type="${step}"`, 1)
  }

  *lines(): Generator<string> {
    yield* this.#steps.lines()
    yield* this.#controllers.lines()
    yield* this.#webhooks.lines()
    yield* this.#webhookRequests.lines(`${prefix}_webhook_request_total`, 'counter', 'Calls of admission webhooks.')
    yield* this.#webhookRejections.lines(
      `${prefix}_webhook_rejection_count`,
      'counter',
      'Writes that admission webhooks refused.',
    )
    yield* this.#failedOpen.lines(
      `${prefix}_webhook_fail_open_count`,
      'counter',
      'Failures of admission webhooks that were forgiven.',
    )
  }
}

/** kube-apiserver names the steps of webhooks so. */
export type WebhookStep = 'admit' | 'validating'

const labels = (step: Step | WebhookStep, operation: Operation, isRejected: boolean): string =>
  `operation="${operation}",rejected="${isRejected}",type="${step}"`
