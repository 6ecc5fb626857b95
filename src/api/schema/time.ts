/** RFC 3339 times as Go's time.Parse reads and metav1.Time and MicroTime write them. */
import { timeQuote } from '../../apimachinery/go-quote.ts'

const layouts = {
  seconds: '2006-01-02T15:04:05Z07:00',
  micros: '2006-01-02T15:04:05.000000Z07:00',
  nanos: '2006-01-02T15:04:05.999999999Z07:00',
}
/** A day that there is in every year. */
const dayOfYear = /(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31/
const canonicalSeconds = new RegExp(`^\\d{4}-(?:${dayOfYear.source})T(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\dZ$`)

class TimeError extends Error {}

/** `text` in UTC with whole seconds; null for Go's zero time. Throws TimeError with Go's message. */
export function canonicalTime(text: string): string | null {
  if (canonicalSeconds.test(text)) return text.startsWith('0001-01-01T00:00:00') ? null : text
  const { date } = parse(text, layouts.seconds)
  return isZero(date) ? null : `${date.toISOString().slice(0, 19)}Z`
}

/** `text` in UTC with six fractional digits; null for Go's zero time. Throws TimeError with Go's message. */
export function canonicalMicroTime(text: string): string | null {
  const { date, fraction } = parse(text, layouts.micros)
  return isZero(date) && /^0*$/.test(fraction)
    ? null
    : `${date.toISOString().slice(0, 19)}.${fraction.padEnd(6, '0').slice(0, 6)}Z`
}

/** Why `text` is no time in RFC 3339, with or without a fraction of the second: Go's message. */
export function timeProblem(text: string): string | undefined {
  try {
    parse(text, layouts.nanos)
    return undefined
  } catch (error) {
    if (error instanceof TimeError) return error.message
    throw error
  }
}

const zeroMs = Date.parse('0001-01-01T00:00:00Z')
const isZero = (date: Date): boolean => date.getTime() === zeroMs

interface Part {
  readonly layout: string
  readonly pattern: RegExp
  readonly max?: number
  readonly min?: number
  readonly range?: string
}

const parts: readonly Part[] = [
  { layout: '2006', pattern: /^\d{4}/ },
  { layout: '-', pattern: /^-/ },
  { layout: '01', pattern: /^\d{2}/, min: 1, max: 12, range: 'month' },
  { layout: '-', pattern: /^-/ },
  { layout: '02', pattern: /^\d{2}/, min: 1, max: 31, range: 'day' },
  { layout: 'T', pattern: /^T/ },
  { layout: '15', pattern: /^\d{1,2}/, max: 23, range: 'hour' },
  { layout: ':', pattern: /^:/ },
  { layout: '04', pattern: /^\d{2}/, max: 59, range: 'minute' },
  { layout: ':', pattern: /^:/ },
  { layout: '05', pattern: /^\d{2}/, max: 59, range: 'second' },
]

/** Walks the layout as Go does, so that the error names the part that does not fit. */
function parse(text: string, layout: string): { date: Date; fraction: string } {
  const quoted = timeQuote(text)
  const fail = (rest: string, part: string): never => {
    throw new TimeError(`parsing time ${quoted} as "${layout}": cannot parse ${timeQuote(rest)} as "${part}"`)
  }
  const values: number[] = []
  let rest = text
  let outOfRange: string | undefined
  for (const part of parts) {
    const found = part.pattern.exec(rest)?.[0]
    if (found === undefined) return fail(rest, part.layout)
    if (/\d/.test(found)) values.push(Number(found))
    if (part.range && (Number(found) > (part.max ?? 0) || Number(found) < (part.min ?? 0))) {
      if (part.range !== 'day') throw new TimeError(`parsing time ${quoted}: ${part.range} out of range`)
      outOfRange = part.range
    }
    rest = rest.slice(found.length)
  }
  const wantsMicros = layout === layouts.micros
  const fraction = /^[.,](\d+)/.exec(rest)
  if (wantsMicros && !/^[.,]\d{6}/.test(rest)) return fail(rest, '.000000')
  const digits = fraction?.[1] ?? ''
  rest = rest.slice(wantsMicros ? 7 : (fraction?.[0].length ?? 0))
  const zone = /^(?:Z|([+-])(\d{2}):(\d{2}))/.exec(rest)
  if (!zone) return fail(rest, 'Z07:00')
  if (rest.length > zone[0].length) {
    throw new TimeError(`parsing time ${quoted}: extra text: ${timeQuote(rest.slice(zone[0].length))}`)
  }
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = values
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  if (outOfRange || date.getUTCDate() !== day) throw new TimeError(`parsing time ${quoted}: day out of range`)
  const offset = zone[1] ? (zone[1] === '-' ? 1 : -1) * (Number(zone[2]) * 60 + Number(zone[3])) : 0
  date.setUTCHours(hour, minute + offset, second, 0)
  return { date, fraction: wantsMicros ? digits.slice(0, 6) : digits }
}
