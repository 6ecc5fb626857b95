import { sortedKeys } from '../../apimachinery/key-order.ts'

/** The members that a patch touches, all the way down. */
interface Touched {
  readonly [key: string]: Touched | undefined
}

/**
 * `patched` in the order in which Go's patch package (evanphx/json-patch) writes it: what the patch looked into is a map by then, in
 * alphabetical order; everything else stands as it did.
 */
export function inShownOrder(patched: unknown, touched: Touched | undefined): unknown {
  if (touched === undefined || typeof patched !== 'object' || patched === null) return patched
  if (Array.isArray(patched)) return patched.map((item, i) => inShownOrder(item, own(touched, String(i))))
  if (Object.getPrototypeOf(patched) !== Object.prototype) return patched
  const from = patched as Record<string, unknown>
  return Object.fromEntries(sortedKeys(Object.keys(from)).map((key) => [key, inShownOrder(from[key], own(touched, key))]))
}

const own = (touched: Touched, key: string): Touched | undefined => (Object.hasOwn(touched, key) ? touched[key] : undefined)

/** What a merge patch touches: all objects that it has. */
export function touchedByMerge(patch: unknown): Touched | undefined {
  if (typeof patch !== 'object' || patch === null) return undefined
  return Object.fromEntries(Object.entries(patch).map(([key, inner]) => [key, touchedByMerge(inner)]))
}

/** What operations of a JSON patch touch: what their paths lead through. */
export function touchedByOperations(operations: readonly { readonly path?: unknown; readonly from?: unknown }[]): Touched {
  const root = new Map<string, unknown>()
  for (const pointer of operations.flatMap(({ path, from }) => [path, from])) {
    if (typeof pointer !== 'string') continue
    let at = root
    for (const segment of pointer.split('/').slice(1, -1)) {
      const key = segment.replaceAll('~1', '/').replaceAll('~0', '~')
      const next = (at.get(key) ?? new Map<string, unknown>()) as Map<string, unknown>
      at.set(key, next)
      at = next
    }
  }
  return membersOf(root)
}

const membersOf = (node: ReadonlyMap<string, unknown>): Touched =>
  Object.fromEntries([...node].map(([key, inner]) => [key, membersOf(inner as ReadonlyMap<string, unknown>)]))
