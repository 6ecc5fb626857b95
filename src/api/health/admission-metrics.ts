import type { AdmissionPlugin, AdmissionRequest } from '../admission/admission.ts'
import { Counter, Histogram, labelValue, type Series } from './exposition.ts'

const prefix = 'apiserver_admission'
const bounds = [0.005, 0.025, 0.1, 0.5, 1, 2.5]

export type Step = 'admit' | 'validate'
type Operation = AdmissionRequest['operation']

/** Why a webhook's answer, or the lack of one, refused a write; by the names of kube-apiserver's metric. */
type WebhookError = 'calling_webhook_error' | 'apiserver_internal_error' | 'no_error'

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
  readonly #webhookRequests = new Counter(`${prefix}_webhook_request_total`, 'Calls of admission webhooks.')
  readonly #webhookRejections = new Counter(`${prefix}_webhook_rejection_count`, 'Writes that admission webhooks refused.')
  readonly #failedOpen = new Counter(`${prefix}_webhook_fail_open_count`, 'Failures of admission webhooks that were forgiven.')
  readonly #chains = new WeakMap<readonly AdmissionPlugin[], Map<string, ChainTimes>>()

  /** Where one step of a chain is counted: found once, so that labels of all plugins are not put together for each write. */
  of(plugins: readonly AdmissionPlugin[], step: Step, operation: Operation): ChainTimes {
    let known = this.#chains.get(plugins)
    if (!known) {
      known = new Map()
      this.#chains.set(plugins, known)
    }
    const key = step === 'admit' ? operation : `${operation} ${step}`
    let times = known.get(key)
    if (!times) {
      times = new ChainTimes(plugins, step, operation, { steps: this.#steps, controllers: this.#controllers })
      known.set(key, times)
    }
    return times
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
    yield* this.#webhookRequests.lines()
    yield* this.#webhookRejections.lines()
    yield* this.#failedOpen.lines()
  }
}

interface ChainHistograms {
  readonly steps: Histogram
  readonly controllers: Histogram
}

/** How long the plugins of a chain take, all in seconds. */
export class ChainTimes {
  readonly #plugins: readonly AdmissionPlugin[]
  readonly #step: Step
  readonly #operation: Operation
  readonly #histograms: ChainHistograms
  readonly #passed: (Series | undefined)[]
  #all: Series | undefined

  constructor(plugins: readonly AdmissionPlugin[], step: Step, operation: Operation, histograms: ChainHistograms) {
    this.#plugins = plugins
    this.#step = step
    this.#operation = operation
    this.#histograms = histograms
    this.#passed = plugins.map(() => undefined)
  }

  /** The plugin at `index` let the write pass. */
  passed(index: number, seconds: number): void {
    let series = this.#passed[index]
    if (!series) {
      series = this.#controllers(index, false)
      this.#passed[index] = series
    }
    series.observe(seconds)
  }

  refused(index: number, seconds: number): void {
    this.#controllers(index, true).observe(seconds)
  }

  /** The whole step is done. */
  done(isRejected: boolean, seconds: number): void {
    const { steps } = this.#histograms
    if (!isRejected) this.#all ??= steps.series(labels(this.#step, this.#operation, false))
    const series = isRejected ? steps.series(labels(this.#step, this.#operation, true)) : this.#all
    series?.observe(seconds)
  }

  #controllers(index: number, isRejected: boolean): Series {
    const name = this.#plugins[index]?.name ?? ''
    return this.#histograms.controllers.series(`name="${name}",${labels(this.#step, this.#operation, isRejected)}`)
  }
}

/** kube-apiserver names the steps of webhooks so. */
export type WebhookStep = 'admit' | 'validating'

const labels = (step: Step | WebhookStep, operation: Operation, isRejected: boolean): string =>
  `operation="${operation}",rejected="${isRejected}",type="${step}"`
