/** Parses an integer with Go's prefixes, underscores and sign; undefined where it is none. */
export function parseGoInt(text: string): bigint | undefined {
  const m =
    /^([+-]?)(0[xX]_?[0-9a-fA-F](?:_?[0-9a-fA-F])*|0[bB]_?[01](?:_?[01])*|0[oO]_?[0-7](?:_?[0-7])*|0(?:_?[0-7])*|[1-9](?:_?[0-9])*)$/.exec(
      text,
    )
  if (!m) return undefined
  let digits = (m[2] as string).replaceAll('_', '')
  if (/^0[0-7]/.test(digits)) digits = `0o${digits.slice(1)}`
  const v = BigInt(digits)
  return m[1] === '-' ? -v : v
}
