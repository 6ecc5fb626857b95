import type { KubeObject } from '../../apimachinery/object.ts'

/** Freezes `value` and all that it holds, and returns it. What is frozen already is not looked into again. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  Object.freeze(value)
  if (Array.isArray(value)) for (const item of value) deepFreeze(item)
  else for (const key in value) deepFreeze((value as Record<string, unknown>)[key])
  return value
}

/** A copy that may be changed. For JSON values only. */
export function thaw<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(thaw) as T
  // A member `__proto__` stays a member: a spread makes it one, and then it is set as one.
  const copy = { ...value } as Record<string, unknown>
  for (const key in copy) {
    const item = copy[key]
    if (typeof item === 'object' && item !== null) copy[key] = thaw(item)
  }
  return copy as T
}

/**
 * As `thaw` for a stored object. What its managers own stays shared and frozen: it is most of many objects, it is never changed in place, and
 * field management knows what it has read before.
 */
export function thawObject<T extends KubeObject>(object: T): T {
  const { metadata, ...rest } = object
  const { managedFields, ...own } = metadata
  const copy = { ...thaw(rest), metadata: thaw(own) } as KubeObject
  if (managedFields) copy.metadata.managedFields = managedFields.map((entry) => ({ ...entry }))
  return copy as T
}
