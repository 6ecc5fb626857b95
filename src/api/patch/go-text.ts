/** A JSON value as Go's `%v` prints it: `map[a:1 b:[x y]]`, keys sorted. It stands in the causes of refused patches. */
export function goText(value: unknown): string {
  if (value === null || value === undefined) return '<nil>'
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`
  if (typeof value === 'number') return goNumber(value)
  if (typeof value !== 'object') return String(value)
  const keys = Object.keys(value).sort()
  return `map[${keys.map((key) => `${key}:${goText((value as Record<string, unknown>)[key])}`).join(' ')}]`
}

/** Integers are int64; other numbers are float64, which `%v` prints with %g's exponents. */
function goNumber(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 2 ** 63) return BigInt(value).toString()
  const text = Math.abs(value) >= 1e21 || (value !== 0 && Math.abs(value) < 1e-4) ? value.toExponential() : String(value)
  return text.replace(/e([+-])(\d)$/, 'e$10$2')
}
