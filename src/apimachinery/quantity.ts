/** resource.Quantity: exact numbers with suffixes (k8s.io/apimachinery/pkg/api/resource). */

export type QuantityFormat = 'DecimalExponent' | 'BinarySI' | 'DecimalSI'

/** The value is `unscaled * 10^scale`. */
export interface Quantity {
  readonly unscaled: bigint
  readonly scale: number
  readonly format: QuantityFormat
  /** The text as Kubernetes keeps it, when the parsed text counts as canonical. */
  readonly text?: string
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
  if (digits.length > 1000) throw new QuantityError(wrongNumber)
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
  if (scale < -9) {
    unscaled = divideUp(unscaled, pow10(-9 - scale))
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
  return { unscaled: negative ? -unscaled : unscaled, scale, format }
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
  const scale = Math.min(x.scale, y.scale)
  const unscaled = x.unscaled * pow10(x.scale - scale) + y.unscaled * pow10(y.scale - scale)
  return { unscaled, scale, format: x.unscaled === 0n ? y.format : x.format }
}

export function subtractQuantities(a: string | Quantity, b: string | Quantity): Quantity {
  const y = asQuantity(b)
  return addQuantities(a, { unscaled: -y.unscaled, scale: y.scale, format: y.format })
}

/** The value times 10^-scale, rounded up (away from zero), e.g. scale -3 for milli-units. Beyond 2^53 it loses digits. */
export function scaledQuantity(q: string | Quantity, scale: number): number {
  const { unscaled, scale: own } = asQuantity(q)
  return Number(own >= scale ? unscaled * pow10(own - scale) : divideUp(unscaled, pow10(scale - own)))
}

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

/** `q` with no digits below `10^scale`, rounded away from zero. Its text is the computed one, as Quantity.RoundUp leaves it. */
export function roundUpQuantity(q: string | Quantity, scale: number): Quantity {
  const { unscaled, scale: own, format } = asQuantity(q)
  return own >= scale ? { unscaled, scale: own, format } : { unscaled: divideUp(unscaled, pow10(scale - own)), scale, format }
}

/** Whether the value is a multiple of one whole unit. */
export const isWhole = (q: string | Quantity): boolean => wholeOrUndefined(asQuantity(q)) !== undefined
/** A quantity of `value * 10^scale`. */
export const quantityOf = (value: number | bigint, scale = 0, format: QuantityFormat = 'DecimalSI'): Quantity => ({
  unscaled: BigInt(value),
  scale,
  format,
})
