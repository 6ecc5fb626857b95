import type { Clock } from '../apimachinery/clock.ts'

/** A clock that moves only when told to: tests of hours run in milliseconds. */
export interface VirtualClock extends Clock {
  /** Moves on by `ms`, running what falls due in order; lets promises settle in between. */
  advance(ms: number): Promise<void>
  /** How many timers are waiting. */
  pending(): number
  /** Milliseconds until the next timer; undefined when none waits. */
  next(): number | undefined
}

const settle = () => new Promise<void>((resolve) => setImmediate(resolve))

/** A clock that stands at `startMs` (milliseconds since 1970) until it is moved on. */
export function createVirtualClock(startMs = Date.UTC(2026, 0, 1)): VirtualClock {
  let now = startMs
  let sequence = 0
  const timers = new Map<number, { at: number; run: () => void }>()
  const nextDue = (until: number) => {
    let due: [number, { at: number; run: () => void }] | undefined
    for (const entry of timers) if (entry[1].at <= until && (!due || entry[1].at < due[1].at)) due = entry
    return due
  }
  return {
    now: () => now,
    after(ms, run) {
      const id = sequence++
      timers.set(id, { at: now + Math.max(0, ms), run })
      return () => timers.delete(id)
    },
    async advance(ms) {
      const until = now + ms
      await settle()
      for (let due = nextDue(until); due; due = nextDue(until)) {
        now = Math.max(now, due[1].at)
        timers.delete(due[0])
        due[1].run()
        await settle()
      }
      now = until
      await settle()
    },
    pending: () => timers.size,
    next() {
      const due = nextDue(Number.POSITIVE_INFINITY)
      return due && Math.max(0, due[1].at - now)
    },
  }
}
