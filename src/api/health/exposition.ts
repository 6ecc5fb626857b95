/** Prometheus' text format, and what is counted in it. */

export const header = (name: string, type: 'counter' | 'gauge' | 'histogram', help: string): string[] => [
  `# HELP ${name} ${help}`,
  `# TYPE ${name} ${type}`,
]

interface Series {
  readonly counts: number[]
  sum: number
  total: number
}

/** How often values were at most so large, by labels (`a="1",b="2"`), which must come from a list that has an end. */
export class Histogram {
  readonly #name: string
  readonly #help: string
  readonly #bounds: readonly number[]
  readonly #series = new Map<string, Series>()

  constructor(name: string, help: string, bounds: readonly number[]) {
    this.#name = name
    this.#help = help
    this.#bounds = bounds
  }

  observe(labels: string, value: number): void {
    let series = this.#series.get(labels)
    if (!series) {
      series = { counts: this.#bounds.map(() => 0), sum: 0, total: 0 }
      this.#series.set(labels, series)
    }
    series.sum += value
    series.total++
    const bucket = this.#bounds.findIndex((b) => value <= b)
    if (bucket >= 0) series.counts[bucket] = (series.counts[bucket] ?? 0) + 1
  }

  *lines(): Generator<string> {
    yield* header(this.#name, 'histogram', this.#help)
    for (const [labels, { counts, sum, total }] of this.#series) {
      let below = 0
      for (const [i, bound] of this.#bounds.entries()) {
        below += counts[i] ?? 0
        yield `${this.#name}_bucket{${labels},le="${bound}"} ${below}`
      }
      yield `${this.#name}_bucket{${labels},le="+Inf"} ${total}`
      yield `${this.#name}_sum{${labels}} ${sum}`
      yield `${this.#name}_count{${labels}} ${total}`
    }
  }
}

/** A number that rises and falls by labels. */
export class Gauge {
  readonly #values = new Map<string, number>()

  add(labels: string, n: number): void {
    this.#values.set(labels, (this.#values.get(labels) ?? 0) + n)
  }

  *lines(name: string, type: 'counter' | 'gauge', help: string): Generator<string> {
    yield* header(name, type, help)
    for (const [labels, value] of this.#values) yield `${name}{${labels}} ${value}`
  }
}
