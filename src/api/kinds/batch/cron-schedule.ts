import { DurationError, parseDuration } from '../../../apimachinery/duration.ts'
import { quote } from '../../../apimachinery/go-quote.ts'
import { isTimeZone } from './time-zone.ts'

interface Bounds {
  readonly min: number
  readonly max: number
  readonly names?: readonly string[]
}

const bounds: readonly Bounds[] = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: ['', 'jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'] },
  { min: 0, max: 6, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
]
const descriptors = new Set(['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly'])
const integer = /^[+-]?[0-9]+$/

class Problem extends Error {}

function parseInteger(text: string): number {
  if (!integer.test(text)) {
    throw new Problem(`failed to parse int from ${text}: strconv.Atoi: parsing ${quote(text)}: invalid syntax`)
  }
  const n = Number(text)
  if (Math.abs(n) >= 2 ** 63) {
    throw new Problem(`failed to parse int from ${text}: strconv.Atoi: parsing ${quote(text)}: value out of range`)
  }
  if (n < 0) throw new Problem(`negative number (${n}) not allowed: ${text}`)
  return n
}

function parseName(text: string, names: readonly string[] = []): number {
  const named = text === '' ? -1 : names.indexOf(text.toLowerCase())
  return named >= 0 ? named : parseInteger(text)
}

function checkRange(text: string, { min, max, names }: Bounds): void {
  const [range = '', ...steps] = text.split('/')
  const ends = range.split('-')
  const isStar = ends[0] === '*' || ends[0] === '?'
  if (!isStar && ends.length > 2) {
    parseName(ends[0] ?? '', names)
    throw new Problem(`too many hyphens: ${text}`)
  }
  const start = isStar ? min : parseName(ends[0] ?? '', names)
  let end = isStar ? max : ends.length === 2 ? parseName(ends[1] ?? '', names) : start
  if (steps.length > 1) throw new Problem(`too many slashes: ${text}`)
  const step = steps.length === 0 ? 1 : parseInteger(steps[0] ?? '')
  if (steps.length === 1 && ends.length === 1) end = max
  if (start < min) throw new Problem(`beginning of range (${start}) below minimum (${min}): ${text}`)
  if (end > max) throw new Problem(`end of range (${end}) above maximum (${max}): ${text}`)
  if (start > end) throw new Problem(`beginning of range (${start}) beyond end of range (${end}): ${text}`)
  if (step === 0) throw new Problem(`step of range should be a positive number: ${text}`)
}

function checkDescriptor(text: string): void {
  if (descriptors.has(text)) return
  if (!text.startsWith('@every ')) throw new Problem(`unrecognized descriptor: ${text}`)
  try {
    parseDuration(text.slice('@every '.length))
  } catch (error) {
    if (error instanceof DurationError) throw new Problem(`failed to parse duration ${text}: ${error.message}`)
    throw error
  }
}

function check(schedule: string): void {
  let text = schedule
  const zone = /^(?:CRON_)?TZ=/.exec(text)
  if (zone) {
    const space = text.indexOf(' ')
    if (space < 0) {
      throw new Problem(`invalid schedule format: runtime error: slice bounds out of range [:-1]`)
    }
    const name = text.slice(zone[0].length, space)
    if (name !== '' && !isTimeZone(name)) throw new Problem(`provided bad location ${name}: unknown time zone ${name}`)
    text = text.slice(space).trim()
  }
  if (text.startsWith('@')) {
    checkDescriptor(text)
    return
  }
  const fields = text.trim() === '' ? [] : text.trim().split(/\s+/)
  if (fields.length !== 5) throw new Problem(`expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`)
  for (const [i, field] of fields.entries()) {
    for (const part of field.split(',')) if (part !== '') checkRange(part, bounds[i] as Bounds)
  }
}

/** What is wrong with a cron schedule, in the words of robfig/cron. */
export function scheduleProblem(schedule: string): string | undefined {
  try {
    check(schedule)
    return undefined
  } catch (error) {
    if (error instanceof Problem) return error.message
    throw error
  }
}
