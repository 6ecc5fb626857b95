// time.Duration: nanoseconds, and Go's text for them.
import { timeQuote } from '../../../apimachinery/go-quote.ts'
import { Int, type MethodTable } from '../../gotemplate/value.ts'

export const SECOND = 1_000_000_000n
const UNITS: { readonly [unit: string]: bigint } = {
  ns: 1n,
  us: 1000n,
  µs: 1000n,
  μs: 1000n,
  ms: 1_000_000n,
  s: SECOND,
  m: 60n * SECOND,
  h: 3600n * SECOND,
}
const MAX = 2n ** 63n - 1n

/** time.ParseDuration in nanoseconds; undefined where the text is none. */
export function parseDuration(text: string): bigint | undefined {
  const m = /^([+-]?)((?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.exec(text)
  if (!m) return /^[+-]?0$/.test(text) ? 0n : undefined
  let total = 0n
  for (const part of text.matchAll(/(\d*)\.?(\d*)(ns|us|µs|μs|ms|s|m|h)/g)) {
    const unit = UNITS[part[3] as string] as bigint
    const fraction = part[2] ?? ''
    total += BigInt(part[1] || 0) * unit + (fraction === '' ? 0n : (BigInt(fraction) * unit) / 10n ** BigInt(fraction.length))
  }
  if (total > MAX) return undefined
  return m[1] === '-' ? -total : total
}

/** What time.ParseDuration says about a text that parseDuration refused. */
export function durationProblem(text: string): string {
  const parts = /^[+-]?((?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))*)(?:(?:\d+\.?\d*|\.\d+)([^.\d]*))?/.exec(text)
  const unit = parts?.[2]
  if (unit === '') return `time: missing unit in duration ${timeQuote(text)}`
  if (unit !== undefined) return `time: unknown unit ${timeQuote(unit)} in duration ${timeQuote(text)}`
  return `time: invalid duration ${timeQuote(text)}`
}

/** Duration.String: `1h2m3.5s`. */
export function durationText(ns: bigint): string {
  if (ns === 0n) return '0s'
  const sign = ns < 0n ? '-' : ''
  const n = ns < 0n ? -ns : ns
  const decimal = (whole: bigint, unit: bigint) => {
    const fraction = (whole % unit)
      .toString()
      .padStart(unit.toString().length - 1, '0')
      .replace(/0+$/, '')
    return `${whole / unit}${fraction === '' ? '' : `.${fraction}`}`
  }
  if (n < 1000n) return `${sign}${n}ns`
  if (n < 1_000_000n) return `${sign}${decimal(n, 1000n)}µs`
  if (n < SECOND) return `${sign}${decimal(n, 1_000_000n)}ms`
  const seconds = decimal(n % (60n * SECOND), SECOND)
  const minutes = n / (60n * SECOND)
  if (minutes === 0n) return `${sign}${seconds}s`
  return minutes < 60n ? `${sign}${minutes}m${seconds}s` : `${sign}${minutes / 60n}h${minutes % 60n}m${seconds}s`
}

/** d.Round(m): to the nearest multiple, halves away from zero. */
export function roundDuration(d: bigint, m: bigint): bigint {
  if (m <= 0n) return d
  const rest = (d < 0n ? -d : d) % m
  const down = d < 0n ? d + rest : d - rest
  return rest + rest < m ? down : d < 0n ? down - m : down + m
}

/** The duration as templates see it. */
export function durationValue(ns: bigint): Int {
  const get = (call: () => Int | string | number) => ({ params: [], variadic: false, call })
  const methods: MethodTable = {
    String: get(() => durationText(ns)),
    Seconds: get(() => Number(ns) / 1e9),
    Minutes: get(() => Number(ns) / 6e10),
    Hours: get(() => Number(ns) / 3.6e12),
    Milliseconds: get(() => new Int(ns / 1_000_000n, 'int64')),
    Microseconds: get(() => new Int(ns / 1000n, 'int64')),
    Nanoseconds: get(() => new Int(ns, 'int64')),
  }
  return new Int(ns, 'int64', 'time.Duration', methods)
}
