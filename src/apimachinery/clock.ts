/** Time as a parameter: the system's, or a virtual one in tests. All times are milliseconds since 1970. */
export interface Clock {
  now(): number
  /** Calls `run` once after `ms` (≥ 0). Returns the cancel, which may be called more than once. */
  after(ms: number, run: () => void): () => void
}

/** setTimeout fires at once for delays past this; later deadlines are reached in steps. */
const longestTimer = 2 ** 31 - 1

/** The time of this machine. */
export const systemClock: Clock = {
  now: Date.now,
  after(ms, run) {
    let timer: NodeJS.Timeout
    const arm = (left: number) => {
      const step = Math.min(left, longestTimer)
      timer = setTimeout(() => (left > step ? arm(left - step) : run()), step)
    }
    arm(Math.max(0, ms))
    return () => clearTimeout(timer)
  },
}

/** Asked for once: it is a getter that takes longer than the time itself. */
const origin = performance.timeOrigin

/** The system's time with parts of milliseconds. */
export const preciseClock: Clock = { now: () => origin + performance.now(), after: systemClock.after }

/**
 * How long until the next beat of `everyMs`, which all that act so often share: a machine that idles is then woken once for all of them.
 * A beat that is less than a tenth away is left out, since timers may fire a little early.
 */
export function untilBeat(clock: Pick<Clock, 'now'>, everyMs: number): number {
  const left = everyMs - (clock.now() % everyMs)
  return left < everyMs / 10 ? left + everyMs : left
}

/** Resolves after `ms`, or as soon as `signal` aborts (never rejects). */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const end = () => {
      cancel()
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const cancel = clock.after(ms, end)
    signal?.addEventListener('abort', end, { once: true })
  })
}

/** The second that was written last: objects are written many times a second. */
let lastSecond: number | undefined
let lastText = ''

/** meta/v1 Time: RFC 3339 in UTC, whole seconds. */
export function timeText(ms: number): string {
  const second = Math.floor(ms / 1000)
  if (second !== lastSecond) {
    lastText = `${new Date(ms).toISOString().slice(0, 19)}Z`
    lastSecond = second
  }
  return lastText
}

/** meta/v1 MicroTime: RFC 3339 in UTC with six decimals. */
export const microTimeText = (ms: number): string => {
  const micros = Math.floor((ms % 1) * 1000)
  return `${new Date(ms).toISOString().slice(0, 23)}${String(micros).padStart(3, '0')}Z`
}
