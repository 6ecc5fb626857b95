// time.Time: an instant in a zone, formatted and parsed by Go's layouts.
import { GoStruct, Int, int, type MethodTable, type Value } from '../../gotemplate/value.ts'
import { durationValue, SECOND } from './duration.ts'

/** Nanoseconds since 1970 and the name of the zone they are shown in. */
export interface Instant {
  readonly ns: bigint
  readonly zone: string
}

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
export const ZERO_NS = -62135596800n * SECOND

/** Seconds east of Greenwich and the abbreviation of a zone at an instant. */
function offsetOf(zone: string, ns: bigint): { seconds: number; name: string } {
  const fixed = /^fixed:([+-]\d+)$/.exec(zone)
  if (fixed) return { seconds: Number(fixed[1]), name: '' }
  if (zone === 'UTC') return { seconds: 0, name: 'UTC' }
  const ms = Number(ns / 1_000_000n)
  const part = (timeZoneName: 'longOffset' | 'short') =>
    new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName }).formatToParts(ms).find((p) => p.type === 'timeZoneName')
      ?.value ?? 'GMT'
  const m = /GMT([+-])(\d\d):(\d\d)(?::(\d\d))?/.exec(part('longOffset'))
  const seconds = m ? (m[1] === '-' ? -1 : 1) * (Number(m[2]) * 3600 + Number(m[3]) * 60 + Number(m[4] ?? 0)) : 0
  return { seconds, name: part('short').replace(/^GMT$/, 'GMT') }
}

/** The zone of a name as time.LoadLocation knows it; undefined where there is none. */
export function zoneOf(name: string): string | undefined {
  if (name === '' || name === 'UTC') return 'UTC'
  if (name === 'Local') return Intl.DateTimeFormat().resolvedOptions().timeZone
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone
  } catch {
    return undefined
  }
}

interface Civil {
  readonly date: Date
  readonly nanos: bigint
  readonly offset: number
  readonly zone: string
}

function civil(t: Instant): Civil {
  const { seconds, name } = offsetOf(t.zone, t.ns)
  const local = t.ns + BigInt(seconds) * SECOND
  const nanos = ((local % SECOND) + SECOND) % SECOND
  return { date: new Date(Number((local - nanos) / 1_000_000n)), nanos, offset: seconds, zone: name }
}

const two = (n: number) => String(n).padStart(2, '0')

function offsetText(seconds: number, style: string): string {
  if (style.startsWith('Z') && seconds === 0) return 'Z'
  const size = Math.abs(seconds)
  const separator = style.includes(':') ? ':' : ''
  let out = `${seconds < 0 ? '-' : '+'}${two(Math.floor(size / 3600))}`
  if (style.length > 3) out += separator + two(Math.floor(size / 60) % 60)
  if (style.length > 6) out += separator + two(size % 60)
  return out
}

const CHUNK =
  /January|Jan|Monday|Mon|MST|2006|__2|_2|02|002|01|03|04|05|06|15|PM|pm|Z070000|Z07:00:00|Z0700|Z07:00|Z07|-070000|-07:00:00|-0700|-07:00|-07|[.,]0+(?!\d)|[.,]9+(?!\d)|1|2|3|4|5/g

/** t.Format(layout). */
export function formatTime(t: Instant, layout: string): string {
  const c = civil(t)
  const { date } = c
  const hour = date.getUTCHours()
  const yearDay =
    Math.floor(
      (Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()) - Date.UTC(date.getUTCFullYear(), 0, 1)) /
        86_400_000,
    ) + 1
  return layout.replace(CHUNK, (chunk) => {
    switch (chunk) {
      case 'January':
        return MONTHS[date.getUTCMonth()] as string
      case 'Jan':
        return (MONTHS[date.getUTCMonth()] as string).slice(0, 3)
      case 'Monday':
        return DAYS[date.getUTCDay()] as string
      case 'Mon':
        return (DAYS[date.getUTCDay()] as string).slice(0, 3)
      case 'MST':
        return c.zone || offsetText(c.offset, '-0700')
      case '2006':
        return String(date.getUTCFullYear()).padStart(4, '0')
      case '06':
        return two(date.getUTCFullYear() % 100)
      case '01':
        return two(date.getUTCMonth() + 1)
      case '1':
        return String(date.getUTCMonth() + 1)
      case '02':
        return two(date.getUTCDate())
      case '_2':
        return String(date.getUTCDate()).padStart(2, ' ')
      case '2':
        return String(date.getUTCDate())
      case '002':
        return String(yearDay).padStart(3, '0')
      case '__2':
        return String(yearDay).padStart(3, ' ')
      case '15':
        return two(hour)
      case '03':
        return two(hour % 12 || 12)
      case '3':
        return String(hour % 12 || 12)
      case '04':
        return two(date.getUTCMinutes())
      case '4':
        return String(date.getUTCMinutes())
      case '05':
        return two(date.getUTCSeconds())
      case '5':
        return String(date.getUTCSeconds())
      case 'PM':
        return hour < 12 ? 'AM' : 'PM'
      case 'pm':
        return hour < 12 ? 'am' : 'pm'
      default:
    }
    if (chunk[0] === 'Z' || chunk[0] === '-') return offsetText(c.offset, chunk)
    return fraction(chunk, c.nanos)
  })
}

function fraction(chunk: string, nanos: bigint): string {
  const digits = nanos
    .toString()
    .padStart(9, '0')
    .slice(0, chunk.length - 1)
  const shown = chunk[1] === '9' ? digits.replace(/0+$/, '') : digits
  return shown === '' ? '' : (chunk[0] as string) + shown
}

const PARSERS: { readonly [chunk: string]: string } = {
  '2006': '(?<year>\\d{4})',
  '06': '(?<shortYear>\\d\\d)',
  '01': '(?<month>\\d\\d)',
  '1': '(?<month>\\d\\d?)',
  '02': '(?<day>\\d\\d)',
  '2': '(?<day>\\d\\d?)',
  _2: ' ?(?<day>\\d\\d?)',
  '002': '(?<yearDay>\\d{3})',
  '15': '(?<hour>\\d\\d)',
  '03': '(?<hour12>\\d\\d)',
  '3': '(?<hour12>\\d\\d?)',
  '04': '(?<minute>\\d\\d)',
  '4': '(?<minute>\\d\\d?)',
  '05': '(?<second>\\d\\d)(?<sub>[.,]\\d+)?',
  '5': '(?<second>\\d\\d?)(?<sub>[.,]\\d+)?',
  PM: '(?<half>AM|PM)',
  pm: '(?<half>am|pm)',
  January: `(?<monthName>${MONTHS.join('|')})`,
  Jan: `(?<monthName>${MONTHS.map((m) => m.slice(0, 3)).join('|')})`,
  Monday: `(?:${DAYS.join('|')})`,
  Mon: `(?:${DAYS.map((d) => d.slice(0, 3)).join('|')})`,
  MST: '(?<abbreviation>[A-Z]{3,5}|[+-]\\d\\d)',
}

/** time.ParseInLocation; undefined where the text does not fit the layout. */
export function parseTime(layout: string, text: string, zone: string): Instant | undefined {
  let pattern = ''
  let from = 0
  for (const m of layout.matchAll(CHUNK)) {
    pattern += escapeRegex(layout.slice(from, m.index))
    from = m.index + m[0].length
    if (m[0][0] === 'Z') pattern += '(?<offset>Z|[+-]\\d\\d:?(?:\\d\\d)?)'
    else if (m[0][0] === '-') pattern += '(?<offset>[+-]\\d\\d:?(?:\\d\\d)?)'
    else if (m[0][0] === '.' || m[0][0] === ',') pattern += '(?<sub2>[.,]\\d+)?'
    else pattern += PARSERS[m[0]] ?? escapeRegex(m[0])
  }
  let found: RegExpExecArray | null
  try {
    found = new RegExp(`^${pattern}${escapeRegex(layout.slice(from))}$`).exec(text)
  } catch {
    return undefined
  }
  return found ? instantOf(found.groups ?? {}, zone) : undefined
}

const escapeRegex = (s: string) => s.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')

function instantOf(g: { [name: string]: string | undefined }, zone: string): Instant | undefined {
  const shortYear = g.shortYear === undefined ? undefined : Number(g.shortYear) + (Number(g.shortYear) >= 69 ? 1900 : 2000)
  const year = g.year === undefined ? (shortYear ?? 0) : Number(g.year)
  const month = g.monthName ? MONTHS.findIndex((m) => m.startsWith(g.monthName as string)) + 1 : Number(g.month ?? 1)
  const day = g.yearDay ? Number(g.yearDay) : Number(g.day ?? 1)
  let hour = Number(g.hour ?? g.hour12 ?? 0)
  if (g.half) hour = (hour % 12) + (g.half.toLowerCase() === 'pm' ? 12 : 0)
  const [minute, second] = [Number(g.minute ?? 0), Number(g.second ?? 0)]
  if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59) return undefined
  const date = new Date(0)
  date.setUTCFullYear(year, g.yearDay ? 0 : month - 1, day)
  if (!g.yearDay && date.getUTCDate() !== day) return undefined
  date.setUTCHours(hour, minute, second)
  const sub = (g.sub ?? g.sub2 ?? '').slice(1, 10).padEnd(9, '0')
  const local = BigInt(date.getTime()) * 1_000_000n + BigInt(sub)
  if (g.offset === undefined) return { ns: local - BigInt(offsetOf(zone, local).seconds) * SECOND, zone }
  if (g.offset === 'Z') return { ns: local, zone: 'UTC' }
  const digits = g.offset.replace(/[+:-]/g, '').padEnd(4, '0')
  const seconds = (g.offset[0] === '-' ? -1 : 1) * (Number(digits.slice(0, 2)) * 3600 + Number(digits.slice(2)) * 60)
  return { ns: local - BigInt(seconds) * SECOND, zone: seconds === 0 ? 'UTC' : `fixed:${seconds < 0 ? '' : '+'}${seconds}` }
}

const instants = new WeakMap<GoStruct, Instant>()
/** The instant behind a template's time.Time. */
export const instantBehind = (v: Value): Instant | undefined => (v instanceof GoStruct ? instants.get(v) : undefined)

const text = (t: Instant) => formatTime(t, '2006-01-02 15:04:05.999999999 -0700 MST')

/** The instant as templates see it: time.Time with its methods. */
export function timeValue(t: Instant): GoStruct {
  const c = civil(t)
  const none = { params: [], variadic: false }
  const number = (n: number) => ({ ...none, call: () => int(n) })
  const other = (f: (o: Instant) => Value) => ({
    params: ['time'],
    variadic: false,
    call: (o: Value) => f(instantBehind(o) ?? { ns: ZERO_NS, zone: 'UTC' }),
  })
  const at = (ns: bigint, zone = t.zone) => timeValue({ ns, zone })
  const named = (n: number, type: string, names: readonly string[]) =>
    new Int(BigInt(n), 'int', type, { String: { ...none, call: () => names[type === 'time.Month' ? n - 1 : n] as string } })
  const methods: MethodTable = {
    Format: { params: ['string'], variadic: false, call: (layout: string) => formatTime(t, layout) },
    String: { ...none, call: () => text(t) },
    Unix: { ...none, call: () => new Int(floorDiv(t.ns, SECOND), 'int64') },
    UnixNano: { ...none, call: () => new Int(t.ns, 'int64') },
    UnixMilli: { ...none, call: () => new Int(floorDiv(t.ns, 1_000_000n), 'int64') },
    UTC: { ...none, call: () => at(t.ns, 'UTC') },
    Local: { ...none, call: () => at(t.ns, zoneOf('Local') ?? 'UTC') },
    Year: number(c.date.getUTCFullYear()),
    Month: { ...none, call: () => named(c.date.getUTCMonth() + 1, 'time.Month', MONTHS) },
    Weekday: { ...none, call: () => named(c.date.getUTCDay(), 'time.Weekday', DAYS) },
    Day: number(c.date.getUTCDate()),
    YearDay: number(Number(formatTime(t, '002'))),
    Hour: number(c.date.getUTCHours()),
    Minute: number(c.date.getUTCMinutes()),
    Second: number(c.date.getUTCSeconds()),
    Nanosecond: number(Number(c.nanos)),
    IsZero: { ...none, call: () => t.ns === ZERO_NS },
    AddDate: {
      params: ['int', 'int', 'int'],
      variadic: false,
      call: (years: Int, months: Int, days: Int) => {
        const d = new Date(c.date)
        d.setUTCFullYear(
          d.getUTCFullYear() + Number(years.v),
          d.getUTCMonth() + Number(months.v),
          d.getUTCDate() + Number(days.v),
        )
        return at(BigInt(d.getTime()) * 1_000_000n + c.nanos - BigInt(c.offset) * SECOND)
      },
    },
    Add: { params: ['time.Duration'], variadic: false, call: (d: Int) => at(t.ns + d.v) },
    Sub: other((o) => durationValue(t.ns - o.ns)),
    After: other((o) => t.ns > o.ns),
    Before: other((o) => t.ns < o.ns),
    Equal: other((o) => t.ns === o.ns),
  }
  const made = new GoStruct(
    'time.Time',
    new Map(),
    methods,
    () => text(t),
    () => formatTime(t, '2006-01-02T15:04:05.999999999Z07:00'),
  )
  instants.set(made, t)
  return made
}

export const floorDiv = (a: bigint, b: bigint): bigint => (a < 0n && a % b !== 0n ? a / b - 1n : a / b)
