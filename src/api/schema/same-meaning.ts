import { compareQuantities } from '../../apimachinery/quantity.ts'
import { sameJson } from '../../apimachinery/same-json.ts'
import type { Steps } from '../../apimachinery/steps.ts'
import type { StructType, Type } from './types.ts'

/** So many values are compared in one step. */
const stepSize = 200

/** Whether two canonical values of `type` mean the same, as Go's semantic equality has it: quantities of one value do, whatever their form. */
export function* sameMeaningSteps(type: Type, a: unknown, b: unknown, count = { values: 0 }): Steps<boolean> {
  if (++count.values % stepSize === 0) yield
  if (type.kind === 'scalar') {
    const areQuantities = type.scalar === 'Quantity' && typeof a === 'string' && typeof b === 'string'
    return areQuantities ? compareQuantities(a, b) === 0 : sameJson(a, b)
  }
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>]
  const keys = Object.keys(left)
  if (keys.length !== Object.keys(right).length) return false
  for (const key of keys) {
    if (!Object.hasOwn(right, key)) return false
    const inner = type.kind === 'list' ? type.element : type.kind === 'map' ? type.value : fieldTypeOf(type, key)
    const isSame = inner ? yield* sameMeaningSteps(inner, left[key], right[key], count) : sameJson(left[key], right[key])
    if (!isSame) return false
  }
  return true
}

const fieldTypeOf = (type: StructType, key: string): Type | undefined => type.byName.get(key)?.type
