type Interval = readonly [first: number, last: number]

const integer = /^[+-]?[0-9]+$/

/** An interval of indexes, `3` or `3-5`, or what is wrong with it. */
function parseInterval(text: string, completions: number): Interval | string {
  const parts = text.split('-')
  if (parts.length > 2) {
    return `the fragment ${JSON.stringify(text)} violates the requirement that an index interval can have at most two parts separated by '-'`
  }
  for (const part of parts) {
    if (!integer.test(part)) return `cannot convert string to integer for index: ${JSON.stringify(part)}`
    if (Number(part) >= completions) return `too large index: ${JSON.stringify(part)}`
  }
  const [first = 0, last = first] = parts.map(Number)
  if (parts.length === 2 && first >= last) return `non-increasing order, previous: ${first}, current: ${last}`
  return [first, last]
}

/** How many indexes a list such as `1,3-5` has, or what is wrong with it. */
export function countIndexes(text: string, completions: number): number | string {
  if (text === '') return 0
  let total = 0
  let previous: number | undefined
  for (const part of text.split(',')) {
    const interval = parseInterval(part, completions)
    if (typeof interval === 'string') return interval
    const [first, last] = interval
    if (previous !== undefined && previous >= first) return `non-increasing order, previous: ${previous}, current: ${first}`
    total += last - first + 1
    previous = last
  }
  return total
}

const intervals = (text: string, completions: number): Interval[] =>
  text === ''
    ? []
    : text.split(',').flatMap((part) => {
        const interval = parseInterval(part, completions)
        return typeof interval === 'string' ? [] : [interval]
      })

/** The first index that both lists have. */
export function overlap(completed: string, failed: string, completions: number): number | undefined {
  const a = intervals(completed, completions)
  const b = intervals(failed, completions)
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const [x, y] = a[i] as Interval
    const [from, to] = b[j] as Interval
    if (x <= to && from <= y) return Math.max(x, from)
    if (x <= from) i++
    else j++
  }
  return undefined
}
