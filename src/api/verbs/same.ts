import type { KubeObject } from '../../apimachinery/object.ts'
import { sameJson, sameJsonSteps } from '../../apimachinery/same-json.ts'
import type { Steps } from '../../apimachinery/steps.ts'

/** Whether a write would change nothing: the times in managedFields and the resourceVersion do not count. */
export const sameButTimes = (next: KubeObject, live: KubeObject): boolean =>
  pairsOf(next, live)?.every(([now, before]) => sameJson(now, before)) ?? false

/** As `sameButTimes`, in steps. */
export function* sameButTimesSteps(next: KubeObject, live: KubeObject): Steps<boolean> {
  const pairs = pairsOf(next, live)
  if (!pairs) return false
  for (const [now, before] of pairs) if (!(yield* sameJsonSteps(now, before))) return false
  return true
}

/** What has to be the same; undefined: they differ in how many manage them. */
function pairsOf(next: KubeObject, live: KubeObject): (readonly [unknown, unknown])[] | undefined {
  const { managedFields: now = [], resourceVersion: _, ...meta } = next.metadata
  const { managedFields: before = [], resourceVersion: __, ...liveMeta } = live.metadata
  if (now.length !== before.length) return undefined
  const { metadata: ___, ...rest } = next as unknown as Record<string, unknown>
  const { metadata: ____, ...liveRest } = live as unknown as Record<string, unknown>
  const entries = now.map(
    (entry, i) =>
      [
        { ...entry, time: '' },
        { ...before[i], time: '' },
      ] as const,
  )
  return [[meta, liveMeta], [rest, liveRest], ...entries]
}
