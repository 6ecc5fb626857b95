import type { Overload } from '../environment.ts'
import type { CelType } from '../types.ts'
import { typeParam } from '../types.ts'
import type { Value } from '../values.ts'

/** Type parameters, for signatures. */
export const A = typeParam('A')
export const B = typeParam('B')

type Costs = Pick<Overload, 'estimate' | 'cost'>

/** Functions of typed values: the evaluator has checked the arguments against the declared types. */
type Typed = (...args: never[]) => Value

/** `f(a, b)` */
export function overload(id: string, params: readonly CelType[], result: CelType, call: Typed, costs: Costs = {}): Overload {
  return { id, member: false, params, result, call: call as (...args: Value[]) => Value, ...costs }
}

/** `a.f(b)`; the first of `params` is the type of `a`. */
export function method(id: string, params: readonly CelType[], result: CelType, call: Typed, costs: Costs = {}): Overload {
  return { id, member: true, params, result, call: call as (...args: Value[]) => Value, ...costs }
}
