/** Prometheus' text format, and what is counted in it. */

export const header = (name: string, type: 'counter' | 'gauge' | 'histogram', help: string): string[] => [
  `# HELP ${name} ${help}`,
  `# TYPE ${name} ${type}`,
]

/** The text of `le` and of sums. */
const numberText = (n: number): string => (n === Number.POSITIVE_INFINITY ? '+Inf' : `${n}`)

/** `name{labels}`, without braces when there are no labels. */
export const sample = (name: string, labels: string, value: number): string =>
  labels === '' ? `${name} ${numberText(value)}` : `${name}{${labels}} ${numberText(value)}`

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n' }
/** A label's value as it stands between quotes. */
export const labelValue = (text: string): string => text.replace(/[\\"\n]/g, (c) => escapes[c] ?? c)

/** How often values of one set of labels were at most so large. */
export class Series {
  readonly #bounds: readonly number[]
  readonly #counts: number[]
  #sum = 0
  #total = 0

  get total(): number {
    return this.#total
  }

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
    this.#counts = bounds.map(() => 0)
  }

  observe(value: number): void {
    this.#sum += value
    this.#total++
    for (let i = 0; i < this.#bounds.length; i++) {
      if (value > (this.#bounds[i] ?? 0)) continue
      this.#counts[i] = (this.#counts[i] ?? 0) + 1
      return
    }
  }

  *lines(name: string, labels: string): Generator<string> {
    const before = labels === '' ? '' : `${labels},`
    let below = 0
    for (const [i, bound] of this.#bounds.entries()) {
      below += this.#counts[i] ?? 0
      yield `${name}_bucket{${before}le="${bound}"} ${below}`
    }
    yield `${name}_bucket{${before}le="+Inf"} ${this.#total}`
    yield sample(`${name}_sum`, labels, this.#sum)
    yield sample(`${name}_count`, labels, this.#total)
  }
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
    this.series(labels).observe(value)
  }

  /** For callers that count the same labels again and again. */
  series(labels: string): Series {
    let series = this.#series.get(labels)
    if (!series) {
      series = new Series(this.#bounds)
      this.#series.set(labels, series)
    }
    return series
  }

  /** How many were observed, as a counter of its own. */
  *totals(name: string, help: string): Generator<string> {
    if (this.#series.size === 0) return
    yield* header(name, 'counter', help)
    for (const [labels, series] of this.#series) yield sample(name, labels, series.total)
  }

  /** Nothing when nothing was observed. */
  *lines(): Generator<string> {
    if (this.#series.size === 0) return
    yield* header(this.#name, 'histogram', this.#help)
    for (const [labels, series] of this.#series) yield* series.lines(this.#name, labels)
  }
}

/** A number that rises and falls by labels. */
export class Gauge {
  readonly #values = new Map<string, number>()

  add(labels: string, n: number): void {
    this.#values.set(labels, (this.#values.get(labels) ?? 0) + n)
  }

  *lines(name: string, type: 'counter' | 'gauge', help: string): Generator<string> {
    if (this.#values.size === 0) return
    yield* header(name, type, help)
    for (const [labels, value] of this.#values) yield sample(name, labels, value)
  }
}
