/** Whether two JSON values are the same, whatever the order of their members. A member that is undefined counts as absent. */
export const sameJson = (a: unknown, b: unknown): boolean => same(a, b, { objects: Number.POSITIVE_INFINITY })

/** As `sameJson`; false, too, when more than so many objects and lists would have to be looked at. */
export const sameJsonWithin = (a: unknown, b: unknown, objects: number): boolean => same(a, b, { objects })

function same(a: unknown, b: unknown, left: { objects: number }): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (--left.objects < 0) return false
  if (!Array.isArray(a)) return !Array.isArray(b) && sameMembers(a as JsonObject, b as JsonObject, left)
  if (!Array.isArray(b) || a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (!same(a[i], b[i], left)) return false
  return true
}

type JsonObject = Record<string, unknown>

function sameMembers(a: JsonObject, b: JsonObject, left: { objects: number }): boolean {
  let more = 0
  for (const key in a) {
    if (a[key] === undefined) continue
    if (!Object.hasOwn(b, key) || !same(a[key], b[key], left)) return false
    more++
  }
  for (const key in b) if (b[key] !== undefined) more--
  return more === 0
}
