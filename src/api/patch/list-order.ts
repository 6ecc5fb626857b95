/** The order of merged lists: the patch's own order first, then the live list's for what the patch does not name. */

/** What an item is told by: itself, or its merge key. */
export type Identify = (item: unknown) => unknown

export const byKeyOf =
  (keyOf: (item: unknown) => unknown): Identify =>
  (item) =>
    keyOf(item)

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Splits `list` into the items that `by` names and the others. */
export function partition(
  list: readonly unknown[],
  by: readonly unknown[],
  mergeKey: string,
): { patched: unknown[]; others: unknown[] } {
  const keyOf = (item: unknown) => (mergeKey && isObject(item) ? item[mergeKey] : item)
  const named = new Set(by.map(keyOf))
  const patched: unknown[] = []
  const others: unknown[] = []
  for (const item of list) (named.has(keyOf(item)) ? patched : others).push(item)
  return { patched, others }
}

function placesIn(order: readonly unknown[], identify: Identify): Map<unknown, number> {
  const places = new Map<unknown, number>()
  order.forEach((item, i) => {
    const key = identify(item)
    if (!places.has(key)) places.set(key, i)
  })
  return places
}

/** `items` in the order that `order` has them; stable. */
export function inOrder(items: readonly unknown[], order: readonly unknown[], identify: Identify): unknown[] {
  const places = placesIn(order, identify)
  const place = (item: unknown) => places.get(identify(item)) ?? Number.MAX_SAFE_INTEGER
  return [...items].sort((a, b) => place(a) - place(b))
}

/** Merges two ordered lists: an item of `left` goes before the first of `right` that the live list has after it. */
export function merged(
  left: readonly unknown[],
  right: readonly unknown[],
  live: readonly unknown[],
  identify: Identify,
): unknown[] {
  const places = placesIn(live, identify)
  const result: unknown[] = []
  let i = 0
  for (const item of right) {
    const limit = places.get(identify(item))
    while (i < left.length && limit !== undefined && (places.get(identify(left[i])) ?? Number.MAX_SAFE_INTEGER) < limit) {
      result.push(left[i++])
    }
    result.push(item)
  }
  return [...result, ...left.slice(i)]
}
