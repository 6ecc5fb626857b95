// strconv.FormatFloat for float64: exact, rounding half to even.

/** The shortest decimal digits that give `v` back, and the decimal point's place: 0.d1d2… × 10^point. `v` >= 0, finite. */
function shortest(v: number): { digits: string; point: number } {
  if (v === 0) return { digits: '0', point: 1 }
  const [mantissa, exponent] = v.toExponential().split('e') as [string, string]
  return { digits: mantissa.replace('.', ''), point: Number(exponent) + 1 }
}

/** round(v × 10^places) to the nearest integer, ties to even. `v` >= 0, finite. */
function scaled(v: number, places: number): bigint {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, v)
  const bits = view.getBigUint64(0)
  const biased = Number((bits >> 52n) & 0x7ffn)
  let numerator = (bits & 0xfffffffffffffn) | (biased ? 1n << 52n : 0n)
  const exponent = (biased || 1) - 1075
  let denominator = 1n
  if (exponent >= 0) numerator <<= BigInt(exponent)
  else denominator <<= BigInt(-exponent)
  if (places >= 0) numerator *= 10n ** BigInt(places)
  else denominator *= 10n ** BigInt(-places)
  const quotient = numerator / denominator
  const twice = (numerator % denominator) * 2n
  if (twice > denominator || (twice === denominator && quotient % 2n === 1n)) return quotient + 1n
  return quotient
}

/** `digits` significant digits of `v` and the decimal point's place. */
function rounded(v: number, digits: number): { digits: string; point: number } {
  if (v === 0) return { digits: '0'.repeat(digits), point: 1 }
  let point = shortest(v).point
  let text = scaled(v, digits - point).toString()
  if (text.length > digits) {
    point += 1
    text = scaled(v, digits - point).toString()
  }
  return { digits: text.padEnd(digits, '0'), point }
}

function exponential(digits: string, point: number, letter: string): string {
  const exponent = digits === '0' || /^0*$/.test(digits) ? 0 : point - 1
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : ''
  const size = String(Math.abs(exponent)).padStart(2, '0')
  return `${digits[0]}${fraction}${letter}${exponent < 0 ? '-' : '+'}${size}`
}

function positional(digits: string, point: number): string {
  if (point <= 0) return `0.${'0'.repeat(-point)}${digits}`
  if (digits.length <= point) return digits.padEnd(point, '0')
  return `${digits.slice(0, point)}.${digits.slice(point)}`
}

/**
 * Formats as Go's FormatFloat(v, format, precision, 64); `precision` -1 is the shortest text that parses back.
 * Without precision 'g' turns to exponents from 10^`largeFrom`.
 */
export function formatFloat(v: number, format: 'e' | 'E' | 'f' | 'g' | 'G', precision = -1, largeFrom = 6): string {
  if (Number.isNaN(v)) return 'NaN'
  if (!Number.isFinite(v)) return v > 0 ? '+Inf' : '-Inf'
  const sign = v < 0 || Object.is(v, -0) ? '-' : ''
  const size = Math.abs(v)
  if (format === 'f') {
    if (precision < 0) {
      const { digits, point } = shortest(size)
      return sign + (size === 0 ? '0' : positional(digits, point))
    }
    const text = scaled(size, precision)
      .toString()
      .padStart(precision + 1, '0')
    return sign + (precision === 0 ? text : `${text.slice(0, -precision)}.${text.slice(-precision)}`)
  }
  if (format === 'e' || format === 'E') {
    const { digits, point } = precision < 0 ? shortest(size) : rounded(size, precision + 1)
    return sign + exponential(digits, point, format)
  }
  return sign + general(size, format === 'g' ? 'e' : 'E', precision, largeFrom)
}

function general(size: number, letter: 'e' | 'E', precision: number, largeFrom: number): string {
  const wanted = precision === 0 ? 1 : precision
  const { digits: all, point } = precision < 0 ? shortest(size) : rounded(size, wanted)
  const digits = all.replace(/0+$/, '') || '0'
  let limit = precision < 0 ? largeFrom : wanted
  if (precision >= 0 && limit > digits.length && digits.length >= point) limit = digits.length
  if (size !== 0 && (point - 1 < -4 || point - 1 >= limit)) return exponential(digits, point, letter)
  return size === 0 ? '0' : positional(digits, point)
}
