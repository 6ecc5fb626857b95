// JSON whose integers keep their digits. A number of JSON is, as Go's decoders of untyped values have it, an int64 when it is written as an
// integer that fits into 64 bits, and else a float64. Here an int64 beyond ±(2^53 - 1) is a bigint, and every other number a number: a number
// without fraction beyond that is a float64.

/** What `JSON.stringify` writes as it is. */
const { rawJSON, isRawJSON } = JSON as unknown as { rawJSON(text: string): object; isRawJSON(value: unknown): boolean }

export { isRawJSON }

const longest = 16
const integer = /^-?\d+$/
const largestInt64 = 2n ** 63n - 1n

/** Whether `value` is an int64: a bigint, or a number without fraction that is small enough to be exact. */
export const isInt64 = (value: unknown): value is number | bigint => typeof value === 'bigint' || Number.isSafeInteger(value)

/**
 * A float64 without fraction: what Go makes of 1.0 and 1e2 where it reads them without a type. It is not the int64 of that value until it was written,
 * as 1 and 100, and read again. A leaf of JSON, which walks over values must not take for an object.
 */
export class WholeFloat extends Number {
  toJSON(): unknown {
    const value = this.valueOf()
    return Object.is(value, -0) ? rawJSON('-0') : value
  }
}

/** As `numberOf`; a float64 that would look like an int64 is a `WholeFloat`. */
export function typedNumber(source: string): number | bigint | WholeFloat {
  const value = numberOf(source)
  return Number.isSafeInteger(value) && !integer.test(source) ? new WholeFloat(value) : value
}

/** The value of a number as JSON writes it: infinite when it is beyond float64. */
export function numberOf(source: string): number | bigint {
  const value = Number(source)
  if (source === '-0') return 0
  if (Number.isSafeInteger(value) || source.length < longest || !integer.test(source)) return value
  return int64(BigInt(source)) ?? value
}

/** `value` as an int64 is held. undefined outside of 64 bits. */
export function int64(value: bigint): number | bigint | undefined {
  if (value > largestInt64 || value < -largestInt64 - 1n) return undefined
  const short = Number(value)
  return Number.isSafeInteger(short) ? short : value
}

/** `value` as Go converts a float64 to an int64 on amd64. */
export function int64Of(value: number): number | bigint {
  const whole = Math.trunc(value)
  if (Number.isSafeInteger(whole)) return whole + 0
  return whole >= -(2 ** 63) && whole < 2 ** 63 ? BigInt(whole) : -(2n ** 63n)
}

/** As JSON.parse, with exact integers. */
export function parseJson(text: string): unknown {
  return hasLongNumber(text) ? JSON.parse(text, exactly as Reviver) : JSON.parse(text)
}

type Reviver = (this: unknown, key: string, value: unknown) => unknown

function exactly(_key: string, value: unknown, { source }: { source?: string }): unknown {
  return typeof value === 'number' && source !== undefined ? numberOf(source) : value
}

/** As JSON.stringify, of values that may have bigints in them. */
export function jsonText(value: unknown, indent?: number): string {
  try {
    return indent === undefined ? JSON.stringify(value) : JSON.stringify(value, undefined, indent)
  } catch (error) {
    // It has a bigint, which nearly no object has: to look for one each time would take longer than to write.
    if (!(error instanceof TypeError)) throw error
    return JSON.stringify(value, writable, indent)
  }
}

/** A number that is written as `text`, which need not be how JavaScript writes it. */
export class WrittenNumber {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
  toJSON(): object {
    return rawJSON(this.text)
  }
}

/** For replacers of JSON.stringify: a bigint as it is written. */
export const writable = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? rawJSON(String(value)) : value)

/** Whether a number of `text` may have so many digits that a double loses some. Looks at one character of sixteen. */
export function hasLongNumber(text: string): boolean {
  for (let i = longest - 1; i < text.length; i += longest) {
    if (isDigit(text.charCodeAt(i)) && isLong(text, i)) return true
  }
  return false
}

/** Whether the digits around `at` are many, and do not follow a quote: then they are most likely a text. */
function isLong(text: string, at: number): boolean {
  let start = at
  while (start > 0 && isDigit(text.charCodeAt(start - 1))) start--
  let end = at + 1
  while (isDigit(text.charCodeAt(end))) end++
  return end - start >= longest && text.charCodeAt(start - 1) !== 0x22
}

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39
