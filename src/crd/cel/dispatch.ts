import type { ResolvedCall } from './checker.ts'
import { actualSize } from './cost-estimate.ts'
import type { Overload } from './environment.ts'
import { isOfType } from './equality.ts'
import { type Compiled, type Frame, spend } from './frame.ts'
import { CelOptional, noSuchOverload, type Value } from './values.ts'

/** What `==` costs when the checker does not know the types. */
export const equalityCost = ([a, b]: readonly Value[]): number =>
  Math.ceil(Math.min(actualSize(a as Value), actualSize(b as Value)) * 0.1)

function charge(frame: Frame, overload: Overload, args: readonly Value[], result: Value): Value {
  spend(frame, overload.cost === undefined ? 1 : overload.cost(args, result))
  return result
}

/** A call whose overload is known. */
export function direct(overload: Overload, args: readonly Compiled[]): Compiled {
  const { call, cost } = overload
  const [first, second] = args
  if (cost === undefined && first !== undefined && args.length === 1) {
    return (frame) => {
      const a = first(frame)
      spend(frame, 1)
      return call(a)
    }
  }
  if (cost === undefined && first !== undefined && second !== undefined && args.length === 2) {
    return (frame) => {
      const a = first(frame)
      const b = second(frame)
      spend(frame, 1)
      return call(a, b)
    }
  }
  return (frame) => {
    const values = args.map((arg) => arg(frame))
    return charge(frame, overload, values, call(...values))
  }
}

/** A call whose overload depends on the values. */
export function dispatching(overloads: readonly Overload[], args: readonly Compiled[]): Compiled {
  return (frame) => {
    const values = args.map((arg) => arg(frame))
    const overload = overloads.find(({ params }) => params.every((param, i) => isOfType(values[i] as Value, param)))
    if (overload === undefined) throw noSuchOverload()
    return charge(frame, overload, values, overload.call(...values))
  }
}

/** `a.or(b)` and `a.orValue(b)` look at `b` only when `a` is empty. */
export function lazyOptional(resolved: ResolvedCall, args: readonly Compiled[]): Compiled | undefined {
  const [first, second] = args
  if (first === undefined || second === undefined || args.length !== 2) return undefined
  const unwrap = resolved.fn === 'orValue'
  return (frame) => {
    const value = first(frame)
    spend(frame, 1)
    if (!(value instanceof CelOptional)) throw noSuchOverload()
    if (value.value === undefined) return second(frame)
    return unwrap ? value.value : value
  }
}
