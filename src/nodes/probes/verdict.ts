import type { Probe } from '../../apimachinery/kinds.generated.ts'

/** How often the last answer came in a row. */
export interface Streak {
  readonly ok: boolean
  readonly length: number
}

export const defaults = { periodSeconds: 10, timeoutSeconds: 1, failureThreshold: 3, successThreshold: 1 }

/** Adds one answer; the verdict is undefined while its threshold is not reached. Pure. */
export function judge(before: Streak | undefined, ok: boolean, probe: Probe): { streak: Streak; verdict: boolean | undefined } {
  const streak = { ok, length: before?.ok === ok ? before.length + 1 : 1 }
  const threshold = ok
    ? (probe.successThreshold ?? defaults.successThreshold)
    : (probe.failureThreshold ?? defaults.failureThreshold)
  return { streak, verdict: streak.length >= threshold ? ok : undefined }
}
