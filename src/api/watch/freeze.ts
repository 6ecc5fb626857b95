import { WholeFloat } from '../../apimachinery/json.ts'
import { setMember } from '../../apimachinery/members.ts'
import type { KubeObject, ObjectMeta } from '../../apimachinery/object.ts'
import type { Steps } from '../../apimachinery/steps.ts'

/** Freezes `value` and all that it holds, and returns it. What is frozen already is not looked into again. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  Object.freeze(value)
  if (Array.isArray(value)) for (const item of value) deepFreeze(item)
  else for (const key in value) deepFreeze((value as Record<string, unknown>)[key])
  return value
}

/** So many values are looked at in one step. */
const stepSize = 2000

/** As `deepFreeze`, in steps. What is frozen is frozen to its last leaf at any time, so that others may come in between. */
export function* freezeSteps<T>(value: T): Steps<T> {
  const found: object[] = []
  const add = (inner: unknown): void => {
    if (typeof inner === 'object' && inner !== null && !Object.isFrozen(inner)) found.push(inner)
  }
  add(value)
  let looked = 0
  for (let i = 0; i < found.length; i++) {
    const outer = found[i] as Record<string, unknown>
    const keys = Array.isArray(outer) ? undefined : Object.keys(outer)
    const length = keys ? keys.length : (outer as unknown as unknown[]).length
    for (let j = 0; j < length; j++) {
      add(outer[keys ? (keys[j] as string) : j])
      if (++looked % stepSize === 0) yield
    }
  }
  for (let i = found.length - 1; i >= 0; i--) {
    Object.freeze(found[i])
    if (i % stepSize === 0) yield
  }
  return value
}

/** To spread more takes longer than to set one member after the other. */
const mostSpread = 500

/** A copy that may be changed. For JSON values only. */
export function thaw<T>(value: T): T {
  if (typeof value !== 'object' || value === null || value instanceof WholeFloat) return value
  if (Array.isArray(value)) return value.map(thaw) as T
  const from = value as Record<string, unknown>
  const keys = Object.keys(from)
  if (keys.length > mostSpread) return eachThawed(from, keys) as T
  // A member `__proto__` stays a member: a spread makes it one, and then it is set as one.
  const copy = { ...from }
  for (const key of keys) {
    const item = copy[key]
    if (typeof item === 'object' && item !== null) copy[key] = thaw(item)
  }
  return copy as T
}

function eachThawed(from: Record<string, unknown>, keys: readonly string[]): Record<string, unknown> {
  const copy: Record<string, unknown> = {}
  for (const key of keys) setMember(copy, key, thaw(from[key]))
  return copy
}

/** As `thaw`, in steps. */
export function* thawSteps<T>(value: T, count = { values: 0 }): Steps<T> {
  if (typeof value !== 'object' || value === null || value instanceof WholeFloat) return value
  const out = (Array.isArray(value) ? [] : {}) as Record<string | number, unknown>
  const from = value as unknown as Record<string | number, unknown>
  const keys = Array.isArray(value) ? undefined : Object.keys(value)
  const length = keys ? keys.length : (value as unknown as unknown[]).length
  for (let i = 0; i < length; i++) {
    const key = keys ? (keys[i] as string) : i
    const item = from[key]
    const copy = typeof item === 'object' && item !== null ? yield* thawSteps(item, count) : item
    if (key === '__proto__') setMember(out, key, copy)
    else out[key] = copy
    if (++count.values % stepSize === 0) yield
  }
  return out as T
}

/** As `thawObject`, in steps. */
export function* thawObjectSteps<T extends KubeObject>(object: T): Steps<T> {
  const { metadata, ...rest } = object
  const { managedFields, ...own } = metadata
  const copy = { ...(yield* thawSteps(rest)), metadata: yield* thawSteps(own) } as unknown as KubeObject
  if (managedFields) copy.metadata.managedFields = managedFields.map((entry) => ({ ...entry }))
  return copy as unknown as T
}

/**
 * As `thaw` for a stored object. What its managers own stays shared and frozen: it is most of many objects, it is never changed in place, and
 * field management knows what it has read before.
 */
export function thawObject<T extends KubeObject>(object: T): T {
  const { metadata, ...rest } = object
  return { ...thaw(rest), metadata: ownMetadata(metadata) } as T
}

/** A stored object of which only the metadata may be changed. */
export function thawMetadata<T extends KubeObject>(object: T): T {
  return { ...object, metadata: ownMetadata(object.metadata) }
}

function ownMetadata({ managedFields, ...own }: ObjectMeta): ObjectMeta {
  const copy: ObjectMeta = thaw(own)
  if (managedFields) copy.managedFields = managedFields.map((entry) => ({ ...entry }))
  return copy
}
