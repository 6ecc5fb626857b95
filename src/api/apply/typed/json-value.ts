export type JsonMap = Record<string, unknown>

export const isMap = (value: unknown): value is JsonMap => typeof value === 'object' && value !== null && !Array.isArray(value)

/** The own member of a map; undefined when it has none. */
export const memberOf = (map: JsonMap | undefined, key: string): unknown =>
  map !== undefined && Object.hasOwn(map, key) ? map[key] : undefined

/** A map that takes any key, `__proto__` too. */
export function mapFrom(entries: Iterable<readonly [string, unknown]>): JsonMap {
  return Object.fromEntries(entries)
}
