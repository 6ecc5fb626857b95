import type { KubeObject } from '../../apimachinery/object.ts'
import { sameJson } from '../../apimachinery/same-json.ts'

/** Whether a write would change nothing: the times in managedFields and the resourceVersion do not count. */
export function sameButTimes(next: KubeObject, live: KubeObject): boolean {
  const { managedFields: now = [], resourceVersion: _, ...meta } = next.metadata
  const { managedFields: before = [], resourceVersion: __, ...liveMeta } = live.metadata
  if (now.length !== before.length) return false
  const { metadata: ___, ...rest } = next as unknown as Record<string, unknown>
  const { metadata: ____, ...liveRest } = live as unknown as Record<string, unknown>
  if (!sameJson(meta, liveMeta) || !sameJson(rest, liveRest)) return false
  return now.every((entry, i) => sameJson({ ...entry, time: '' }, { ...before[i], time: '' }))
}
