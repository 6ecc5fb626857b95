/** Prometheus' text format, and what is counted in it. */

import { createHash } from 'node:crypto'

/** Its media type, as client_golang names it where nothing else is asked for. */
export const textFormat = 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores'

export const header = (name: string, type: 'counter' | 'gauge' | 'histogram', help: string): string[] => [
  `# HELP ${name} ${help}`,
  `# TYPE ${name} ${type}`,
]

/** The text of `le` and of sums. */
const numberText = (n: number): string => (n === Number.POSITIVE_INFINITY ? '+Inf' : `${n}`)

/** A bound as Go's strconv writes it: 1e+06. */
const boundText = (n: number): string => (Math.abs(n) < 1e6 ? `${n}` : n.toExponential().replace(/e\+(\d)$/, 'e+0$1'))

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
      yield `${name}_bucket{${before}le="${boundText(bound)}"} ${below}`
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
    const totals = new Counter(name, help)
    for (const [labels, series] of this.#series) totals.set(labels, series.total)
    yield* totals.lines()
  }

  /** Nothing when nothing was observed. */
  *lines(): Generator<string> {
    if (this.#series.size === 0) return
    yield* header(this.#name, 'histogram', this.#help)
    for (const [labels, series] of this.#series) yield* series.lines(this.#name, labels)
  }
}

/** Numbers by labels. */
class Numbers {
  readonly #name: string
  readonly #head: readonly string[]
  readonly #values = new Map<string, number>()

  constructor(name: string, type: 'counter' | 'gauge', help: string) {
    this.#name = name
    this.#head = header(name, type, help)
  }

  add(labels: string, n: number): void {
    this.#values.set(labels, (this.#values.get(labels) ?? 0) + n)
  }

  set(labels: string, value: number): void {
    this.#values.set(labels, value)
  }

  delete(labels: string): void {
    this.#values.delete(labels)
  }

  /** Nothing when there are none. */
  *lines(): Generator<string> {
    if (this.#values.size === 0) return
    yield* this.#head
    for (const [labels, value] of this.#values) yield sample(this.#name, labels, value)
  }
}

/** How often something happened, by labels, which must come from a list that has an end. */
export class Counter extends Numbers {
  constructor(name: string, help: string) {
    super(name, 'counter', help)
  }
}

/** Numbers that rise and fall, by labels. */
export class Gauge extends Numbers {
  constructor(name: string, help: string) {
    super(name, 'gauge', help)
  }
}

/** What is known but shall not be shown, as kube-apiserver shows it in labels. */
export const hashed = (text: string): string => (text === '' ? '' : `sha256:${createHash('sha256').update(text).digest('hex')}`)
