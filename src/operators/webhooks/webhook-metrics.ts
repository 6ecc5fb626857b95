import { createHistogram, type Histogram } from '../telemetry/histogram.ts'

/** By the path that a webhook is served under. */
export interface WebhookMetrics {
  readonly requests: ReadonlyMap<string, { readonly path: string; readonly code: number; readonly count: number }>
  readonly inFlight: ReadonlyMap<string, number>
  readonly seconds: ReadonlyMap<string, Histogram>
}

export interface WebhookMeter extends WebhookMetrics {
  /** A request begins; the function given is called with the code of its answer. */
  begin(path: string): (code: number) => void
}

/** Prometheus' own default bounds. */
const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

export function createWebhookMeter(): WebhookMeter {
  const requests = new Map<string, { path: string; code: number; count: number }>()
  const inFlight = new Map<string, number>()
  const seconds = new Map<string, Histogram>()
  return {
    requests,
    inFlight,
    seconds,
    begin(path) {
      const began = performance.now()
      inFlight.set(path, (inFlight.get(path) ?? 0) + 1)
      return (code) => {
        inFlight.set(path, (inFlight.get(path) ?? 1) - 1)
        const known = requests.get(`${path} ${code}`) ?? { path, code, count: 0 }
        requests.set(`${path} ${code}`, { ...known, count: known.count + 1 })
        const histogram = seconds.get(path) ?? createHistogram(bounds)
        seconds.set(path, histogram)
        histogram.observe((performance.now() - began) / 1000)
      }
    },
  }
}
