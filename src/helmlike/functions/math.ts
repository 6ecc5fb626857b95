// Sprig's arithmetic: int64 that wraps, and decimal arithmetic for the functions that end in f.
import { formatFloat } from '../gotemplate/float.ts'
import { formatValue } from '../gotemplate/format.ts'
import type { Implementation } from '../gotemplate/function-table.ts'
import { FunctionError } from '../gotemplate/run.ts'
import { type Int, int, int64, type Value } from '../gotemplate/value.ts'
import { toFloat64, toInt64 } from './number.ts'

const wrapped = (n: bigint) => int64(BigInt.asIntN(64, n))

function divide(a: Value, b: Value, remainder: boolean): Value {
  const divisor = toInt64(b)
  if (divisor === 0n) throw new FunctionError('runtime error: integer divide by zero')
  return wrapped(remainder ? toInt64(a) % divisor : toInt64(a) / divisor)
}

/** coefficient × 10^-scale */
interface Decimal {
  readonly coefficient: bigint
  readonly scale: number
}

function decimal(n: number): Decimal {
  if (!Number.isFinite(n)) throw new FunctionError(`Cannot create a Decimal from ${formatFloat(n, 'g')}`)
  const [whole, fraction = ''] = formatFloat(n, 'f').split('.') as [string, string | undefined]
  return { coefficient: BigInt(whole + fraction), scale: fraction.length }
}

function aligned(a: Decimal, b: Decimal): [bigint, bigint, number] {
  const scale = Math.max(a.scale, b.scale)
  return [a.coefficient * 10n ** BigInt(scale - a.scale), b.coefficient * 10n ** BigInt(scale - b.scale), scale]
}

const DIVISION_DIGITS = 16

function divideDecimals(a: Decimal, b: Decimal): Decimal {
  if (b.coefficient === 0n) throw new FunctionError('decimal division by 0')
  const [x, y] = aligned(a, b)
  const scaled = x * 10n ** BigInt(DIVISION_DIGITS)
  const quotient = scaled / y
  const rest = scaled % y
  const size = (n: bigint) => (n < 0n ? -n : n)
  const up = size(rest) * 2n >= size(y) ? (x < 0n === y < 0n ? 1n : -1n) : 0n
  return { coefficient: quotient + up, scale: DIVISION_DIGITS }
}

const toNumber = (d: Decimal) => Number(`${d.coefficient}e${-d.scale}`)

function decimals(first: Value, others: readonly Value[], f: (a: Decimal, b: Decimal) => Decimal): number {
  let result = decimal(toFloat64(first))
  for (const other of others) result = f(result, decimal(toFloat64(other)))
  return toNumber(result)
}

const plus = (a: Decimal, b: Decimal): Decimal => {
  const [x, y, scale] = aligned(a, b)
  return { coefficient: x + y, scale }
}
const minus = (a: Decimal, b: Decimal): Decimal => plus(a, { ...b, coefficient: -b.coefficient })
const times = (a: Decimal, b: Decimal): Decimal => ({ coefficient: a.coefficient * b.coefficient, scale: a.scale + b.scale })

function round(v: Value, places: Int, ...on: number[]): Value {
  const roundOn = on[0] ?? 0.5
  const power = 10 ** Number(places.v)
  const digit = power * toFloat64(v)
  const fraction = digit - Math.trunc(digit)
  return (fraction >= roundOn ? Math.ceil(digit) : Math.floor(digit)) / power
}

function toDecimal(v: Value): Value {
  const text = formatValue(v)
  return int64(/^[+-]?[0-7]+$/.test(text) ? BigInt(Number.parseInt(text, 8)) : 0n)
}

const extreme =
  (isBetter: (x: bigint, y: bigint) => boolean) =>
  (a: Value, ...others: Value[]) => {
    let best = toInt64(a)
    for (const n of others.map(toInt64)) if (isBetter(n, best)) best = n
    return int64(best)
  }
const largest = extreme((x, y) => x > y)
const smallest = extreme((x, y) => x < y)

export const math: { readonly [name: string]: Implementation } = {
  int64: (v: Value) => int64(toInt64(v)),
  int: (v: Value) => int(toInt64(v)),
  float64: (v: Value) => toFloat64(v),
  toDecimal,
  add1: (v: Value) => wrapped(toInt64(v) + 1n),
  add: (...v: Value[]) => wrapped(v.reduce<bigint>((sum, x) => sum + toInt64(x), 0n)),
  sub: (a: Value, b: Value) => wrapped(toInt64(a) - toInt64(b)),
  div: (a: Value, b: Value) => divide(a, b, false),
  mod: (a: Value, b: Value) => divide(a, b, true),
  mul: (a: Value, ...v: Value[]) =>
    wrapped(v.reduce<bigint>((product, x) => BigInt.asIntN(64, product * toInt64(x)), toInt64(a))),
  add1f: (v: Value) => decimals(v, [1], plus),
  addf: (...v: Value[]) => decimals(0, v, plus),
  subf: (a: Value, ...v: Value[]) => decimals(a, v, minus),
  divf: (a: Value, ...v: Value[]) => decimals(a, v, divideDecimals),
  mulf: (a: Value, ...v: Value[]) => decimals(a, v, times),
  biggest: largest,
  max: largest,
  min: smallest,
  maxf: (a: Value, ...v: Value[]) => Math.max(toFloat64(a), ...v.map(toFloat64)),
  minf: (a: Value, ...v: Value[]) => Math.min(toFloat64(a), ...v.map(toFloat64)),
  ceil: (v: Value) => Math.ceil(toFloat64(v)),
  floor: (v: Value) => Math.floor(toFloat64(v)),
  round,
}
