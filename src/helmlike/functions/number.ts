// spf13/cast: how Sprig makes numbers of values.
import { parseGoInt } from '../../apimachinery/go-int.ts'
import { parseGoFloat } from '../gotemplate/number.ts'
import { Int, type Value } from '../gotemplate/value.ts'

const MIN = -(2n ** 63n)
const MAX = 2n ** 63n - 1n

/** `80.00` is 80 to cast. */
function withoutZeroDecimals(s: string): string {
  return s.replace(/\.0+$/, '')
}

/** cast.ToInt64: 0 for what is no number. */
export function toInt64(v: Value): bigint {
  if (v instanceof Int)
    return v.type.startsWith('time.') && v.type !== 'time.Month' && v.type !== 'time.Weekday' ? 0n : BigInt.asIntN(64, v.v)
  switch (typeof v) {
    case 'number':
      if (Number.isNaN(v) || v >= 2 ** 63 || v < -(2 ** 63)) return MIN
      return BigInt(Math.trunc(v))
    case 'boolean':
      return v ? 1n : 0n
    case 'string': {
      const n = parseGoInt(withoutZeroDecimals(v))
      return n === undefined || n > MAX || n < MIN ? 0n : n
    }
    default:
      return 0n
  }
}

/** cast.ToFloat64. */
export function toFloat64(v: Value): number {
  if (v instanceof Int) return Number(v.v)
  switch (typeof v) {
    case 'number':
      return v
    case 'boolean':
      return v ? 1 : 0
    case 'string': {
      const special = /^([+-]?)(?:inf|infinity|nan)$/i.exec(v)
      if (special) return /nan/i.test(v) ? Number.NaN : special[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
      return parseGoFloat(v) ?? 0
    }
    default:
      return 0
  }
}
