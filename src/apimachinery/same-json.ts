import { WholeFloat } from './json.ts'
import { isSmall } from './json-size.ts'
import type { Steps } from './steps.ts'

/** Whether two JSON values are the same, whatever the order of their members. A member that is undefined counts as absent; an int64 and a float64
 *  are not the same. */
export const sameJson = (a: unknown, b: unknown): boolean => same(a, b, { values: Number.POSITIVE_INFINITY })

/** As `sameJson`; false, too, when more than so many values would have to be looked at. */
export const sameJsonWithin = (a: unknown, b: unknown, values: number): boolean => same(a, b, { values })

function same(a: unknown, b: unknown, left: { values: number }): boolean {
  if (--left.values < 0) return false
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (!Array.isArray(a)) return !Array.isArray(b) && sameMembers(a as JsonObject, b as JsonObject, left)
  if (!Array.isArray(b) || a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (!same(a[i], b[i], left)) return false
  return true
}

type JsonObject = Record<string, unknown>

function sameMembers(a: JsonObject, b: JsonObject, left: { values: number }): boolean {
  let more = 0
  let hasMembers = false
  for (const key in a) {
    if (a[key] === undefined) continue
    if (!Object.hasOwn(b, key) || !same(a[key], b[key], left)) return false
    more++
    hasMembers = true
  }
  for (const key in b) if (b[key] !== undefined) more--
  return more === 0 && (hasMembers || sameLeaves(a, b))
}

/** Of two without members: whether both are none, or both the same float64. */
const sameLeaves = (a: object, b: object): boolean =>
  a instanceof WholeFloat ? b instanceof WholeFloat && Number(a) === Number(b) : !(b instanceof WholeFloat)

/** So many are compared in one step. */
const stepSize = 500

/** As `sameJson`, in steps. */
export function* sameJsonSteps(a: unknown, b: unknown): Steps<boolean> {
  if (a === b) return true
  if (isSmall(a) || typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return sameJson(a, b)
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false
    for (let i = 0; i < a.length; i++) {
      if (i % stepSize === stepSize - 1) yield
      if (!(isSmall(a[i]) ? sameJson(a[i], b[i]) : yield* sameJsonSteps(a[i], b[i]))) return false
    }
    return true
  }
  const left = a as Record<string, unknown>
  const right = b as Record<string, unknown>
  yield
  const keys = Object.keys(left).filter((key) => left[key] !== undefined)
  yield
  if (keys.length !== Object.keys(right).filter((key) => right[key] !== undefined).length) return false
  for (const [i, key] of keys.entries()) {
    if (i % stepSize === stepSize - 1) yield
    if (!Object.hasOwn(right, key)) return false
    if (!(isSmall(left[key]) ? sameJson(left[key], right[key]) : yield* sameJsonSteps(left[key], right[key]))) return false
  }
  return true
}
