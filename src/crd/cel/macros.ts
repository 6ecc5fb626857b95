import {
  ACCUMULATOR,
  type Call,
  type Comprehension,
  type Expr,
  type FieldEntry,
  type Ident,
  type ListLiteral,
  type Literal,
  type MapEntry,
  type MapLiteral,
  OP,
  type Select,
  type StructLiteral,
} from './ast.ts'
import type { Value } from './values.ts'

/** The macro was recognized, but its arguments are not what it takes. */
export class MacroError extends Error {
  readonly pos: number
  constructor(pos: number, message: string) {
    super(message)
    this.pos = pos
  }
}

/** Makes nodes with fresh ids. `at(pos)` is a view that puts the nodes of a macro where the macro was called. */
export class NodeFactory {
  private readonly ids: { next: number }
  private readonly fixed: number | undefined

  constructor(ids: { next: number } = { next: 1 }, fixed?: number) {
    this.ids = ids
    this.fixed = fixed
  }

  at(pos: number): NodeFactory {
    return new NodeFactory(this.ids, pos)
  }

  private node(pos: number): { id: number; pos: number } {
    return { id: this.ids.next++, pos: this.fixed ?? pos }
  }

  literal(pos: number, value: Value): Literal {
    return { ...this.node(pos), kind: 'literal', value }
  }
  ident(pos: number, name: string): Ident {
    return { ...this.node(pos), kind: 'ident', name }
  }
  select(pos: number, operand: Expr, field: string, testOnly = false): Select {
    return { ...this.node(pos), kind: 'select', operand, field, testOnly }
  }
  call(pos: number, fn: string, args: readonly Expr[], target?: Expr): Call {
    return { ...this.node(pos), kind: 'call', fn, target, args }
  }
  list(pos: number, elements: readonly Expr[], optional: ReadonlySet<number> = new Set()): ListLiteral {
    return { ...this.node(pos), kind: 'list', elements, optional }
  }
  entry(pos: number, key: Expr, value: Expr, optional: boolean): MapEntry {
    return { ...this.node(pos), key, value, optional }
  }
  map(pos: number, entries: readonly MapEntry[]): MapLiteral {
    return { ...this.node(pos), kind: 'map', entries }
  }
  field(pos: number, field: string, value: Expr, optional: boolean): FieldEntry {
    return { ...this.node(pos), field, value, optional }
  }
  struct(pos: number, typeName: string, fields: readonly FieldEntry[]): StructLiteral {
    return { ...this.node(pos), kind: 'struct', typeName, fields }
  }
  comprehension(parts: Omit<Comprehension, 'id' | 'pos' | 'kind'>): Comprehension {
    return { ...this.node(0), kind: 'comprehension', ...parts }
  }

  accu(): Ident {
    return this.ident(0, ACCUMULATOR)
  }

  /** The same expression with fresh ids, where it was. */
  copy(expr: Expr): Expr {
    const id = this.ids.next++
    const again = (child: Expr): Expr => this.copy(child)
    switch (expr.kind) {
      case 'literal':
      case 'ident':
        return { ...expr, id }
      case 'select':
        return { ...expr, id, operand: again(expr.operand) }
      case 'call':
        return { ...expr, id, target: expr.target && again(expr.target), args: expr.args.map(again) }
      case 'list':
        return { ...expr, id, elements: expr.elements.map(again) }
      case 'map':
        return {
          ...expr,
          id,
          entries: expr.entries.map((entry) => ({
            ...entry,
            id: this.ids.next++,
            key: again(entry.key),
            value: again(entry.value),
          })),
        }
      case 'struct':
        return { ...expr, id, fields: expr.fields.map((field) => ({ ...field, id: this.ids.next++, value: again(field.value) })) }
      case 'comprehension':
        return {
          ...expr,
          id,
          range: again(expr.range),
          init: again(expr.init),
          condition: again(expr.condition),
          step: again(expr.step),
          result: again(expr.result),
        }
    }
  }
}

/** undefined: leave the call as it is. */
export type Macro = (make: NodeFactory, target: Expr | undefined, args: readonly Expr[]) => Expr | undefined

/** By `<name>:<number of arguments>:<receiver style>`. */
export type Macros = ReadonlyMap<string, Macro>

export const receiverMacro = (name: string, args: number, macro: Macro): [string, Macro] => [`${name}:${args}:true`, macro]
const globalMacro = (name: string, args: number, macro: Macro): [string, Macro] => [`${name}:${args}:false`, macro]

export function findMacro(macros: Macros, call: Call): Macro | undefined {
  return macros.get(`${call.fn}:${call.args.length}:${call.target !== undefined}`)
}

const has: Macro = (make, _target, args) => {
  const arg = args[0] as Expr
  if (arg.kind !== 'select') throw new MacroError(arg.pos, 'invalid argument to has() macro')
  return make.select(0, arg.operand, arg.field, true)
}

function loopVariable(arg: Expr, complaint: string): string {
  if (arg.kind !== 'ident') throw new MacroError(arg.pos, complaint)
  if (arg.name === ACCUMULATOR || arg.name === '__result__') {
    throw new MacroError(arg.pos, 'iteration variable overwrites accumulator variable')
  }
  return arg.name
}

/** The variables of a macro with `count` of them, which come first among its arguments. */
function loopVariables(
  args: readonly Expr[],
  count: 1 | 2,
  complaint: string,
): { iterVar: string; iterVar2: string | undefined } {
  const first = args[0] as Expr
  if (count === 1) return { iterVar: loopVariable(first, complaint), iterVar2: undefined }
  const second = args[1] as Expr
  for (const arg of [first, second]) if (arg.kind !== 'ident') throw new MacroError(arg.pos, complaint)
  const names = { iterVar: (first as Ident).name, iterVar2: (second as Ident).name }
  if (names.iterVar === names.iterVar2) throw new MacroError(second.pos, `duplicate variable name: ${names.iterVar}`)
  return { iterVar: loopVariable(first, complaint), iterVar2: loopVariable(second, complaint) }
}

type Quantifier = 'all' | 'exists' | 'exists_one'

export function quantifier(kind: Quantifier, variables: 1 | 2): Macro {
  return (make, target, args) => {
    const names = loopVariables(args, variables, 'argument must be a simple name')
    const loop = { range: target as Expr, ...names, accuVar: ACCUMULATOR }
    const predicate = args[variables] as Expr
    if (kind === 'exists_one') {
      const plusOne = make.call(0, OP.add, [make.accu(), make.literal(0, 1)])
      return make.comprehension({
        ...loop,
        init: make.literal(0, 0),
        condition: make.literal(0, true),
        step: make.call(0, OP.conditional, [predicate, plusOne, make.accu()]),
        result: make.call(0, OP.equals, [make.accu(), make.literal(0, 1)]),
      })
    }
    const all = kind === 'all'
    const goOn = all ? make.accu() : make.call(0, OP.not, [make.accu()])
    return make.comprehension({
      ...loop,
      init: make.literal(0, all),
      condition: make.call(0, OP.notStrictlyFalse, [goOn]),
      step: make.call(0, all ? OP.and : OP.or, [make.accu(), predicate]),
      result: make.accu(),
    })
  }
}

/** A comprehension that goes over all and adds to an aggregate, where `filter` holds. */
export function gather(
  make: NodeFactory,
  target: Expr,
  names: { iterVar: string; iterVar2: string | undefined },
  init: Expr,
  add: Expr,
  filter: Expr | undefined,
): Comprehension {
  const step = filter === undefined ? add : make.call(0, OP.conditional, [filter, add, make.accu()])
  return make.comprehension({
    range: target,
    ...names,
    accuVar: ACCUMULATOR,
    init,
    condition: make.literal(0, true),
    step,
    result: make.accu(),
  })
}

export const map: Macro = (make, target, args) => {
  const names = loopVariables(args, 1, 'argument is not an identifier')
  const [filter, transform] = args.length === 3 ? [args[1], args[2] as Expr] : [undefined, args[1] as Expr]
  const add = make.call(0, OP.add, [make.accu(), make.list(0, [transform])])
  return gather(make, target as Expr, names, make.list(0, []), add, filter)
}

const filter: Macro = (make, target, args) => {
  const names = loopVariables(args, 1, 'argument is not an identifier')
  const add = make.call(0, OP.add, [make.accu(), make.list(0, [args[0] as Expr])])
  return gather(make, target as Expr, names, make.list(0, []), add, args[1])
}

export const STANDARD_MACROS: readonly (readonly [string, Macro])[] = [
  globalMacro('has', 1, has),
  receiverMacro('all', 2, quantifier('all', 1)),
  receiverMacro('exists', 2, quantifier('exists', 1)),
  receiverMacro('exists_one', 2, quantifier('exists_one', 1)),
  receiverMacro('existsOne', 2, quantifier('exists_one', 1)),
  receiverMacro('map', 2, map),
  receiverMacro('map', 3, map),
  receiverMacro('filter', 2, filter),
]

export { loopVariables }
