export type JsonMap = Record<string, unknown>

export const isMap = (value: unknown): value is JsonMap => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Whether two JSON values are equal; the order of members does not count. */
export function isEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false
    for (let i = 0; i < a.length; i++) if (!isEqual(a[i], b[i])) return false
    return true
  }
  if (!isMap(a) || !isMap(b)) return false
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return false
  for (const key of keys) if (!Object.hasOwn(b, key) || !isEqual(a[key], b[key])) return false
  return true
}

/** The own member of a map; undefined when it has none. */
export const memberOf = (map: JsonMap | undefined, key: string): unknown =>
  map !== undefined && Object.hasOwn(map, key) ? map[key] : undefined

/** A map that takes any key, `__proto__` too. */
export function mapFrom(entries: Iterable<readonly [string, unknown]>): JsonMap {
  return Object.fromEntries(entries)
}
