import { writeDuration } from '../../apimachinery/duration.ts'

/** A part of the way of a request, as the audit log calls it. */
type Layer =
  | 'apf-queue-wait'
  | 'authentication'
  | 'authorization'
  | 'etcd'
  | 'mutating-webhook'
  | 'serialize-response-object'
  | 'validating-webhook'

/** Who is past this is worth a note. */
const slowMs = 500

/** How long a request took where (k8s.io/apiserver/pkg/endpoints/request/webhook_duration.go). All times are milliseconds. */
export class Latencies {
  readonly #ms = new Map<Layer, number>()

  /** So long it took once more. */
  add(layer: Layer, ms: number): void {
    this.#ms.set(layer, (this.#ms.get(layer) ?? 0) + ms)
  }

  /** As `add`, of what happens side by side: the longest counts. */
  longest(layer: Layer, ms: number): void {
    this.#ms.set(layer, Math.max(this.#ms.get(layer) ?? 0, ms))
  }

  /** What others took. */
  get elsewhereMs(): number {
    const of = (layer: Layer): number => this.#ms.get(layer) ?? 0
    return of('apf-queue-wait') + of('mutating-webhook') + of('validating-webhook')
  }

  /** What the audit log says of a request that took so long in all; nothing of one that was quick. */
  notes(totalMs: number): [key: string, value: string][] {
    if (totalMs <= slowMs) return []
    const all: [string, number][] = [...this.#ms, ['total', totalMs]]
    return all
      .filter(([, ms]) => ms > 0)
      .map(([layer, ms]) => [`apiserver.latency.k8s.io/${layer}`, writeDuration(Math.round(ms * 1e6))])
  }
}
