// Calls of functions. What a call needs lies in one closure, since a large chart has more of them than a processor's cache holds:
// constants are not evaluated, few arguments (nearly always) make no array.
import { callFailed, validate } from './call.ts'
import type { Eval } from './constants.ts'
import type { Implementation } from './function-table.ts'
import type { Node } from './nodes.ts'
import type { Run } from './run.ts'
import type { Value } from './value.ts'

/** A constant, or what is evaluated and then checked for the parameter's type. */
export type Argument = { readonly constant: Value; readonly node: Node } | { readonly eval: Eval; readonly type: string }

interface Invocation {
  readonly name: string
  /** The function's name, and the whole command, whom errors of the function are told of. */
  readonly identifier: Node
  readonly command: Node
  /** The arguments as written, without the piped one. */
  readonly args: readonly Argument[]
  /** The type of the parameter that takes the piped value; undefined: nothing is piped. */
  readonly pipedType: string | undefined
  /** Whether the function gets the Run before its arguments. */
  readonly contextual: boolean
  /** Looked up when first called. Throws FamilyMissing. */
  readonly implementation: () => Implementation
}

type Loose = (...args: unknown[]) => Value
/** An argument as the closures keep it: evaluated where it is a function, which no value is, else the constant. */
type Slot = Eval | Value

const theRun: Eval = (run) => run as unknown as Value
const thePiped: Eval = (_run, _dot, final) => final

/** Evaluates the arguments, then calls. */
export function invoke(i: Invocation): Eval {
  const all: Argument[] = [...i.args]
  if (i.contextual) all.unshift({ eval: theRun, type: 'value' })
  if (i.pipedType !== undefined) all.push({ eval: thePiped, type: i.pipedType })
  // Go was last at the argument written last: a piped value or a result of a wrong type is told of there.
  const last = i.args.at(-1)
  const at = last && 'node' in last ? last.node : i.identifier
  const slots = all.map((arg) => ('eval' in arg ? arg.eval : arg.constant))
  const types = all.map((arg) => ('eval' in arg ? arg.type : 'value'))
  if (all.length === 1) return one(i, at, slots[0], types[0] as string)
  if (all.length === 2) return two(i, at, slots, types)
  if (all.length === 3) return three(i, at, slots, types)
  return more(i, at, slots, types)
}

const argument = (run: Run, dot: Value, final: Value, slot: Slot, type: string): Value =>
  typeof slot === 'function' ? validate(run, slot(run, dot, final), type) : slot

function one(i: Invocation, at: Node, a: Slot, ta: string): Eval {
  let f: Loose | undefined
  return (run, dot, final) => {
    run.node = at
    run.step()
    const x = argument(run, dot, final, a, ta)
    try {
      f ??= i.implementation() as Loose
      return checked(run, f(x))
    } catch (e) {
      return callFailed(run, i.command, i.name, e)
    }
  }
}

function two(i: Invocation, at: Node, [a, b]: readonly Slot[], [ta, tb]: readonly string[]): Eval {
  const { identifier } = i
  let f: Loose | undefined
  return (run, dot, final) => {
    run.node = identifier
    run.step()
    const x = argument(run, dot, final, a, ta as string)
    if (at !== identifier) run.node = at
    const y = argument(run, dot, final, b, tb as string)
    try {
      f ??= i.implementation() as Loose
      return checked(run, f(x, y))
    } catch (e) {
      return callFailed(run, i.command, i.name, e)
    }
  }
}

function three(i: Invocation, at: Node, [a, b, c]: readonly Slot[], [ta, tb, tc]: readonly string[]): Eval {
  const { identifier } = i
  let f: Loose | undefined
  return (run, dot, final) => {
    run.node = identifier
    run.step()
    const x = argument(run, dot, final, a, ta as string)
    const y = argument(run, dot, final, b, tb as string)
    if (at !== identifier) run.node = at
    const z = argument(run, dot, final, c, tc as string)
    try {
      f ??= i.implementation() as Loose
      return checked(run, f(x, y, z))
    } catch (e) {
      return callFailed(run, i.command, i.name, e)
    }
  }
}

function more(i: Invocation, at: Node, slots: readonly Slot[], types: readonly string[]): Eval {
  const { identifier } = i
  let f: Loose | undefined
  return (run, dot, final) => {
    run.node = identifier
    run.step()
    const argv = new Array<unknown>(slots.length)
    for (let k = 0; k < slots.length; k++) {
      if (k === slots.length - 1 && at !== identifier) run.node = at
      argv[k] = argument(run, dot, final, slots[k], types[k] as string)
    }
    try {
      f ??= i.implementation() as Loose
      return checked(run, f(...argv))
    } catch (e) {
      return callFailed(run, i.command, i.name, e)
    }
  }
}

/** The result, which is no longer than a text may be. */
function checked(run: Run, v: Value): Value {
  if (typeof v === 'string' && v.length > 65_536) run.checkLength(v.length)
  return v
}
