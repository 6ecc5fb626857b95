/** Of so many values a JSON value is small: whatever is done to it takes a fraction of a millisecond. */
const mostValues = 200

/** How many values objects have at least, of those that were found to be large: to ask one of many keys for the first of them takes as long as to
 *  ask for all. */
const large = new WeakMap<object, number>()

/** Whether a JSON value has few values, nested ones included. */
export const isSmall = (value: unknown, most = mostValues): boolean => valuesLeft(value, most) > 0

/** Keeps `isSmall` from asking an object for its keys that was made with many. */
export function markLarge(object: object): void {
  large.set(object, Number.POSITIVE_INFINITY)
}

/** `left` less the values of `value`; 0 or less as soon as there are more. Of each object inside it is found, too, whether it is large. */
function valuesLeft(value: unknown, left: number): number {
  if (typeof value !== 'object' || value === null || left <= 0) return left - 1
  let rest = left - 1
  if (Array.isArray(value)) {
    if (value.length > rest) return rest - value.length
    for (let i = 0; i < value.length && rest > 0; i++) rest = valuesLeft(value[i], rest)
    return rest
  }
  const known = large.get(value)
  if (known !== undefined && known >= left) return left - known
  const enough = Math.min(0, left - mostValues)
  for (const key in value) {
    rest = valuesLeft((value as Record<string, unknown>)[key], rest)
    if (rest <= enough) break
  }
  if (left - rest >= mostValues) large.set(value, left - rest)
  return rest
}
