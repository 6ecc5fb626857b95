import type { Value } from './values.ts'

interface Node {
  /** Unique within one expression; the checker's types are kept by it. */
  readonly id: number
  /** Offset in the source, in UTF-16 units. */
  readonly pos: number
}

export interface Literal extends Node {
  readonly kind: 'literal'
  readonly value: Value
}
export interface Ident extends Node {
  readonly kind: 'ident'
  readonly name: string
}
export interface Select extends Node {
  readonly kind: 'select'
  readonly operand: Expr
  readonly field: string
  /** has(operand.field) */
  readonly testOnly: boolean
}
export interface Call extends Node {
  readonly kind: 'call'
  readonly fn: string
  readonly target: Expr | undefined
  readonly args: readonly Expr[]
}
export interface ListLiteral extends Node {
  readonly kind: 'list'
  readonly elements: readonly Expr[]
  /** Indices written `?element`. */
  readonly optional: ReadonlySet<number>
}
export interface MapEntry extends Node {
  readonly key: Expr
  readonly value: Expr
  readonly optional: boolean
}
export interface MapLiteral extends Node {
  readonly kind: 'map'
  readonly entries: readonly MapEntry[]
}
export interface FieldEntry extends Node {
  readonly field: string
  readonly value: Expr
  readonly optional: boolean
}
export interface StructLiteral extends Node {
  readonly kind: 'struct'
  readonly typeName: string
  readonly fields: readonly FieldEntry[]
}
export interface Comprehension extends Node {
  readonly kind: 'comprehension'
  readonly range: Expr
  readonly iterVar: string
  readonly iterVar2: string | undefined
  readonly accuVar: string
  readonly init: Expr
  readonly condition: Expr
  readonly step: Expr
  readonly result: Expr
}

export type Expr = Literal | Ident | Select | Call | ListLiteral | MapLiteral | StructLiteral | Comprehension

/** The direct children of `expr`, in source order. */
function children(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'literal':
    case 'ident':
      return []
    case 'select':
      return [expr.operand]
    case 'call':
      return expr.target === undefined ? expr.args : [expr.target, ...expr.args]
    case 'list':
      return expr.elements
    case 'map':
      return expr.entries.flatMap((entry) => [entry.key, entry.value])
    case 'struct':
      return expr.fields.map((field) => field.value)
    case 'comprehension':
      return [expr.range, expr.init, expr.condition, expr.step, expr.result]
  }
}

/** Calls `visit` on `expr` and all below it, parents first. */
export function walk(expr: Expr, visit: (expr: Expr, ancestors: readonly Expr[]) => void, ancestors: readonly Expr[] = []): void {
  visit(expr, ancestors)
  const path = [...ancestors, expr]
  for (const child of children(expr)) walk(child, visit, path)
}

/** The terms of a chain of `||`, `&&` and `?:`, each followed by the parts of the chain that it completes: a long expression is little else. */
export function chainOf(expr: Expr): Expr[] {
  const parts: Expr[] = []
  const open: Expr[] = [expr]
  // Parents before their children from right to left, and all of it turned around.
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    parts.push(next)
    if (next.kind === 'call' && chained.has(next.fn)) open.push(...next.args)
  }
  return parts.reverse()
}

/** 'a.b.c' of a chain of plain selects, else undefined. */
export function qualifiedName(expr: Expr): string | undefined {
  if (expr.kind === 'ident') return expr.name
  if (expr.kind !== 'select' || expr.testOnly) return undefined
  const prefix = qualifiedName(expr.operand)
  return prefix === undefined ? undefined : `${prefix}.${expr.field}`
}

/** Operators as functions, under the names that error messages show. */
export const OP = {
  and: '_&&_',
  or: '_||_',
  not: '!_',
  negate: '-_',
  conditional: '_?_:_',
  equals: '_==_',
  notEquals: '_!=_',
  less: '_<_',
  lessEquals: '_<=_',
  greater: '_>_',
  greaterEquals: '_>=_',
  add: '_+_',
  subtract: '_-_',
  multiply: '_*_',
  divide: '_/_',
  modulo: '_%_',
  in: '@in',
  index: '_[_]',
  optIndex: '_[?_]',
  optSelect: '_?._',
  notStrictlyFalse: '@not_strictly_false',
} as const

/** The name of the hidden variable that macros accumulate into. */
export const ACCUMULATOR = '@result'

const chained: ReadonlySet<string> = new Set([OP.or, OP.and, OP.conditional])
