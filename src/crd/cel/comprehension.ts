import { type Comprehension, type Expr, OP } from './ast.ts'
import { isBinding } from './cost-estimate.ts'
import { LIST_CREATE } from './cost-range.ts'
import type { Compiler, Scope } from './evaluator.ts'
import { type Compiled, ErrorHolder, type Frame, spend } from './frame.ts'
import { ArrayList, CelError, CelList, CelMap, noSuchOverload, type Value } from './values.ts'

interface Slots {
  readonly accu: number
  readonly first: number
  readonly second: number | undefined
}

/** Goes over a list or map until `step` says stop (false). `start` is called when the range is known. */
type Loop = (frame: Frame, step: () => boolean, start?: () => void) => void

export function compileComprehension(compiler: Compiler, expr: Comprehension, outer: Scope): Compiled {
  const slots: Slots = {
    accu: outer.size,
    first: outer.size + 1,
    second: expr.iterVar2 === undefined ? undefined : outer.size + 2,
  }
  const around: Scope = { slots: new Map([...outer.slots, [expr.accuVar, slots.accu]]), size: outer.size + 3 }
  if (isBinding(expr)) return binding(compiler, expr, outer, around, slots)
  const variables: [string, number][] = [[expr.iterVar, slots.first]]
  if (expr.iterVar2 !== undefined) variables.push([expr.iterVar2, slots.second as number])
  const inside: Scope = { slots: new Map([...around.slots, ...variables]), size: around.size }
  const loop = looping(compiler.compile(expr.range, outer), slots)
  return (
    quantifier(compiler, expr, inside, loop) ??
    gathering(compiler, expr, inside, loop) ??
    general(compiler, expr, outer, around, inside, slots, loop)
  )
}

/** A value with a name, computed once, when it is first needed. */
function binding(compiler: Compiler, expr: Comprehension, outer: Scope, around: Scope, slots: Slots): Compiled {
  const init = compiler.compile(expr.init, outer)
  const result = compiler.compile(expr.result, around)
  return (frame) => {
    spend(frame, LIST_CREATE)
    try {
      frame.locals[slots.accu] = init(frame)
    } catch (error) {
      if (!(error instanceof CelError)) throw error
      frame.locals[slots.accu] = new ErrorHolder(error)
    }
    return result(frame)
  }
}

function looping(range: Compiled, slots: Slots): Loop {
  const { first, second } = slots
  return (frame, step, start) => {
    const value = range(frame)
    const { locals } = frame
    start?.()
    if (value instanceof CelList) {
      for (let i = 0; i < value.size; i++) {
        if (second === undefined) locals[first] = value.at(i)
        else {
          locals[first] = i
          locals[second] = value.at(i)
        }
        if (!step()) return
      }
      return
    }
    if (!(value instanceof CelMap)) throw noSuchOverload()
    for (const key of value.keys()) {
      locals[first] = key
      if (second !== undefined) locals[second] = value.get(key) as Value
      if (!step()) return
    }
  }
}

const isAccu = (expr: Expr | undefined, comprehension: Comprehension): boolean =>
  expr?.kind === 'ident' && expr.name === comprehension.accuVar

/** `all` and `exists`: the first that decides ends the loop; a failure counts only if none decides. */
function quantifier(compiler: Compiler, expr: Comprehension, inside: Scope, loop: Loop): Compiled | undefined {
  const { condition, step } = expr
  if (condition.kind !== 'call' || condition.fn !== OP.notStrictlyFalse || step.kind !== 'call') return undefined
  if ((step.fn !== OP.and && step.fn !== OP.or) || !isAccu(step.args[0], expr) || !isAccu(expr.result, expr)) return undefined
  const decisive = step.fn === OP.or
  const predicate = compiler.compile(step.args[1] as Expr, inside)
  const overhead = decisive ? 4 : 3
  return (frame) => {
    let decided = false
    let failure: CelError | undefined
    loop(frame, () => {
      spend(frame, overhead)
      try {
        const value = predicate(frame)
        if (value === decisive) {
          decided = true
          return false
        }
        if (typeof value !== 'boolean') failure = noSuchOverload()
      } catch (error) {
        if (!(error instanceof CelError)) throw error
        failure = error
      }
      return true
    })
    spend(frame, 1)
    if (decided) return decisive
    if (failure !== undefined) throw failure
    return !decisive
  }
}

/** `map`, `filter` and `transformList`: items are pushed, where `accu + [item]` would copy the list each time. */
function gathering(compiler: Compiler, expr: Comprehension, inside: Scope, loop: Loop): Compiled | undefined {
  const { init, condition, step } = expr
  if (init.kind !== 'list' || init.elements.length > 0 || condition.kind !== 'literal' || condition.value !== true)
    return undefined
  if (!isAccu(expr.result, expr) || step.kind !== 'call') return undefined
  const filtered = step.fn === OP.conditional && isAccu(step.args[2], expr)
  const add = filtered ? step.args[1] : step
  if (add?.kind !== 'call' || add.fn !== OP.add || !isAccu(add.args[0], expr)) return undefined
  const item = add.args[1]
  if (item?.kind !== 'list' || item.elements.length !== 1 || item.optional.size > 0) return undefined
  const filter = filtered ? compiler.compile(step.args[0] as Expr, inside) : undefined
  const transform = compiler.compile(item.elements[0] as Expr, inside)
  return (frame) => {
    spend(frame, LIST_CREATE)
    const items: Value[] = []
    loop(frame, () => {
      const keep = filter === undefined ? true : filter(frame)
      if (typeof keep !== 'boolean') throw noSuchOverload()
      spend(frame, keep ? LIST_CREATE + 2 : 1)
      if (keep) items.push(transform(frame))
      return true
    })
    spend(frame, 1)
    return new ArrayList(items)
  }
}

function general(
  compiler: Compiler,
  expr: Comprehension,
  outer: Scope,
  around: Scope,
  inside: Scope,
  slots: Slots,
  loop: Loop,
): Compiled {
  const init = compiler.compile(expr.init, outer)
  const condition = compiler.compile(expr.condition, inside)
  const step = compiler.compile(expr.step, inside)
  const result = compiler.compile(expr.result, around)
  return (frame) => {
    const { locals } = frame
    const next = (): boolean => {
      if (condition(frame) !== true) return false
      locals[slots.accu] = step(frame)
      return true
    }
    loop(frame, next, () => {
      locals[slots.accu] = init(frame)
    })
    return result(frame)
  }
}
