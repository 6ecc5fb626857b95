import { lastBetween, type Schedule } from 'slipway/operators'
import type { Batch } from './operator.ts'

export interface Run {
  readonly name: string
  /** The time it was scheduled for. Milliseconds since 1970. */
  readonly at: number
  readonly state: 'running' | 'succeeded' | 'failed'
}

export interface Decision {
  /** The scheduled time of a run to begin now. */
  readonly start?: number
  /** The last scheduled time that needs nothing any more. */
  readonly handled?: number
  /** A run was due and left out. */
  readonly skipped: boolean
  /** Names of the runs that stay. */
  readonly keep: ReadonlySet<string>
  /** When to look again. */
  readonly next: number | undefined
}

/** What to do now, when all scheduled times up to `since` are done with. Of several missed times only the last counts. */
export function decide(spec: Batch['spec'], schedule: Schedule, runs: readonly Run[], since: number, now: number): Decision {
  const running = runs.filter((run) => run.state === 'running')
  const kept = [...running, ...newest(runs, 'succeeded', spec.keep.succeeded), ...newest(runs, 'failed', spec.keep.failed)]
  const keep = new Set(kept.map((run) => run.name))
  if (spec.suspended) return { skipped: false, keep, next: undefined }
  const due = lastBetween(schedule, since, now)
  const next = schedule.next(Math.max(due ?? since, since))
  if (due === undefined) return { skipped: false, keep, next }
  // Begun, and the status that says so was not written.
  if (runs.some((run) => run.at === due)) return { handled: due, skipped: false, keep, next }
  if (spec.overlap === 'forbid' && running.length > 0) return { handled: due, skipped: true, keep, next }
  if (spec.overlap === 'replace') for (const run of running) keep.delete(run.name)
  return { start: due, handled: due, skipped: false, keep, next }
}

const newest = (runs: readonly Run[], state: Run['state'], count: number): Run[] =>
  runs
    .filter((run) => run.state === state)
    .sort((a, b) => b.at - a.at)
    .slice(0, count)
