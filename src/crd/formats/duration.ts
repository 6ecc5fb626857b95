const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
}
const PART = /(\d+)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)|\.(\d+)(ns|us|µs|μs|ms|s|m|h)/y
const LARGEST = 2n ** 63n - 1n

/** Nanoseconds of a text that Go's time.ParseDuration reads: '1h30m', '-1.5s', '0'. undefined when it is none. */
export function parseGoDuration(text: string): bigint | undefined {
  const sign = /^[+-]/.test(text) ? (text[0] as string) : ''
  const body = text.slice(sign.length)
  if (body === '0') return 0n
  if (body === '') return undefined
  let nanos = 0n
  PART.lastIndex = 0
  while (PART.lastIndex < body.length) {
    const match = PART.exec(body)
    if (match === null) return undefined
    const unit = UNITS[(match[3] ?? match[5]) as string] as bigint
    const fraction = match[2] ?? match[4] ?? ''
    nanos += BigInt(match[1] ?? '0') * unit
    if (fraction !== '') nanos += (BigInt(fraction) * unit) / 10n ** BigInt(fraction.length)
  }
  const value = sign === '-' ? -nanos : nanos
  return value > LARGEST || value < -LARGEST - 1n ? undefined : value
}
