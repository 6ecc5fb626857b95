import { CelError, type CelInt, CelUint } from './values.ts'

const MIN_INT = -(2n ** 63n)
const MAX_INT = 2n ** 63n - 1n
const MAX_UINT = 2n ** 64n - 1n
const MIN_SAFE = BigInt(Number.MIN_SAFE_INTEGER)
const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER)

/** The canonical int of `value`. Throws 'integer overflow' (or what `message` says) outside of 64 bits. */
export function toInt(value: bigint, message = 'integer overflow'): CelInt {
  if (value >= MIN_SAFE && value <= MAX_SAFE) return Number(value)
  if (value < MIN_INT || value > MAX_INT) throw new CelError(message)
  return value
}

/** Throws 'unsigned integer overflow' outside of 64 bits. */
export function toUint(value: bigint): CelUint {
  if (value < 0n || value > MAX_UINT) throw new CelError('unsigned integer overflow')
  return new CelUint(value)
}

export const isIntInRange = (value: bigint): boolean => value >= MIN_INT && value <= MAX_INT
export const isUintInRange = (value: bigint): boolean => value >= 0n && value <= MAX_UINT

export function addInt(a: CelInt, b: CelInt): CelInt {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b
    if (Number.isSafeInteger(sum)) return sum
  }
  return toInt(BigInt(a) + BigInt(b))
}

export function subtractInt(a: CelInt, b: CelInt): CelInt {
  if (typeof a === 'number' && typeof b === 'number') {
    const difference = a - b
    if (Number.isSafeInteger(difference)) return difference
  }
  return toInt(BigInt(a) - BigInt(b))
}

export function multiplyInt(a: CelInt, b: CelInt): CelInt {
  if (typeof a === 'number' && typeof b === 'number') {
    const product = a * b
    if (Number.isSafeInteger(product)) return product + 0
  }
  return toInt(BigInt(a) * BigInt(b))
}

export function divideInt(a: CelInt, b: CelInt): CelInt {
  if (b === 0) throw new CelError('division by zero')
  // Exact: a - a % b is a multiple of b, so that no rounding happens.
  if (typeof a === 'number' && typeof b === 'number') return (a - (a % b)) / b + 0
  return toInt(BigInt(a) / BigInt(b))
}

export function moduloInt(a: CelInt, b: CelInt): CelInt {
  if (b === 0) throw new CelError('modulus by zero')
  if (typeof a === 'number' && typeof b === 'number') return (a % b) + 0
  if (BigInt(a) === MIN_INT && b === -1) throw new CelError('integer overflow')
  return toInt(BigInt(a) % BigInt(b))
}

export function negateInt(a: CelInt): CelInt {
  return typeof a === 'number' ? 0 - a : toInt(-a)
}

/** -1, 0 or 1; NaN compares with nothing: undefined. */
export function compareNumbers(a: number | bigint, b: number | bigint): -1 | 0 | 1 | undefined {
  if (a < b) return -1
  if (a > b) return 1
  // Loose on purpose: JavaScript compares a number with a bigint by their exact values.
  // biome-ignore lint/suspicious/noDoubleEquals: see above
  return a == b ? 0 : undefined
}
