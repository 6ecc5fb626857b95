// Floating-point numbers under the verbs of package fmt.
import { formatFloat } from './float.ts'

/** The number under a verb; `sharp`: the flag #, which keeps the point and trailing zeros. */
export function floatText(v: number, verb: string, precision: number | undefined, sharp: boolean): string {
  const text = plainText(v, verb, precision)
  return sharp && verb !== 'b' && Number.isFinite(v) ? withZeros(text, verb, precision) : text
}

function plainText(v: number, verb: string, precision: number | undefined): string {
  switch (verb) {
    case 'v':
      return formatFloat(v, 'g', precision ?? -1)
    case 'g':
    case 'G':
      return formatFloat(v, verb, precision ?? -1)
    case 'e':
    case 'E':
      return formatFloat(v, verb, precision ?? 6)
    case 'b':
      return binaryFloat(v)
    case 'x':
    case 'X':
      return hexFloat(v, verb, precision)
    default:
      return formatFloat(v, 'f', precision ?? 6)
  }
}

/** As fmt's flag # has it: a point always, and for %g as many digits as its precision, or six. */
function withZeros(text: string, verb: string, precision: number | undefined): string {
  const [, sign = '', digits = '', exponent = ''] = /^([+-]?)([^eEpP]*)(.*)$/.exec(text) ?? []
  // In hexadecimal the x counts as a digit, as in Go.
  const significant = digits.replace('.', '').replace(/^0+/, '').length
  const missing = 'vgGx'.includes(verb) ? (precision ?? 6) - significant - (digits === '0' ? 1 : 0) : 0
  const point = digits.includes('.') ? '' : '.'
  return sign + digits + point + '0'.repeat(Math.max(0, missing)) + exponent
}

/** The mantissa as an integer and the exponent of two. */
function binaryFloat(v: number): string {
  if (!Number.isFinite(v)) return formatFloat(v, 'g')
  const bits = new DataView(new ArrayBuffer(8))
  bits.setFloat64(0, v)
  const all = bits.getBigUint64(0)
  const exponent = Number((all >> 52n) & 0x7ffn)
  const mantissa = (all & ((1n << 52n) - 1n)) | (exponent === 0 ? 0n : 1n << 52n)
  const power = Math.max(exponent, 1) - 1075
  return `${all >> 63n === 1n ? '-' : ''}${mantissa}p${power < 0 ? '-' : '+'}${Math.abs(power)}`
}

/** A hexadecimal mantissa and a binary exponent. */
function hexFloat(v: number, verb: string, precision: number | undefined): string {
  if (!Number.isFinite(v)) return formatFloat(v, 'g')
  const sign = v < 0 || Object.is(v, -0) ? '-' : ''
  const size = Math.abs(v)
  let exponent = size === 0 ? 0 : Math.floor(Math.log2(size))
  if (size !== 0 && size / 2 ** exponent >= 2) exponent++
  else if (size !== 0 && size / 2 ** exponent < 1) exponent--
  // 52 bits of mantissa as 13 hexadecimal digits, rounded to even where fewer are asked for.
  let mantissa = size === 0 ? 0n : BigInt((size / 2 ** exponent) * 2 ** 52)
  let digits = 13
  if (precision !== undefined && precision < 13) {
    const cut = BigInt(4 * (13 - precision))
    const [half, rest] = [1n << (cut - 1n), mantissa & ((1n << cut) - 1n)]
    mantissa >>= cut
    if (rest > half || (rest === half && (mantissa & 1n) === 1n)) mantissa++
    digits = precision
    if (mantissa >> BigInt(4 * digits) === 2n) {
      mantissa >>= 1n
      exponent++
    }
  }
  const whole = mantissa >> BigInt(4 * digits)
  let fraction = digits === 0 ? '' : (mantissa & ((1n << BigInt(4 * digits)) - 1n)).toString(16).padStart(digits, '0')
  fraction = precision === undefined ? fraction.replace(/0+$/, '') : fraction.padEnd(precision, '0')
  const text = `0x${whole}${fraction === '' ? '' : `.${fraction}`}p${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
  return sign + (verb === 'X' ? text.toUpperCase() : text)
}
