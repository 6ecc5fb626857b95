/** metav1.Duration: text as Go's time.ParseDuration reads and Duration.String writes it. */
import { timeQuote } from './go-quote.ts'

const unitNanos: Record<string, number> = { ns: 1, us: 1e3, µs: 1e3, μs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 }

export class DurationError extends Error {}

/** `90s` → `1m30s`. Throws DurationError with Go's message. */
export function canonicalDuration(text: string): string {
  return writeDuration(parseDuration(text))
}

/** Nanoseconds. */
export function parseDuration(text: string): number {
  const invalid = (): never => {
    throw new DurationError(`time: invalid duration ${timeQuote(text)}`)
  }
  const negative = text.startsWith('-')
  let rest = /^[+-]/.test(text) ? text.slice(1) : text
  if (rest === '0') return 0
  if (rest === '') invalid()
  let total = 0
  while (rest !== '') {
    const number = /^(?:\d+\.?\d*|\.\d+)/.exec(rest)?.[0]
    if (number === undefined) return invalid()
    rest = rest.slice(number.length)
    const unit = /^[^\d.]+/.exec(rest)?.[0]
    if (unit === undefined) throw new DurationError(`time: missing unit in duration ${timeQuote(text)}`)
    if (!Object.hasOwn(unitNanos, unit)) {
      throw new DurationError(`time: unknown unit ${timeQuote(unit)} in duration ${timeQuote(text)}`)
    }
    total += Math.trunc(Number(number) * (unitNanos[unit] ?? 0))
    rest = rest.slice(unit.length)
  }
  if (total > 2 ** 63) invalid()
  return negative ? -total : total
}

/** `1h0m0.5s`, as Go writes it. */
export function writeDuration(nanos: number): string {
  const sign = nanos < 0 ? '-' : ''
  const size = Math.abs(nanos)
  if (size === 0) return '0s'
  if (size < 1e3) return `${sign}${size}ns`
  if (size < 1e6) return `${sign}${size / 1e3}µs`
  if (size < 1e9) return `${sign}${size / 1e6}ms`
  const seconds = (size % 60e9) / 1e9
  const minutes = Math.floor(size / 60e9) % 60
  const hours = Math.floor(size / 3600e9)
  return `${sign}${hours > 0 ? `${hours}h` : ''}${hours > 0 || minutes > 0 ? `${minutes}m` : ''}${seconds}s`
}
