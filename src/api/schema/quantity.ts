/** Canonical text of resource quantities (k8s.io/apimachinery/pkg/api/resource). */

const wrongFormat = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
const shape = /^([+-]?)0*([0-9]*)(?:(\.)([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)$/
const decimalExponents: Record<string, number> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 }
const binaryExponents: Record<string, number> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 }
const decimalSuffixes = new Map(Object.entries(decimalExponents).map(([suffix, exponent]) => [exponent, suffix]))
const binarySuffixes = new Map([[0, ''], ...Object.entries(binaryExponents).map(([s, e]): [number, string] => [e, s])])
const maxInt64 = 2n ** 63n - 1n
const nano = 1_000_000_000n

type Format = 'binary' | 'decimal' | 'exponent'

/** More make arithmetic slow, and mean nothing. */
const mostDigits = 1000

export class QuantityError extends Error {}

const known = new Map<string, string>()
const mostKnown = 10_000
const mostLetters = 64

/** The text Go writes for the quantity it reads from `text`: `1000m` → `1`, `1024Mi` → `1Gi`. Throws QuantityError with Go's message. */
export function canonicalQuantity(text: string): string {
  const before = known.get(text)
  if (before !== undefined) return before
  const canonical = read(text)
  if (known.size >= mostKnown) known.clear()
  if (text.length <= mostLetters) known.set(text, canonical)
  return canonical
}

function read(text: string): string {
  if (text === '0') return text
  const match = text === '' ? null : shape.exec(text)
  if (!match) throw new QuantityError(wrongFormat)
  const [, sign = '', digits = '', dot, fraction = '', suffix = ''] = match
  const number = digits === '' ? '0' : digits
  if (digits.length + fraction.length > mostDigits) throw new QuantityError('unable to parse numeric part of quantity')
  const { exponent, format } = readSuffix(suffix)
  if (digits === '' && !dot && suffix === '') return '0'
  if (isKeptAsWritten(number, fraction, exponent, format)) return text
  return write(amountInNano(sign === '-', number, fraction, exponent, format), format)
}

function readSuffix(suffix: string): { exponent: number; format: Format } {
  if (Object.hasOwn(decimalExponents, suffix)) return { exponent: decimalExponents[suffix] ?? 0, format: 'decimal' }
  if (Object.hasOwn(binaryExponents, suffix)) return { exponent: binaryExponents[suffix] ?? 0, format: 'binary' }
  if (!/^[eE][+-]?[0-9]+$/.test(suffix)) throw new QuantityError("unable to parse quantity's suffix")
  const exponent = Number(suffix.slice(1))
  // Beyond this no quantity that anyone means is left, and the arithmetic would not end.
  if (Math.abs(exponent) > 400) throw new QuantityError("unable to parse quantity's suffix")
  return { exponent, format: 'exponent' }
}

/** Go remembers the text as written when it already looks canonical to its fast path. */
function isKeptAsWritten(number: string, fraction: string, exponent: number, format: Format): boolean {
  const shifted = number + fraction
  if (format === 'binary') {
    const precision = 15 - number.length - Math.trunc((exponent * 3) / 10) - 1
    return fraction === '' && precision >= 0 && exponent % 10 === 0 && (BigInt(number) & 7n) !== 0n
  }
  const scale = exponent - fraction.length
  if (18 - shifted.length < 0 || scale < -9) return false
  return scale % 3 === 0 && !shifted.endsWith('000') && !shifted.startsWith('0')
}

function amountInNano(negative: boolean, number: string, fraction: string, exponent: number, format: Format): bigint {
  let scale = 9 - fraction.length
  let value = BigInt(number + fraction)
  if (format === 'binary') value *= 2n ** BigInt(exponent)
  else scale += exponent
  if (scale >= 0) value *= 10n ** BigInt(scale)
  else {
    const divisor = 10n ** BigInt(-scale)
    value = (value + divisor - 1n) / divisor
  }
  if (format === 'binary' && value > maxInt64 * nano) value = maxInt64 * nano
  return negative ? -value : value
}

function write(amount: bigint, format: Format): string {
  if (amount === 0n) return '0'
  if (format === 'binary') {
    const units = amount / nano
    if (amount % nano === 0n && (units <= -1024n || units >= 1024n)) return writeBinary(units)
    return writeDecimal(amount, 'decimal')
  }
  return writeDecimal(amount, format)
}

function writeBinary(units: bigint): string {
  let exponent = 0
  while (units % 1024n === 0n && exponent < 60) {
    units /= 1024n
    exponent += 10
  }
  return `${units}${binarySuffixes.get(exponent) ?? ''}`
}

function writeDecimal(amount: bigint, format: Format): string {
  let exponent = -9
  while (amount % 1000n === 0n) {
    amount /= 1000n
    exponent += 3
  }
  if (format === 'exponent') return exponent === 0 ? `${amount}` : `${amount}e${exponent}`
  return `${amount}${decimalSuffixes.get(exponent) ?? ''}`
}
