import { parseGoDuration } from '../../formats/duration.ts'
import { CelDuration, CelError, type CelTimestamp } from '../values.ts'
import { timestampOfNanos } from './time-arithmetic.ts'

const TIMESTAMP = /^(\d{4})-(\d\d)-(\d\d)[T](\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(Z|[+-]\d\d:\d\d)$/

/** As Go's time.ParseDuration reads it: '1h30m', '-1.5s', '0'. undefined when it is none. */
export function parseDuration(text: string): CelDuration | undefined {
  const nanos = parseGoDuration(text)
  return nanos === undefined ? undefined : new CelDuration(nanos)
}

/** '1.5s': seconds with as many decimals as needed. */
export function formatDuration(duration: CelDuration): string {
  const seconds = Number(duration.nanos) / 1e9
  return `${decimalText(seconds)}s`
}

/** A double without exponent, shortest form. */
function decimalText(value: number): string {
  const text = String(value)
  if (!/e/.test(text)) return text
  const [mantissa, exponent] = text.split('e') as [string, string]
  const shift = Number(exponent)
  const sign = mantissa.startsWith('-') ? '-' : ''
  const [whole, fraction = ''] = mantissa.replace('-', '').split('.') as [string, string?]
  const digits = whole + fraction
  const point = whole.length + shift
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`
  return point >= digits.length
    ? `${sign}${digits}${'0'.repeat(point - digits.length)}`
    : `${sign}${digits.slice(0, point)}.${digits.slice(point)}`
}

/** RFC 3339. undefined when it is none; throws 'timestamp overflow' outside of the years 1 to 9999. */
export function parseTimestamp(text: string): CelTimestamp | undefined {
  const match = TIMESTAMP.exec(text)
  if (match === null) return undefined
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  if (month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59) return undefined
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  if (day < 1 || date.getUTCDate() !== day) return undefined
  date.setUTCHours(hour, minute, second)
  const zone = match[8] as string
  const offset = zone === 'Z' ? 0 : offsetSeconds(zone)
  if (offset === undefined) return undefined
  const nanos = Number((match[7] ?? '').padEnd(9, '0').slice(0, 9))
  return timestampOfNanos(BigInt(date.getTime() / 1000 - offset) * 1_000_000_000n + BigInt(nanos))
}

function offsetSeconds(zone: string): number | undefined {
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(4, 6))]
  if (hours > 23 || minutes > 59) return undefined
  return (zone.startsWith('-') ? -1 : 1) * (hours * 3600 + minutes * 60)
}

/** RFC 3339 in UTC, with as many decimals as needed. */
export function formatTimestamp(time: CelTimestamp): string {
  const date = new Date(time.seconds * 1000)
  const year = String(date.getUTCFullYear()).padStart(4, '0')
  const two = (value: number): string => String(value).padStart(2, '0')
  const fraction = time.nanos === 0 ? '' : `.${String(time.nanos).padStart(9, '0').replace(/0+$/, '')}`
  const clock = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`
  return `${year}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}T${clock}${fraction}Z`
}

/** `time` as the clock in `zone` ('America/New_York', '+05:30', 'UTC') shows it; its UTC fields are the local ones. */
export function localTime(time: CelTimestamp, zone: string | undefined): Date {
  const utc = new Date(time.seconds * 1000)
  if (zone === undefined || zone === '' || zone === 'UTC') return utc
  if (zone.includes(':')) {
    const match = /^([+-]?\d+):(\d+)$/.exec(zone)
    if (match === null) throw new CelError(`invalid time zone offset ${JSON.stringify(zone)}`)
    const hours = Number(match[1])
    const minutes = zone.startsWith('-') ? hours * 60 - Number(match[2]) : hours * 60 + Number(match[2])
    return new Date(utc.getTime() + minutes * 60_000)
  }
  return new Date(utc.getTime() + zoneOffset(utc, zone))
}

function zoneOffset(utc: Date, zone: string): number {
  let format: Intl.DateTimeFormat
  try {
    format = formatterOf(zone)
  } catch {
    throw new CelError(`unknown time zone ${zone}`)
  }
  const part = Object.fromEntries(format.formatToParts(utc).map(({ type, value }) => [type, value]))
  const local = new Date(0)
  const year = part.era === 'BC' ? 1 - Number(part.year) : Number(part.year)
  local.setUTCFullYear(year, Number(part.month) - 1, Number(part.day))
  local.setUTCHours(Number(part.hour), Number(part.minute), Number(part.second))
  return local.getTime() - Math.floor(utc.getTime() / 1000) * 1000
}

const formatters = new Map<string, Intl.DateTimeFormat>()

function formatterOf(zone: string): Intl.DateTimeFormat {
  let format = formatters.get(zone)
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
    if (formatters.size < 1000) formatters.set(zone, format)
  }
  return format
}
