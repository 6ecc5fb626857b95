import type { KubeObject } from '../../apimachinery/object.ts'
import { sameJson, sameJsonSteps } from '../../apimachinery/same-json.ts'
import type { Steps } from '../../apimachinery/steps.ts'

/** Whether a write would change nothing: the times in managedFields and the resourceVersion do not count. */
export function sameButTimes(next: KubeObject, live: KubeObject): boolean {
  for (const [now, before] of pairsOf(next, live)) if (!sameJson(now, before)) return false
  return true
}

/** As `sameButTimes`, in steps. */
export function* sameButTimesSteps(next: KubeObject, live: KubeObject): Steps<boolean> {
  for (const [now, before] of pairsOf(next, live)) if (!(yield* sameJsonSteps(now, before))) return false
  return true
}

/** What has to be the same, each made when what is before it was. */
function* pairsOf(next: KubeObject, live: KubeObject): Iterable<readonly [unknown, unknown]> {
  const { managedFields: now = [], resourceVersion: _, ...meta } = next.metadata
  const { managedFields: before = [], resourceVersion: __, ...liveMeta } = live.metadata
  yield [now.length, before.length]
  yield [meta, liveMeta]
  const { metadata: ___, ...rest } = next as unknown as Record<string, unknown>
  const { metadata: ____, ...liveRest } = live as unknown as Record<string, unknown>
  yield [rest, liveRest]
  for (const [i, entry] of now.entries())
    yield [
      { ...entry, time: '' },
      { ...before[i], time: '' },
    ]
}
