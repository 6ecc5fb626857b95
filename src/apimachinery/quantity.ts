/** Resource quantities (k8s.io/apimachinery/pkg/api/resource): `100m`, `1.5Gi`, `2e3`. Exact: held as integers of 10⁻⁹. */

const binary: Record<string, bigint> = { Ki: 10n, Mi: 20n, Gi: 30n, Ti: 40n, Pi: 50n, Ei: 60n }
const decimal: Record<string, number> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 }
const form = /^([+-]?)(\d+(?:\.\d*)?|\.\d+)(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]?|[eE][+-]?\d{1,3})$/
const nano = 1_000_000_000n

const divideUp = (value: bigint, by: bigint): bigint => {
  const quotient = value / by
  return value % by === 0n ? quotient : value > 0n ? quotient + 1n : quotient - 1n
}

/** In units of 10⁻⁹, rounded away from zero; undefined when `text` is no quantity. */
export function parseQuantity(text: string | number): bigint | undefined {
  const match = form.exec(String(text))
  if (!match) return undefined
  const [, sign, number = '', suffix = ''] = match
  const [whole = '', fraction = ''] = number.split('.')
  let value = BigInt(`${whole}${fraction}` || '0')
  let exponent = 9 - fraction.length
  const shift = binary[suffix]
  if (shift !== undefined) value <<= shift
  else exponent += suffix.length > 1 ? Number(suffix.slice(1)) : (decimal[suffix] ?? 0)
  value = exponent >= 0 ? value * 10n ** BigInt(exponent) : divideUp(value, 10n ** BigInt(-exponent))
  return sign === '-' ? -value : value
}

const parsed = new Map<string | number, bigint>()

/** parseQuantity with the few distinct texts of a cluster remembered; no quantity counts as 0. */
function quantity(text: string | number | undefined): bigint {
  if (text === undefined) return 0n
  const known = parsed.get(text)
  if (known !== undefined) return known
  const value = parseQuantity(text) ?? 0n
  if (parsed.size > 10_000) parsed.clear()
  parsed.set(text, value)
  return value
}

/** The value in whole units (bytes, cores, counts), rounded up. 0 for an absent or malformed quantity. */
export const quantityValue = (text: string | number | undefined): number => Number(divideUp(quantity(text), nano))

/** The value in thousandths (`100m` of CPU is 100), rounded up. 0 for an absent or malformed quantity. */
export const quantityMilli = (text: string | number | undefined): number => Number(divideUp(quantity(text), nano / 1000n))

/** Canonical text of `nanos` × 10⁻⁹; `format` as the quantity was written (Ki, Mi… or decimal). */
export function formatQuantity(nanos: bigint, format: 'binary' | 'decimal' = 'decimal'): string {
  if (nanos === 0n) return '0'
  if (format === 'binary' && nanos % nano === 0n) {
    const whole = nanos / nano
    for (const [suffix, shift] of Object.entries(binary).reverse())
      if (whole % (1n << shift) === 0n) return `${whole >> shift}${suffix}`
    return String(whole)
  }
  for (const [suffix, power] of Object.entries(decimal).reverse()) {
    const unit = 10n ** BigInt(power + 9)
    if (nanos % unit === 0n) return `${nanos / unit}${suffix}`
  }
  return `${nanos}n`
}
