import type { PathRoute } from '../pipeline/handle.ts'
import { Counter, Gauge, labelValue, textFormat } from './exposition.ts'

/** What the health endpoints found, for service level indicators (k8s.io/component-base/metrics/prometheus/slis). */
export class HealthMetrics {
  readonly #last = new Gauge('kubernetes_healthcheck', '[STABLE] This metric records the result of a single healthcheck.')
  readonly #all = new Counter('kubernetes_healthchecks_total', '[STABLE] This metric records the results of all healthcheck.')

  observe(check: string, endpoint: string, isWell: boolean): void {
    const name = labelValue(check)
    this.#last.set(`name="${name}",type="${endpoint}"`, isWell ? 1 : 0)
    this.#all.add(`name="${name}",status="${isWell ? 'success' : 'error'}",type="${endpoint}"`, 1)
  }

  *lines(): Iterable<string> {
    yield* this.#last.lines()
    yield* this.#all.lines()
  }
}

/** GET /metrics/slis. */
export const healthMetricsRoute =
  (metrics: HealthMetrics): PathRoute =>
  (_, { path }) => {
    if (path !== '/metrics/slis') return undefined
    const headers = { 'content-type': textFormat }
    return { status: 200, headers, body: { bytes: Buffer.from(`${[...metrics.lines()].join('\n')}\n`) } }
  }
