import { setMember } from '../../apimachinery/members.ts'
import type { Steps } from '../../apimachinery/steps.ts'

export const directive = '$patch'

/** So many members or items are looked at in one step. */
const stepSize = 500

const isLeaf = (value: unknown): boolean => typeof value !== 'object' || value === null

/**
 * A value of a strategic merge patch as it stands where nothing like it stood: without the objects that carry `$patch`, here and inside; undefined
 * when `value` itself is one. `dropsNulls`: objects also lose their null members, for the value is new there.
 */
export function* settledValue(value: unknown, dropsNulls: boolean): Steps<unknown> {
  if (isLeaf(value)) return value
  if (Array.isArray(value)) return yield* settledItems(value, dropsNulls)
  const members = value as Record<string, unknown>
  const isLost = (member: unknown) => member === undefined || (dropsNulls && member === null)
  if (Object.hasOwn(members, directive) && !isLost(members[directive])) return undefined
  const kept: Record<string, unknown> = {}
  for (const [i, key] of Object.keys(members).entries()) {
    if (i % stepSize === stepSize - 1) yield
    const member = members[key]
    const settled = isLeaf(member) ? member : yield* settledValue(member, dropsNulls)
    if (!isLost(settled)) setMember(kept, key, settled)
  }
  return kept
}

function* settledItems(items: readonly unknown[], dropsNulls: boolean): Steps<unknown[]> {
  const kept: unknown[] = []
  for (const [i, item] of items.entries()) {
    if (i % stepSize === stepSize - 1) yield
    const settled = isLeaf(item) ? item : yield* settledValue(item, dropsNulls)
    if (settled !== undefined) kept.push(settled)
  }
  return kept
}
