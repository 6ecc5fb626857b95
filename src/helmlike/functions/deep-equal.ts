// reflect.DeepEqual: types must be the same, too.
import { Complex, GoStruct, Int, isList, isMap, typeName, type Value } from '../gotemplate/value.ts'

export function deepEqual(a: Value, b: Value): boolean {
  if (a === b) return true
  if (a === null || a === undefined || b === null || b === undefined) return (a ?? null) === (b ?? null)
  if (typeof a !== 'object' || typeof b !== 'object') return false
  if (a instanceof Int) return b instanceof Int && a.v === b.v && a.type === b.type
  if (typeName(a) !== typeName(b)) return false
  if (isList(a)) return isList(b) && a.length === b.length && a.every((x, i) => deepEqual(x, b[i]))
  if (isMap(a)) return isMap(b) && a.size === b.size && [...a].every(([k, x]) => b.has(k) && deepEqual(x, b.get(k)))
  if (a instanceof Uint8Array) return b instanceof Uint8Array && Buffer.from(a).equals(b)
  if (a instanceof Complex) return b instanceof Complex && a.re === b.re && a.im === b.im
  if (!(a instanceof GoStruct) || !(b instanceof GoStruct)) return false
  return [...a.fields].every(([k, x]) => deepEqual(x, b.fields.get(k)))
}
