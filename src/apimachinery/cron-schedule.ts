// Cron schedules (five fields, names, @daily and the like, @every) in any time zone. Pure.

/** Says why a text is no schedule. */
export class ScheduleError extends Error {}

/** When something is due. */
export interface Schedule {
  /** The first time after `after` (milliseconds since 1970); undefined when there is none within five years. */
  next(after: number): number | undefined
}

const macros: Record<string, string> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}
const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const minuteMs = 60_000
const dayMs = 86_400_000

interface Field {
  readonly values: ReadonlySet<number>
  readonly isStar: boolean
}

function field(text: string, least: number, most: number, names: readonly string[] = [], firstName = 0): Field {
  const values = new Set<number>()
  const numberOf = (s: string): number => {
    const named = names.indexOf(s.toLowerCase())
    const n = named >= 0 ? named + firstName : /^\d+$/.test(s) ? Number(s) : Number.NaN
    if (!(n >= least && n <= most)) throw new ScheduleError(`"${s}" is not between ${least} and ${most}`)
    return n
  }
  for (const part of text.split(',')) {
    const [range = '', step] = part.split('/')
    const size = step === undefined ? 1 : Number(step)
    if (!Number.isInteger(size) || size < 1 || part.split('/').length > 2) throw new ScheduleError(`bad step in "${part}"`)
    const [from, to] = range === '*' || range === '?' ? [least, most] : range.split('-').map(numberOf)
    const first = from ?? least
    const last = range === '*' || range === '?' ? most : (to ?? (step === undefined ? first : most))
    if (last < first) throw new ScheduleError(`range "${range}" ends before it begins`)
    for (let i = first; i <= last; i += size) values.add(i)
  }
  return { values, isStar: /^[*?]/.test(text) }
}

/** Reads a schedule. Throws ScheduleError. `timeZone`: an IANA name; UTC when absent. */
export function parseSchedule(text: string, timeZone = 'UTC'): Schedule {
  const every = /^@every (\d+(?:\.\d+)?)(s|m|h)$/.exec(text.trim())
  if (every) {
    const interval = Math.max(1000, Number(every[1]) * { s: 1000, m: minuteMs, h: 60 * minuteMs }[every[2] as 's' | 'm' | 'h'])
    return { next: (after) => Math.floor(after / 1000) * 1000 + interval }
  }
  const parts = (macros[text.trim()] ?? text).trim().split(/\s+/)
  if (parts.length !== 5) throw new ScheduleError(`"${text}": expected exactly 5 fields, found ${parts.length}`)
  const [minute, hour, day, month, weekday] = parts as [string, string, string, string, string]
  const weekdays = field(weekday, 0, 7, days)
  const fields = {
    minutes: [...field(minute, 0, 59).values].sort((a, b) => a - b),
    hours: [...field(hour, 0, 23).values].sort((a, b) => a - b),
    days: field(day, 1, 31),
    months: field(month, 1, 12, months, 1),
    weekdays: { ...weekdays, values: new Set([...weekdays.values].map((d) => d % 7)) },
  }
  const zone = zoneOf(timeZone)
  return { next: (after) => nextIn(fields, zone, after) }
}

interface Fields {
  readonly minutes: readonly number[]
  readonly hours: readonly number[]
  readonly days: Field
  readonly months: Field
  readonly weekdays: Field
}

/** Day of month and day of week: either, unless one of them is `*`. */
function isDay({ days: d, months: m, weekdays: w }: Fields, wall: Date): boolean {
  if (!m.values.has(wall.getUTCMonth() + 1)) return false
  const [byDate, byWeek] = [d.values.has(wall.getUTCDate()), w.values.has(wall.getUTCDay())]
  return d.isStar || w.isStar ? byDate && byWeek : byDate || byWeek
}

/** Wall time as if it were UTC: plain arithmetic, whatever the zone. */
interface Zone {
  toWall(utc: number): number
  /** Undefined for a wall time that the clocks skip. */
  toUtc(wall: number): number | undefined
}

function zoneOf(timeZone: string): Zone {
  if (timeZone === 'UTC' || timeZone === 'Etc/UTC') return { toWall: (t) => t, toUtc: (t) => t }
  let format: Intl.DateTimeFormat
  try {
    const numeric = 'numeric' as const
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: numeric,
      month: numeric,
      day: numeric,
      hour: numeric,
      minute: numeric,
    })
  } catch {
    throw new ScheduleError(`unknown time zone ${timeZone}`)
  }
  const toWall = (utc: number): number => {
    const part = Object.fromEntries(format.formatToParts(utc).map((p) => [p.type, Number(p.value)]))
    return Date.UTC(part.year ?? 0, (part.month ?? 1) - 1, part.day, part.hour, part.minute)
  }
  return {
    toWall,
    toUtc(wall) {
      // The offset now and a day before cover every change of the clocks.
      const guesses = [wall, wall - dayMs, wall + dayMs].map((t) => wall - (toWall(t) - Math.floor(t / minuteMs) * minuteMs))
      const found = guesses.filter((utc) => toWall(utc) === wall)
      return found.length > 0 ? Math.min(...found) : undefined
    },
  }
}

function nextIn(fields: Fields, zone: Zone, after: number): number | undefined {
  const from = zone.toWall(after)
  const firstDay = Math.floor(from / dayMs) * dayMs
  for (let day = firstDay; day < firstDay + 5 * 366 * dayMs; day += dayMs) {
    if (!isDay(fields, new Date(day))) continue
    for (const hour of fields.hours)
      for (const minute of fields.minutes) {
        const wall = day + (hour * 60 + minute) * minuteMs
        // An hour's slack: when clocks go back, a later time has an earlier wall time.
        if (wall <= from - 60 * minuteMs) continue
        const utc = zone.toUtc(wall)
        if (utc !== undefined && utc > after) return utc
      }
  }
  return undefined
}

/** The last time in (`since`, `until`]; undefined when there is none. */
export function lastBetween(schedule: Schedule, since: number, until: number): number | undefined {
  // Ever longer looks back: the first with a hit has few.
  for (const window of [2 * 60 * minuteMs, 2 * dayMs, 62 * dayMs, 5 * 366 * dayMs]) {
    const start = Math.max(since, until - window)
    let last: number | undefined
    for (let t = schedule.next(start); t !== undefined && t <= until; t = schedule.next(t)) last = t
    if (last !== undefined || start === since) return last
  }
  return undefined
}
