// Defaults, emptiness and types.
import type { Implementation } from '../gotemplate/function-table.ts'
import { GoStruct, isTrue, kindName, typeName, type Value } from '../gotemplate/value.ts'
import { deepEqual } from './deep-equal.ts'

/** Sprig's empty: the zero value; structs never are. */
function isEmpty(v: Value): boolean {
  return v instanceof GoStruct ? false : !isTrue(v)
}

const typeIs = (target: string, v: Value) => target === typeName(v)

export const defaults: { readonly [name: string]: Implementation } = {
  default: (fallback: Value, ...given: Value[]) => (given.length === 0 || isEmpty(given[0]) ? fallback : given[0]),
  empty: isEmpty,
  coalesce: (...v: Value[]) => v.find((x) => !isEmpty(x)) ?? null,
  all: (...v: Value[]) => !v.some(isEmpty),
  any: (...v: Value[]) => v.some((x) => !isEmpty(x)),
  ternary: (yes: Value, no: Value, test: boolean) => (test ? yes : no),
  typeOf: typeName,
  typeIs,
  typeIsLike: (target: string, v: Value) => typeIs(target, v) || typeIs(`*${target}`, v),
  kindOf: kindName,
  kindIs: (target: string, v: Value) => target === kindName(v),
  deepEqual,
}
