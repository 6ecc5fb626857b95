import { actualSize } from '../cost-estimate.ts'
import { multiply, STRING_TRAVERSAL, scale } from '../cost-range.ts'
import type { Library, Overload } from '../environment.ts'
import { STANDARD_MACROS } from '../macros.ts'
import { BOOL, BYTES, DURATION, INT, listOf, mapOf, STRING, TIMESTAMP } from '../types.ts'
import type { CelDuration, CelTimestamp, Value } from '../values.ts'
import { matching, traversal } from './costs.ts'
import { matchesPattern } from './patterns.ts'
import { A, B, method, overload } from './signature.ts'
import { localTime } from './time-text.ts'

const sizes = (name: string, type: typeof STRING): Overload[] => [
  overload(`size_${name}`, [type], INT, actualSize),
  method(`${name}_size`, [type], INT, actualSize),
]

/** `t.getHours()` and `t.getHours('Europe/Berlin')`. */
function timestampGetters(name: string, get: (local: Date) => number): Overload[] {
  return [
    method(`timestamp_to_${name}`, [TIMESTAMP], INT, (time: CelTimestamp) => get(localTime(time, undefined))),
    method(`timestamp_to_${name}_with_tz`, [TIMESTAMP, STRING], INT, (time: CelTimestamp, zone: string) =>
      get(localTime(time, zone)),
    ),
  ]
}

const durationGetter = (name: string, nanos: bigint): Overload =>
  method(`duration_to_${name}`, [DURATION], INT, (duration: CelDuration) => Number(duration.nanos / nanos))

function dayOfYear(date: Date): number {
  const start = new Date(0)
  start.setUTCFullYear(date.getUTCFullYear(), 0, 1)
  return Math.floor((date.getTime() - start.getTime()) / 86_400_000)
}

const containment: Pick<Overload, 'cost' | 'estimate'> = {
  cost: (args) => args.reduce((product: number, arg: Value) => product * Math.ceil(actualSize(arg) * STRING_TRAVERSAL), 1),
  estimate: (operands, known) => {
    const [text, part] = operands.map((operand) => scale(known.of(operand), STRING_TRAVERSAL))
    return text && part && { cost: multiply(text, part) }
  },
}

/** The functions of the language's own definition, beside operators and conversions. */
export const standard: Library = {
  macros: STANDARD_MACROS,
  functions: {
    size: [...sizes('bytes', BYTES), ...sizes('list', listOf(A)), ...sizes('map', mapOf(A, B)), ...sizes('string', STRING)],
    contains: [
      method('contains_string', [STRING, STRING], BOOL, (text: string, part: string) => text.includes(part), containment),
    ],
    endsWith: [
      method('ends_with_string', [STRING, STRING], BOOL, (text: string, end: string) => text.endsWith(end), {
        cost: traversal(0).cost,
        estimate: traversal(1).estimate,
      }),
    ],
    startsWith: [
      method('starts_with_string', [STRING, STRING], BOOL, (text: string, start: string) => text.startsWith(start), {
        cost: traversal(0).cost,
        estimate: traversal(1).estimate,
      }),
    ],
    matches: [
      overload('matches', [STRING, STRING], BOOL, matchesPattern),
      method('matches_string', [STRING, STRING], BOOL, matchesPattern, matching(0, 1)),
    ],
    getFullYear: timestampGetters('year', (date) => date.getUTCFullYear()),
    getMonth: timestampGetters('month', (date) => date.getUTCMonth()),
    getDayOfYear: timestampGetters('day_of_year', dayOfYear),
    getDayOfMonth: timestampGetters('day_of_month', (date) => date.getUTCDate() - 1),
    getDate: timestampGetters('day_of_month_1_based', (date) => date.getUTCDate()),
    getDayOfWeek: timestampGetters('day_of_week', (date) => date.getUTCDay()),
    getHours: [...timestampGetters('hours', (date) => date.getUTCHours()), durationGetter('hours', 3_600_000_000_000n)],
    getMinutes: [...timestampGetters('minutes', (date) => date.getUTCMinutes()), durationGetter('minutes', 60_000_000_000n)],
    getSeconds: [...timestampGetters('seconds', (date) => date.getUTCSeconds()), durationGetter('seconds', 1_000_000_000n)],
    getMilliseconds: [
      method('timestamp_to_milliseconds', [TIMESTAMP], INT, (time: CelTimestamp) => Math.floor(time.nanos / 1e6)),
      method('timestamp_to_milliseconds_with_tz', [TIMESTAMP, STRING], INT, (time: CelTimestamp) => Math.floor(time.nanos / 1e6)),
      durationGetter('milliseconds', 1_000_000n),
    ],
  },
}
