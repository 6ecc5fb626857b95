// `.a.b.c` on a receiver. Nearly every step finds a key of a map: those go first, without a look for methods.
import { fieldOf, methodOf } from './field.ts'
import { callMethod, type LateArgument } from './method-call.ts'
import type { Node } from './nodes.ts'
import type { Run } from './run.ts'
import type { Value } from './value.ts'

const MAX_MARKED = 31

/** A bit for each name that a method may have: Go's templates call exported ones only. */
export function exportedOf(names: readonly string[]): number {
  let bits = 0
  for (let i = 0; i < Math.min(names.length, MAX_MARKED); i++) if (/^\p{Lu}/u.test(names[i] as string)) bits |= 1 << i
  return bits
}

/** What the names lead to from `receiver`; `isElement`: it was found in a list or map. Fails the run, at node `n`, as Go does. */
export function follow(
  run: Run,
  dot: Value,
  n: Node,
  names: readonly string[],
  exported: number,
  isElement: boolean,
  receiver: Value,
): Value {
  let v = receiver
  let element = isElement
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string
    const isExported = i >= MAX_MARKED || (exported >> i) & 1
    if (v instanceof Map && (!isExported || v.constructor === Map)) {
      v = v.get(name) ?? fieldOf(run, v, name, element)
      element = true
      continue
    }
    const method = isExported ? methodOf(v, name) : undefined
    if (method) v = callMethod(run, dot, method, n, name, [], false, undefined)
    else {
      const next = fieldOf(run, v, name, element)
      element = v instanceof Map
      v = next
    }
  }
  return v
}

/** Calls the method `name` of a value. Fails the run where there is none: nothing else takes arguments. */
export function callNamed(
  run: Run,
  dot: Value,
  final: Value,
  n: Node,
  name: string,
  args: readonly LateArgument[],
  piped: boolean,
  v: Value,
): Value {
  const method = methodOf(v, name)
  if (method) return callMethod(run, dot, method, n, name, args, piped, final)
  if (v !== null && v !== undefined) {
    run.fail(
      v instanceof Map ? `${name} is not a method but has arguments` : `${name} has arguments but cannot be invoked as function`,
    )
  }
  return fieldOf(run, v, name, false)
}
