import type { KubeObject } from '../../apimachinery/object.ts'

/** Whether two JSON values are the same, whatever the order of their fields. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, i) => sameJson(item, b[i]))
  }
  if (Array.isArray(b)) return false
  const left = a as Record<string, unknown>
  const right = b as Record<string, unknown>
  let count = 0
  for (const key in left) {
    if (left[key] === undefined) continue
    if (!Object.hasOwn(right, key) || !sameJson(left[key], right[key])) return false
    count++
  }
  for (const key in right) if (right[key] !== undefined) count--
  return count === 0
}

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
