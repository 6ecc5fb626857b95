/** Of so many values a JSON value is small: whatever is done to it takes a fraction of a millisecond. */
const mostValues = 200

/** Lists and objects that were found to be large; to ask an object of many keys for the first of them takes as long as to ask for all. */
const large = new WeakSet<object>()

/** Whether a JSON value has few values, nested ones included. */
export const isSmall = (value: unknown, most = mostValues): boolean => valuesLeft(value, most) > 0

/** `left` less the values of `value`; 0 or less as soon as there are more. */
function valuesLeft(value: unknown, left: number): number {
  if (typeof value !== 'object' || value === null) return left - 1
  if (left === mostValues && large.has(value)) return 0
  let rest = left - 1
  if (Array.isArray(value)) {
    if (value.length > rest) rest = 0
    for (let i = 0; i < value.length && rest > 0; i++) rest = valuesLeft(value[i], rest)
  } else {
    for (const key in value) {
      rest = valuesLeft((value as Record<string, unknown>)[key], rest)
      if (rest <= 0) break
    }
  }
  if (rest <= 0 && left === mostValues) large.add(value)
  return rest
}
