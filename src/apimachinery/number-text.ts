/** A number of JSON as Go's %v prints it: an int64 in digits, a float64 as `doubleText`. */
export const numberText = (value: number | bigint): string =>
  typeof value === 'bigint' || Number.isSafeInteger(value) ? String(value) : doubleText(value)

/** A double as Go's %g with the shortest digits writes it: with an exponent below 1e-4 and from 1e6 on, '+Inf', 'NaN'. */
export function doubleText(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  if (Object.is(value, -0)) return '-0'
  if (value === 0) return '0'
  const exponential = value.toExponential()
  const [mantissa, exponentText] = exponential.split('e') as [string, string]
  const exponent = Number(exponentText)
  if (exponent < -4 || exponent >= 6) {
    return `${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
  }
  return plainText(value, mantissa, exponent)
}

function plainText(value: number, mantissa: string, exponent: number): string {
  if (exponent >= 0) return String(value)
  const digits = mantissa.replace('-', '').replace('.', '')
  return `${value < 0 ? '-' : ''}0.${'0'.repeat(-exponent - 1)}${digits}`
}
