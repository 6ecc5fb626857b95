import { WholeFloat } from './json.ts'
import { setMember } from './members.ts'
import type { Steps } from './steps.ts'

// The order in which Go writes the keys of a map: by their bytes.

/** Compares texts by their bytes in UTF-8: only pairs of surrogates stand elsewhere than by their code units. */
export function compareBytes(a: string, b: string): number {
  const n = Math.min(a.length, b.length)
  for (let i = 0; i < n; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)]
    if (x !== y)
      return isSurrogate(x) === isSurrogate(y) ? x - y : isSurrogate(x) ? (y >= 0xe000 ? 1 : x - y) : x >= 0xe000 ? -1 : x - y
  }
  return a.length - b.length
}

const isSurrogate = (code: number): boolean => code >= 0xd800 && code < 0xe000
const surrogate = /[\ud800-\udfff]/

/** Maps of more keys are put in order by who writes them, in steps: to make them anew takes longer than others may wait. */
export const mostInOrder = 500

/** `keys` in order. The same array when they are; JavaScript puts keys that are numbers first, which only who writes them can change. */
export function inKeyOrder(keys: readonly string[], most = mostInOrder): readonly string[] {
  if (keys.length > most) return keys
  for (let i = 1; i < keys.length; i++) {
    const before = keys[i - 1] as string
    if (before > (keys[i] as string) && !startsWithDigit(before)) return sortedKeys(keys)
  }
  return keys
}

/** `keys` as Go sorts them. */
export function sortedKeys(keys: readonly string[]): string[] {
  const sorted = [...keys].sort()
  return sorted.some((key) => surrogate.test(key)) ? sorted.sort(compareBytes) : sorted
}

/** As `sortedKeys`, in steps. */
export function* sortedKeysSteps(keys: readonly string[]): Steps<string[]> {
  let runs: string[][] = []
  for (let from = 0; from < keys.length; from += sortedAtOnce) {
    yield
    runs.push(sortedKeys(keys.slice(from, from + sortedAtOnce)))
  }
  while (runs.length > 1) {
    const merged: string[][] = []
    for (let i = 0; i < runs.length; i += 2) merged.push(yield* mergedRuns(runs[i] ?? [], runs[i + 1] ?? []))
    runs = merged
  }
  return runs[0] ?? []
}

const sortedAtOnce = 2000

function* mergedRuns(a: readonly string[], b: readonly string[]): Steps<string[]> {
  const merged: string[] = []
  let i = 0
  let j = 0
  while (i < a.length || j < b.length) {
    if (merged.length % sortedAtOnce === 0) yield
    const [x, y] = [a[i], b[j]]
    if (y === undefined || (x !== undefined && isBefore(x, y))) {
      merged.push(x as string)
      i++
    } else {
      merged.push(y)
      j++
    }
  }
  return merged
}

const isBefore = (a: string, b: string): boolean => (surrogate.test(a) || surrogate.test(b) ? compareBytes(a, b) < 0 : a < b)

export const startsWithDigit = (key: string | undefined): boolean => {
  const code = key === undefined || key === '' ? 0 : key.charCodeAt(0)
  return code >= 0x30 && code <= 0x39
}

/** `value` with the members of its objects in order, all the way down. What is in order is shared. Instances of classes stay what they are, and
 *  so do objects with more than `most` members; a `WholeFloat` becomes the number that is read when it was written. */
export function alphabetical(value: unknown, most = Number.POSITIVE_INFINITY): unknown {
  if (typeof value !== 'object' || value === null) return value
  return Array.isArray(value) ? items(value, most) : members(value as Record<string, unknown>, most)
}

/** As `alphabetical` for objects of up to `mostInOrder` members, in steps. */
export function* alphabeticalSteps(value: unknown): Steps<unknown> {
  if (typeof value !== 'object' || value === null) return value
  if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype) return readBack(value)
  const from = value as Record<string, unknown>
  const given = Object.keys(from)
  const keys = Array.isArray(value) ? given : inKeyOrder(given)
  const isLarge = keys.length > mostInOrder
  let changed = keys !== given
  const inner: unknown[] = []
  for (const key of keys) {
    if (inner.length % mostInOrder === mostInOrder - 1) yield
    const item = isLarge ? alphabetical(from[key], mostInOrder) : yield* alphabeticalSteps(from[key])
    if (item !== from[key]) changed = true
    inner.push(item)
  }
  if (!changed) return value
  if (Array.isArray(value)) return inner
  const made: [string, unknown][] = keys.map((key, i) => [key, inner[i]])
  yield
  return Object.fromEntries(made)
}

function items(list: readonly unknown[], most: number): readonly unknown[] {
  let copy: unknown[] | undefined
  for (let i = 0; i < list.length; i++) {
    const item = alphabetical(list[i], most)
    if (item !== list[i]) copy ??= list.slice(0, i)
    copy?.push(item)
  }
  return copy ?? list
}

const readBack = (instance: object): unknown => (instance instanceof WholeFloat ? Number(instance) + 0 : instance)

function members(object: Record<string, unknown>, most: number): unknown {
  if (Object.getPrototypeOf(object) !== Object.prototype) return readBack(object)
  const keys = Object.keys(object)
  const ordered = inKeyOrder(keys, most)
  let made: Record<string, unknown> | undefined = ordered === keys ? undefined : {}
  for (let i = 0; i < ordered.length; i++) {
    const key = ordered[i] as string
    const value = object[key]
    // Most values are no objects.
    const inner = typeof value === 'object' && value !== null ? alphabetical(value, most) : value
    if (!made && inner !== value) {
      made = {}
      for (let k = 0; k < i; k++) setMember(made, ordered[k] as string, object[ordered[k] as string])
    }
    if (made) setMember(made, key, inner)
  }
  return made ?? object
}
