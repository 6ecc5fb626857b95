// The times in a release's record, shown by Go's layouts.
import { formatTime, type Instant, ZERO_NS } from '../functions/dates/time.ts'

export const ANSIC = 'Mon Jan _2 15:04:05 2006'
/** time.Time's own text. */
export const TIME_STRING = '2006-01-02 15:04:05.999999999 -0700 MST'
export const RFC3339 = '2006-01-02T15:04:05Z07:00'
/** As Go's JSON has times. */
export const RFC3339_NANO = '2006-01-02T15:04:05.999999999Z07:00'

const PATTERN = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))$/

/** The instant in its own zone; undefined for Go's zero time, and for what is no time. */
export function instantOf(text: string | undefined): Instant | undefined {
  const m = PATTERN.exec(text ?? '')
  if (!m) return undefined
  const seconds = (Number(m[4] ?? 0) * 60 + Number(m[5] ?? 0)) * 60 * (m[3] === '-' ? -1 : 1)
  const local = BigInt(Date.parse(`${m[1]}Z`)) * 1_000_000n + BigInt((m[2] ?? '').padEnd(9, '0'))
  const ns = local - BigInt(seconds) * 1_000_000_000n
  if (ns === ZERO_NS) return undefined
  return { ns, zone: m[3] === undefined ? 'UTC' : `fixed:${m[3]}${Math.abs(seconds)}` }
}

/** `text` by a layout of Go's; undefined where a record has no time. */
export function shownTime(text: string | undefined, layout: string): string | undefined {
  const at = instantOf(text)
  return at && formatTime(at, layout)
}
