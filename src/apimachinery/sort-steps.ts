import type { Steps } from './steps.ts'

/** So many are sorted, or merged, in one step. */
const stepSize = 2000

const byText = <T>(a: T, b: T): number => (a === b ? 0 : a < b ? -1 : 1)

/** `items` in order, as `sort` of a list gives them, in steps. Without `compare`: texts. */
export function* sortSteps<T>(items: readonly T[], compare?: (a: T, b: T) => number): Steps<T[]> {
  let runs: T[][] = []
  for (let from = 0; from < items.length; from += stepSize) {
    runs.push(items.slice(from, from + stepSize).sort(compare))
    yield
  }
  while (runs.length > 1) {
    const longer: T[][] = []
    for (let i = 0; i < runs.length; i += 2) {
      const [left, right] = [runs[i] as T[], runs[i + 1]]
      longer.push(right ? yield* merged(left, right, compare ?? byText) : left)
    }
    runs = longer
  }
  return runs[0] ?? []
}

function* merged<T>(left: readonly T[], right: readonly T[], compare: (a: T, b: T) => number): Steps<T[]> {
  const all: T[] = []
  let [l, r] = [0, 0]
  while (l < left.length || r < right.length) {
    if (all.length % stepSize === stepSize - 1) yield
    const isLeft = r === right.length || (l < left.length && compare(left[l] as T, right[r] as T) <= 0)
    all.push((isLeft ? left[l++] : right[r++]) as T)
  }
  return all
}
