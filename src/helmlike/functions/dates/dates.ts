// Sprig's and Helm's date and duration functions.

import { quote, timeQuote } from '../../../apimachinery/go-quote.ts'
import { formatFloat } from '../../gotemplate/float.ts'
import { formatValue } from '../../gotemplate/format.ts'
import type { Implementation } from '../../gotemplate/function-table.ts'
import { parseGoFloat } from '../../gotemplate/number.ts'
import { FunctionError } from '../../gotemplate/run.ts'
import { Int, int64, typeName, type Value } from '../../gotemplate/value.ts'
import type { HostRun } from '../host.ts'
import { durationProblem, durationText, durationValue, parseDuration, roundDuration, SECOND } from './duration.ts'
import { floorDiv, formatTime, type Instant, instantBehind, parseTime, timeValue, ZERO_NS, zoneOf } from './time.ts'

const local = () => zoneOf('Local') ?? 'UTC'
const present = (run: HostRun): Instant => ({ ns: BigInt(run.shared.host.now().getTime()) * 1_000_000n, zone: local() })

/** The instant a date argument means: a time, seconds since 1970, else now. */
function instant(run: HostRun, v: Value): Instant {
  const time = instantBehind(v)
  if (time) return time
  if (v instanceof Int && (v.type === 'int' || v.type === 'int64' || v.type === 'int32'))
    return { ns: v.v * SECOND, zone: local() }
  return present(run)
}

const inZone = (run: HostRun, layout: string, date: Value, zone: string) =>
  formatTime({ ns: instant(run, date).ns, zone: zoneOf(zone) ?? 'UTC' }, layout)

function modify(amount: string, date: Value, must: boolean): Value {
  const t = instantBehind(date) as Instant
  const d = parseDuration(amount)
  if (d === undefined) {
    if (must) throw new FunctionError(durationProblem(amount))
    return date
  }
  return timeValue({ ns: t.ns + d, zone: t.zone })
}

function toDate(layout: string, text: string, must: boolean): Value {
  const t = parseTime(layout, text, local())
  if (t) return timeValue(t)
  if (must)
    throw new FunctionError(
      `parsing time ${timeQuote(text)} as ${timeQuote(layout)}: cannot parse ${timeQuote(text)} as ${timeQuote(layout)}`,
    )
  return timeValue({ ns: ZERO_NS, zone: 'UTC' })
}

function duration(v: Value): Value {
  const seconds =
    v instanceof Int && v.type === 'int64' ? v.v : typeof v === 'string' && /^[+-]?\d+$/.test(v) ? BigInt(v.replace('+', '')) : 0n
  return durationText(seconds * SECOND)
}

const ROUND_UNITS: readonly (readonly [string, bigint])[] = [
  ['y', 365n * 86400n * SECOND],
  ['mo', 30n * 86400n * SECOND],
  ['d', 86400n * SECOND],
  ['h', 3600n * SECOND],
  ['m', 60n * SECOND],
  ['s', SECOND],
]

function durationRound(run: HostRun, v: Value): Value {
  const time = instantBehind(v)
  let d = 0n
  if (typeof v === 'string') d = parseDuration(v) ?? 0n
  else if (v instanceof Int && v.type === 'int64') d = v.v
  else if (time) d = present(run).ns - time.ns
  const size = d < 0n ? -d : d
  const unit = ROUND_UNITS.find(([, ns]) => size > ns)
  return unit ? `${size / unit[1]}${unit[0]}` : '0s'
}

/** Helm's asDuration: seconds of a number, or a text such as 1h30m. Throws FunctionError. */
function asDuration(v: Value): bigint {
  if (v instanceof Int) return v.type === 'time.Duration' ? v.v : checkedSeconds(v.v)
  if (typeof v === 'number') return floatSeconds(v)
  if (v === null || v === undefined) throw new FunctionError('invalid duration')
  if (typeof v !== 'string') throw new FunctionError(`unsupported duration type ${typeName(v)}`)
  const s = v.trim()
  if (s === '') throw new FunctionError('empty duration')
  const d = parseDuration(s)
  if (d !== undefined) return d
  const n = parseGoFloat(s)
  if (n === undefined) throw new FunctionError(`could not parse duration ${quote(v)}`)
  return floatSeconds(n)
}

const MAX_SECONDS = (2n ** 63n - 1n) / SECOND

function checkedSeconds(seconds: bigint): bigint {
  if (seconds > MAX_SECONDS || seconds < -MAX_SECONDS) throw new FunctionError(`duration seconds overflow: ${seconds}`)
  return seconds * SECOND
}

function floatSeconds(seconds: number): bigint {
  if (!Number.isFinite(seconds)) throw new FunctionError(`invalid duration seconds: ${formatFloat(seconds, 'g')}`)
  if (Math.abs(seconds) > Number(MAX_SECONDS)) throw new FunctionError(`duration seconds overflow: ${formatFloat(seconds, 'g')}`)
  return BigInt(Math.trunc(seconds * 1e9))
}

/** `f` of the duration, or `otherwise` where the value is none. */
function measured(f: (ns: bigint) => Value, otherwise: Value) {
  return (v: Value): Value => {
    try {
      return f(asDuration(v))
    } catch (e) {
      if (e instanceof FunctionError) return otherwise
      throw e
    }
  }
}

function adjusted(adjust: (d: bigint, m: bigint) => bigint) {
  return (v: Value, multiple: Value): Value => {
    try {
      const d = asDuration(v)
      try {
        return durationValue(adjust(d, asDuration(multiple)))
      } catch (e) {
        if (e instanceof FunctionError) return durationValue(d)
        throw e
      }
    } catch (e) {
      if (e instanceof FunctionError) return durationValue(0n)
      throw e
    }
  }
}

const hours = (ns: bigint) => Number(ns) / 3.6e12

export const dates: { readonly [name: string]: Implementation } = {
  now: (run: HostRun) => timeValue(present(run)),
  ago: (run: HostRun, date: Value) => durationText(roundDuration(present(run).ns - instant(run, date).ns, SECOND)),
  date: (run: HostRun, layout: string, date: Value) => inZone(run, layout, date, 'Local'),
  dateInZone: inZone,
  date_in_zone: inZone,
  dateModify: (amount: string, date: Value) => modify(amount, date, false),
  date_modify: (amount: string, date: Value) => modify(amount, date, false),
  mustDateModify: (amount: string, date: Value) => modify(amount, date, true),
  must_date_modify: (amount: string, date: Value) => modify(amount, date, true),
  htmlDate: (run: HostRun, date: Value) => inZone(run, '2006-01-02', date, 'Local'),
  htmlDateInZone: (run: HostRun, date: Value, zone: string) => inZone(run, '2006-01-02', date, zone),
  duration,
  durationRound,
  toDate: (layout: string, text: string) => toDate(layout, text, false),
  mustToDate: (layout: string, text: string) => toDate(layout, text, true),
  unixEpoch: (date: Value) => formatValue(int64(floorDiv((instantBehind(date) as Instant).ns, SECOND))),
  mustToDuration: (v: Value) => durationValue(asDuration(v)),
  durationSeconds: measured((ns) => Number(ns) / 1e9, 0),
  durationMilliseconds: measured((ns) => int64(ns / 1_000_000n), int64(0)),
  durationMicroseconds: measured((ns) => int64(ns / 1000n), int64(0)),
  durationNanoseconds: measured((ns) => int64(ns), int64(0)),
  durationMinutes: measured((ns) => Number(ns) / 6e10, 0),
  durationHours: measured(hours, 0),
  durationDays: measured((ns) => hours(ns) / 24, 0),
  durationWeeks: measured((ns) => hours(ns) / 24 / 7, 0),
  durationRoundTo: adjusted(roundDuration),
  durationTruncateTo: adjusted((d, m) => (m <= 0n ? d : d - (d % m))),
}
