import type { Clock } from '../apimachinery/clock.ts'
import { jsonText } from '../apimachinery/json.ts'
import { type Duration, milliseconds } from '../operators/duration.ts'
import type { VirtualClock } from './virtual-clock.ts'

/** How long a state is waited for, and what it is called. */
export interface EventuallyOptions {
  /** By the test's clock; default 10 s. Virtual time moves on by itself while nothing else happens. */
  readonly within?: Duration
  /** What is waited for; told when it does not come. */
  readonly what?: string
}

const isVirtual = (clock: Clock): clock is VirtualClock => 'advance' in clock

/** Turns of the event loop, without anything seen, after which virtual time moves on to what falls due next. */
const patience = 20

/**
 * Resolves with what `look` gives, as soon as that is neither undefined nor false; errors of `look` count as not yet.
 * Throws after `within`, with the last error and `explain()`.
 */
export async function eventually<R>(
  clock: Clock,
  look: () => R | Promise<R>,
  options: EventuallyOptions = {},
  explain: () => string = () => '',
): Promise<Exclude<R, undefined | false>> {
  const { within = '10s', what = String(look) } = options
  const deadline = clock.now() + milliseconds(within)
  let last: unknown
  for (let turns = 1; ; turns++) {
    try {
      const found = await look()
      last = found
      if (found !== undefined && found !== false) return found as Exclude<R, undefined | false>
    } catch (error) {
      last = error
    }
    if (clock.now() >= deadline) break
    if (!isVirtual(clock)) await new Promise((resolve) => setTimeout(resolve, turns < 50 ? 1 : 10))
    else if (turns % patience === 0)
      await clock.advance(Math.min(clock.next() ?? Number.POSITIVE_INFINITY, deadline - clock.now()))
    else await new Promise((resolve) => setImmediate(resolve))
  }
  const saw = last instanceof Error ? last.message : jsonText(last)
  throw new Error(`not within ${within}: ${what}; the last look gave ${saw}\n${explain()}`)
}
