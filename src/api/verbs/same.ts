import type { KubeObject } from '../../apimachinery/object.ts'
import { sameJsonSteps } from '../../apimachinery/same-json.ts'
import type { Steps } from '../../apimachinery/steps.ts'

/** Whether a write would change nothing: the times in managedFields and the resourceVersion do not count. */
export function* sameButTimes(next: KubeObject, live: KubeObject): Steps<boolean> {
  const { managedFields: now = [], resourceVersion: _, ...meta } = next.metadata
  const { managedFields: before = [], resourceVersion: __, ...liveMeta } = live.metadata
  if (now.length !== before.length) return false
  const { metadata: ___, ...rest } = next as unknown as Record<string, unknown>
  const { metadata: ____, ...liveRest } = live as unknown as Record<string, unknown>
  if (!(yield* sameJsonSteps(meta, liveMeta)) || !(yield* sameJsonSteps(rest, liveRest))) return false
  for (const [i, entry] of now.entries()) {
    if (!(yield* sameJsonSteps({ ...entry, time: '' }, { ...before[i], time: '' }))) return false
  }
  return true
}
