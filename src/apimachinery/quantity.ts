/** resource.Quantity: exact numbers with suffixes (k8s.io/apimachinery/pkg/api/resource). */

type QuantityFormat = 'DecimalExponent' | 'BinarySI' | 'DecimalSI'

/** The value is `unscaled * 10^scale`. */
export interface Quantity {
  readonly unscaled: bigint
  readonly scale: number
  readonly format: QuantityFormat
  /** The text as Kubernetes keeps it, when the parsed text counts as canonical. */
  readonly text?: string
  /** Whether Go holds it as a decimal of any length instead of 64 bits and a scale: what does not fit 64 bits then comes out otherwise. */
  readonly isLong?: boolean
}

export class QuantityError extends Error {}

const wrongFormat = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
const wrongNumber = 'unable to parse numeric part of quantity'
const wrongSuffix = "unable to parse quantity's suffix"

const shape = /^([+-]?)0*([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)$/
const decimalSuffixes: readonly (readonly [string, number])[] = [
  ['n', -9],
  ['u', -6],
  ['m', -3],
  ['', 0],
  ['k', 3],
  ['M', 6],
  ['G', 9],
  ['T', 12],
  ['P', 15],
  ['E', 18],
]
const decimalExponent = new Map(decimalSuffixes)
const decimalSuffix = new Map(decimalSuffixes.map(([suffix, exponent]) => [exponent, suffix]))
const binarySuffixes = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']
const binaryExponent = new Map(binarySuffixes.slice(1).map((suffix, i) => [suffix, (i + 1) * 10]))

const maxInt64 = (1n << 63n) - 1n
const fitsInt64 = (value: bigint) => value <= maxInt64 && value >= -maxInt64 - 1n
const exponentText = /^[eE]([+-]?[0-9]+)$/
/** An exponent beyond it would only make numbers that nobody can hold; Kubernetes' own arithmetic gives up earlier. */
const largestExponent = 10_000
/** As many as a sum of such numbers has, which is read again from its text. */
const mostDigits = largestExponent + 1000

const pow10 = (n: number): bigint => 10n ** BigInt(n)

interface Suffix {
  readonly base: 2 | 10
  readonly exponent: number
  readonly format: QuantityFormat
}

function interpret(suffix: string): Suffix {
  const decimal = decimalExponent.get(suffix)
  if (decimal !== undefined) return { base: 10, exponent: decimal, format: 'DecimalSI' }
  const binary = binaryExponent.get(suffix)
  if (binary !== undefined) return { base: 2, exponent: binary, format: 'BinarySI' }
  const exponent = exponentText.exec(suffix)
  if (!exponent || Math.abs(Number(exponent[1])) > largestExponent) throw new QuantityError(wrongSuffix)
  return { base: 10, exponent: Number(exponent[1]), format: 'DecimalExponent' }
}

const parsed = new Map<string, Quantity>()
const keptTexts = 10_000

/** Reads a quantity. Throws QuantityError with Kubernetes' text. Results are kept, so parsing the same text again is a lookup. */
export function parseQuantity(text: string): Quantity {
  const known = parsed.get(text)
  if (known) return known
  const quantity = parse(text)
  if (parsed.size >= keptTexts) parsed.clear()
  if (text.length < 64) parsed.set(text, quantity)
  return quantity
}

function parse(text: string): Quantity {
  const match = text === '' ? null : shape.exec(text)
  if (!match) throw new QuantityError(wrongFormat)
  const [, sign = '', integer = '', fraction = '', suffix = ''] = match
  const { base, exponent, format } = interpret(suffix)
  const num = integer === '' ? '0' : integer
  const digits = num + fraction
  const negative = sign === '-'
  if (digits.length > mostDigits) throw new QuantityError(wrongNumber)
  const fast = fastParse(text, num, fraction, { base, exponent, format }, negative)
  if (fast) return fast
  // No digit at all is 0 to the quick way, and no number to the exact one.
  if (integer === '' && fraction === '' && !/^[+-]?0/.test(text)) throw new QuantityError(wrongNumber)
  return exactParse(BigInt(digits), fraction.length, { base, exponent, format }, negative)
}

/** What fits 64 bits is kept as written where Kubernetes takes the text for canonical (its heuristics, not ours). */
function fastParse(text: string, num: string, fraction: string, s: Suffix, negative: boolean): Quantity | undefined {
  const { exponent, format } = s
  const shifted = num + fraction
  const binary = format === 'BinarySI'
  if (binary && fraction !== '') return undefined
  const precision = binary ? 15 - num.length - Math.trunc(exponent * 0.3) - 1 : 18 - shifted.length
  const scale = binary ? 0 : exponent - fraction.length
  if (precision < 0 || scale < -9) return undefined
  const value = BigInt(shifted)
  const amount = binary ? value << BigInt(exponent) : value
  if (!fitsInt64(amount)) return undefined
  const canonical = binary ? (value & 7n) !== 0n : scale % 3 === 0 && !shifted.endsWith('000') && shifted[0] !== '0'
  const unscaled = negative ? -amount : amount
  if (text === '0' || canonical) return { unscaled, scale, format, text }
  return { unscaled, scale, format }
}

function exactParse(digits: bigint, decimals: number, s: Suffix, negative: boolean): Quantity {
  let unscaled = s.base === 2 ? digits << BigInt(s.exponent) : digits
  let scale = (s.base === 10 ? s.exponent : 0) - decimals
  if (unscaled !== 0n) {
    unscaled = scale < -9 ? divideUp(unscaled, pow10(-9 - scale)) : unscaled * pow10(scale + 9)
    scale = -9
  }
  let format = s.format
  if (format === 'BinarySI') {
    if (compareScaled(unscaled, scale, maxInt64, 0) > 0) {
      unscaled = maxInt64
      scale = 0
    }
    if (unscaled > 0n && compareScaled(unscaled, scale, 1n, 0) < 0) format = 'DecimalSI'
  }
  return { unscaled: negative ? -unscaled : unscaled, scale, format, isLong: true }
}

/** Away from zero. */
function divideUp(value: bigint, by: bigint): bigint {
  const quotient = value / by
  if (quotient * by === value) return quotient
  return value < 0n ? quotient - 1n : quotient + 1n
}

function compareScaled(a: bigint, aScale: number, b: bigint, bScale: number): number {
  const low = Math.min(aScale, bScale)
  const x = a * pow10(aScale - low)
  const y = b * pow10(bScale - low)
  return x < y ? -1 : x > y ? 1 : 0
}

/** The text that Kubernetes answers with. */
export function formatQuantity(q: Quantity): string {
  if (q.text !== undefined) return q.text
  if (q.unscaled === 0n) return '0'
  if (q.format === 'BinarySI') {
    const small = compareScaled(q.unscaled, q.scale, -1024n, 0) > 0 && compareScaled(q.unscaled, q.scale, 1024n, 0) < 0
    const whole = small ? undefined : wholeOrUndefined(q)
    if (whole !== undefined) return formatBinary(whole)
  }
  return formatDecimal(q)
}

function wholeOrUndefined(q: Quantity): bigint | undefined {
  if (q.scale >= 0) return q.unscaled * pow10(q.scale)
  const by = pow10(-q.scale)
  return q.unscaled % by === 0n ? q.unscaled / by : undefined
}

function formatBinary(value: bigint): string {
  let amount = value
  let power = 0
  while (amount !== 0n && amount % 1024n === 0n) {
    amount /= 1024n
    power++
  }
  return `${amount}${binarySuffixes[power] ?? ''}`
}

function formatDecimal(q: Quantity): string {
  let amount = q.unscaled
  let exponent = q.scale
  while (amount % 10n === 0n) {
    amount /= 10n
    exponent++
  }
  while (exponent % 3 !== 0) {
    amount *= 10n
    exponent--
  }
  if (q.format === 'DecimalExponent') return exponent === 0 ? `${amount}` : `${amount}e${exponent}`
  return `${amount}${decimalSuffix.get(exponent) ?? ''}`
}

const written = new Map<string, string>()

/** The text that Go writes for the quantity it reads from `text`: `1000m` → `1`, `1024Mi` → `1Gi`. Throws QuantityError. Kept, as parsing is. */
export function canonicalText(text: string): string {
  const known = written.get(text)
  if (known !== undefined) return known
  const canonical = formatQuantity(parseQuantity(text))
  if (written.size >= keptTexts) written.clear()
  if (text.length < 64) written.set(text, canonical)
  return canonical
}

/** The canonical text of a quantity as it comes from a client: a text, or a number of JSON. Throws QuantityError. */
export function canonicalQuantity(value: string | number): string {
  return canonicalText(typeof value === 'number' ? numberText(value) : value.trim())
}

/** A JSON number as text without an exponent that Go would not have seen. */
const numberText = (value: number): string => String(value).replace('e+', 'e')

/** Whether `text` is a quantity; the reason why not, else undefined. */
export function quantityProblem(text: string): string | undefined {
  try {
    parseQuantity(text)
    return undefined
  } catch (error) {
    if (error instanceof QuantityError) return error.message
    throw error
  }
}

export function compareQuantities(a: string | Quantity, b: string | Quantity): number {
  const x = asQuantity(a)
  const y = asQuantity(b)
  return x.scale === y.scale
    ? x.unscaled < y.unscaled
      ? -1
      : x.unscaled > y.unscaled
        ? 1
        : 0
    : compareScaled(x.unscaled, x.scale, y.unscaled, y.scale)
}

const asQuantity = (q: string | Quantity): Quantity => (typeof q === 'string' ? parseQuantity(q) : q)

/** -1, 0 or 1. */
export function signOf(q: string | Quantity): number {
  const { unscaled } = asQuantity(q)
  return unscaled < 0n ? -1 : unscaled > 0n ? 1 : 0
}

/** The sum, in the format of `a` (of `b` when `a` is zero), as Quantity.Add makes it. */
export function addQuantities(a: string | Quantity, b: string | Quantity): Quantity {
  const x = asQuantity(a)
  const y = asQuantity(b)
  const format = x.unscaled === 0n ? y.format : x.format
  const isShort = !x.isLong && !y.isLong
  if (isShort && y.unscaled === 0n) return { unscaled: x.unscaled, scale: x.scale, format }
  if (isShort && x.unscaled === 0n) return { unscaled: y.unscaled, scale: y.scale, format }
  const scale = Math.min(x.scale, y.scale)
  const one = x.unscaled * pow10(x.scale - scale)
  const other = y.unscaled * pow10(y.scale - scale)
  const unscaled = one + other
  return isShort && [one, other, unscaled].every(fitsInt64)
    ? { unscaled, scale, format }
    : { unscaled, scale, format, isLong: true }
}

export function subtractQuantities(a: string | Quantity, b: string | Quantity): Quantity {
  const y = asQuantity(b)
  return addQuantities(a, { ...y, unscaled: -y.unscaled })
}

/** The largest whole number whose thousandths fit 64 bits. */
export const maxMilliValue = maxInt64 / 1000n

/**
 * Quantity.ScaledValue: the value times 10^-scale in 64 bits, rounded up (away from zero), e.g. scale -3 for thousandths. What does
 * not fit comes out as Go's arithmetic leaves it, 0 or wrapped: rules of Kubernetes are decided on that.
 */
export function scaledInt64(q: string | Quantity, scale: number): bigint {
  const { unscaled, scale: own, isLong } = asQuantity(q)
  if (isLong) return scaledLong(unscaled, own, scale)
  return own < scale ? divideUp(unscaled, pow10(scale - own)) : multipliedShort(unscaled, own - scale)
}

const int64 = (value: bigint): bigint => BigInt.asIntN(64, value)
const minInt64 = -maxInt64 - 1n
/** By these powers of ten Go multiplies at once, and leaves what overflowed; by others step by step, and gives up with 0. */
const multipliedAtOnce = new Set([0, 1, 2, 3, 6, 9])

function multipliedShort(value: bigint, power: number): bigint {
  if (multipliedAtOnce.has(power)) return value === minInt64 && power > 0 ? 0n : int64(value * pow10(power))
  if (value === 0n || power > 18) return 0n
  const product = value * pow10(power)
  return fitsInt64(product) ? product : 0n
}

function scaledLong(unscaled: bigint, own: number, scale: number): bigint {
  if (own >= scale) return int64(int64(unscaled) * (own - scale > 18 ? minInt64 : pow10(own - scale)))
  const by = pow10(scale - own)
  if (unscaled < maxInt64 && scale - own < 19) {
    const short = int64(unscaled)
    return short % by === 0n ? short / by : int64(short / by + 1n)
  }
  const rest = ((unscaled % by) + by) % by
  const floor = (unscaled - rest) / by
  return int64(rest === 0n ? floor : int64(floor) + 1n)
}

/** As scaledInt64, as a number: beyond 2^53 it loses digits. */
const scaledQuantity = (q: string | Quantity, scale: number): number => Number(scaledInt64(q, scale))

/** In thousandths, rounded up: `250m` is 250, `1` is 1000. 0 for an absent or malformed quantity. */
export const quantityMilli = (q: string | number | Quantity | undefined): number => scaledOrZero(q, -3)
/** In whole units, rounded up: `1Ki` is 1024, `1m` is 1. 0 for an absent or malformed quantity. */
export const quantityValue = (q: string | number | Quantity | undefined): number => scaledOrZero(q, 0)

function scaledOrZero(q: string | number | Quantity | undefined, scale: number): number {
  if (q === undefined) return 0
  try {
    return scaledQuantity(typeof q === 'number' ? numberText(q) : q, scale)
  } catch (error) {
    if (error instanceof QuantityError) return 0
    throw error
  }
}

/** `q` with no digits below `10^scale`, rounded away from zero, as Quantity.RoundUp leaves it: its text stays when nothing was to round. */
export function roundUpQuantity(q: string | Quantity, scale: number): Quantity {
  const quantity = asQuantity(q)
  const { unscaled, scale: own, format, isLong } = quantity
  if (!isLong) return own >= scale ? quantity : { unscaled: divideUp(unscaled, pow10(scale - own)), scale, format }
  // A decimal is brought to this scale also when it has fewer digits.
  const rounded = own >= scale ? unscaled * pow10(own - scale) : divideUp(unscaled, pow10(scale - own))
  return { unscaled: rounded, scale, format, isLong }
}

/** Whether Kubernetes takes it for a whole number: by its thousandths in 64 bits, which overflow from 9.3e15 on. */
export const isWhole = (q: string | Quantity): boolean => scaledInt64(q, -3) % 1000n === 0n
/** A quantity of `value * 10^scale`. */
export const quantityOf = (value: number | bigint, scale = 0, format: QuantityFormat = 'DecimalSI'): Quantity => ({
  unscaled: BigInt(value),
  scale,
  format,
})
