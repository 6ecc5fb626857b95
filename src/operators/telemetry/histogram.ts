/** Counts of observed values by upper bounds, as Prometheus has them. */
export interface Histogram {
  observe(value: number): void
  readonly bounds: readonly number[]
  /** How many values were at most the bound of the same position; not cumulated. */
  readonly counts: readonly number[]
  readonly sum: number
  readonly count: number
}

export function createHistogram(bounds: readonly number[]): Histogram {
  const counts = new Array<number>(bounds.length + 1).fill(0)
  let sum = 0
  let count = 0
  return {
    bounds,
    counts,
    observe(value) {
      let at = 0
      while (at < bounds.length && value > (bounds[at] as number)) at++
      counts[at] = (counts[at] ?? 0) + 1
      sum += value
      count++
    },
    get sum() {
      return sum
    },
    get count() {
      return count
    },
  }
}
