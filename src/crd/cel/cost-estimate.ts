import type { Steps } from '../../apimachinery/steps.ts'
import { type Call, type Comprehension, chainOf, type Expr, OP } from './ast.ts'
import { type Checked, chainStep } from './checker.ts'
import {
  add,
  fixed,
  LIST_CREATE,
  MAP_CREATE,
  multiply,
  ONE,
  type Range,
  STRUCT_CREATE,
  UNBOUNDED,
  UNKNOWN,
  union,
  ZERO,
} from './cost-range.ts'
import type { Overload } from './environment.ts'
import { type CelType, DYN, isOptional } from './types.ts'
import { CelList, CelMap, type Value } from './values.ts'

/** An operand, as the cost of a call sees it. */
export interface Operand {
  /** The path of declared fields that leads to it, e.g. ['self', 'spec', '@items']; undefined when none does. */
  readonly path: readonly string[] | undefined
  readonly type: CelType
  /** undefined: an element of an operand. */
  readonly expr: Expr | undefined
  /** Known from the expression itself. */
  readonly size: Range | undefined
  readonly entrySize: EntrySize | undefined
}

/** What a call costs beside its operands, and how large its result is. */
export interface CallEstimate {
  readonly cost: Range
  readonly size?: Range
}

export type CallEstimator = (operands: readonly Operand[], sizes: Sizes) => CallEstimate | undefined

/** The size of what is declared outside of the expression; undefined when it says nothing of it. */
export type DeclaredSize = (operand: { path: readonly string[] | undefined; type: CelType }) => Range | undefined

export interface Sizes {
  of(operand: Operand): Range
  declared: DeclaredSize
}

interface EntrySize {
  readonly container: 'list' | 'map'
  readonly key: Range
  readonly value: Range
}

interface LocalVariable {
  readonly path: readonly string[] | undefined
  readonly size: Range | undefined
  readonly entrySize: EntrySize | undefined
}

/** What running `checked` can cost at least and at most, in units of roughly 50 ns, before it is run. */
export function* estimateCost(checked: Checked, declaredSize: DeclaredSize): Steps<Range> {
  const coster = new Coster(checked, declaredSize)
  let cost = ZERO
  for (const [i, part] of chainOf(checked.expr).entries()) {
    if (i % chainStep === chainStep - 1) yield
    cost = coster.costAhead(part)
  }
  return cost
}

class Coster {
  private readonly ahead = new Map<Expr, Range>()
  private readonly checked: Checked
  private readonly declared: DeclaredSize
  private readonly paths = new Map<number, readonly string[]>()
  private readonly computed = new Map<number, Range>()
  private readonly entries = new Map<number, EntrySize>()
  private readonly locals = new Map<string, LocalVariable[]>()
  private readonly sizes: Sizes

  constructor(checked: Checked, declared: DeclaredSize) {
    this.checked = checked
    this.declared = declared
    this.sizes = { declared, of: (operand) => operand.size ?? declared(operand) ?? UNKNOWN }
  }

  /** The cost of a part of a chain, told before that of what it is a part of. */
  costAhead(part: Expr): Range {
    const cost = this.cost(part)
    this.ahead.set(part, cost)
    return cost
  }

  cost(expr: Expr): Range {
    return this.ahead.get(expr) ?? this.costOf(expr)
  }

  private costOf(expr: Expr): Range {
    switch (expr.kind) {
      case 'literal':
        return ZERO
      case 'ident':
        return this.ident(expr.id, expr.name)
      case 'select':
        return this.select(expr)
      case 'call':
        return this.call(expr)
      case 'list':
        return this.list(expr)
      case 'map':
        return this.map(expr)
      case 'struct':
        return expr.fields.reduce((sum, field) => add(sum, this.cost(field.value)), fixed(STRUCT_CREATE))
      case 'comprehension':
        return isBinding(expr) ? this.binding(expr) : this.comprehension(expr)
    }
  }

  private typeOf(expr: Expr): CelType {
    return this.checked.types.get(expr.id) ?? DYN
  }

  private local(name: string): LocalVariable | undefined {
    return this.locals.get(name)?.at(-1)
  }

  private within<T>(variables: readonly (readonly [string, LocalVariable])[], run: () => T): T {
    for (const [name, variable] of variables) this.locals.set(name, [...(this.locals.get(name) ?? []), variable])
    const result = run()
    for (const [name] of variables) this.locals.get(name)?.pop()
    return result
  }

  private ident(id: number, name: string): Range {
    this.paths.set(id, this.local(name)?.path ?? [this.checked.idents.get(id)?.name ?? name])
    return ONE
  }

  private pathOf(expr: Expr): readonly string[] {
    const local = expr.kind === 'ident' ? this.local(expr.name) : undefined
    return (local === undefined ? this.paths.get(expr.id) : local.path) ?? []
  }

  private select(expr: Expr & { kind: 'select' }): Range {
    const name = this.checked.idents.get(expr.id)
    if (name !== undefined) return this.ident(expr.id, name.name)
    const operand = this.cost(expr.operand)
    if (expr.testOnly) return operand
    this.paths.set(expr.id, [...this.pathOf(expr.operand), expr.field])
    return ['map', 'struct', 'param'].includes(this.typeOf(expr.operand).kind) ? add(operand, ONE) : operand
  }

  private call(expr: Call): Range {
    const resolved = this.checked.calls.get(expr.id)
    if (expr.fn === 'dyn') {
      const arg = expr.args[0] as Expr
      const cost = this.cost(arg)
      this.copySizes(expr, arg)
      return add(cost, ONE)
    }
    const target = resolved?.namespaced ? undefined : expr.target
    const args = target === undefined ? expr.args : [...expr.args, target]
    const costs = args.map((arg) => this.cost(arg))
    if (resolved === undefined || resolved.overloads.length === 0) return ZERO
    // Only now, as the paths and sizes of the arguments come from costing them.
    const operands = args.map((arg) => this.operand(arg))
    if (target !== undefined) operands.unshift(operands.pop() as Operand)
    let total: Range = { min: UNBOUNDED, max: 0 }
    let size: Range | undefined
    for (const overload of resolved.overloads) {
      const estimate = this.overload(expr, overload, operands, costs)
      total = union(total, estimate.cost)
      if (estimate.size !== undefined) size = size === undefined ? estimate.size : union(size, estimate.size)
      const item = INDEX_PATHS[overload.id]
      if (item !== undefined) {
        size = this.entrySizeOf(expr.args[0] as Expr)?.value
        this.paths.set(expr.id, [...this.pathOf(expr.args[0] as Expr), item])
      }
      size ??= this.sizeOf(expr)
    }
    if (size !== undefined) this.computed.set(expr.id, size)
    return total
  }

  private overload(expr: Call, overload: Overload, operands: readonly Operand[], costs: readonly Range[]): CallEstimate {
    if (expr.fn === OP.and || expr.fn === OP.or) {
      const [left, right] = costs as [Range, Range]
      return { cost: { min: left.min, max: add(left, right).max } }
    }
    if (expr.fn === OP.conditional) return this.conditional(expr, costs)
    if (overload.id.startsWith('add_')) this.joinEntrySizes(expr)
    const sum = costs.reduce(add, ZERO)
    const own = overload.estimate?.(operands, this.sizes) ?? { cost: ONE }
    return { ...own, cost: add(own.cost, sum) }
  }

  private conditional(expr: Call, costs: readonly Range[]): CallEstimate {
    const [condition, ifTrue, ifFalse] = costs as [Range, Range, Range]
    const [, left, right] = expr.args as [Expr, Expr, Expr]
    const entrySize = unionEntries(this.entrySizeOf(left), this.entrySizeOf(right))
    if (entrySize !== undefined) this.entries.set(expr.id, entrySize)
    return {
      cost: add(condition, union(ifTrue, ifFalse)),
      size: union(this.sizeOf(left) ?? UNKNOWN, this.sizeOf(right) ?? UNKNOWN),
    }
  }

  private joinEntrySizes(expr: Call): void {
    const [left, right] = expr.args as [Expr, Expr]
    const entrySize = unionEntries(this.entrySizeOf(left), this.entrySizeOf(right))
    if (entrySize !== undefined) this.entries.set(expr.id, entrySize)
  }

  private list(expr: Expr & { kind: 'list' }): Range {
    let sum = ZERO
    let item: Range = { min: expr.elements.length === 0 ? 0 : UNBOUNDED, max: 0 }
    for (const element of expr.elements) {
      sum = add(sum, this.cost(element))
      item = union(item, this.sizeOf(element) ?? UNKNOWN)
    }
    this.entries.set(expr.id, { container: 'list', key: ONE, value: item })
    return add(sum, fixed(LIST_CREATE))
  }

  private map(expr: Expr & { kind: 'map' }): Range {
    const none: Range = { min: expr.entries.length === 0 ? 0 : UNBOUNDED, max: 0 }
    let [sum, key, value] = [ZERO, none, none]
    for (const entry of expr.entries) {
      sum = add(add(sum, this.cost(entry.key)), this.cost(entry.value))
      key = union(key, this.sizeOf(entry.key) ?? UNKNOWN)
      value = union(value, this.sizeOf(entry.value) ?? UNKNOWN)
    }
    this.entries.set(expr.id, { container: 'map', key, value })
    return add(sum, fixed(MAP_CREATE))
  }

  private comprehension(expr: Comprehension): Range {
    const before = add(this.cost(expr.range), this.cost(expr.init))
    const { perItem, result } = this.within([[expr.accuVar, this.bound(expr.init)]], () => {
      const perItem = this.within(this.iterationVariables(expr), () => {
        const condition = this.cost(expr.condition)
        return add(this.cost(expr.step), condition)
      })
      return { perItem, result: this.cost(expr.result) }
    })
    const count = this.sizeOf(expr.range) ?? UNKNOWN
    if (expr.init.kind === 'literal') {
      const size = this.sizeOf(expr.init)
      if (size !== undefined) this.computed.set(expr.id, size)
    } else if (expr.init.kind === 'list' || expr.init.kind === 'map') {
      this.computed.set(expr.id, count)
      const step = this.entrySizeOf(expr.step)
      if (step !== undefined) this.entries.set(expr.id, step)
    }
    return add(add(before, result), multiply(count, perItem))
  }

  private iterationVariables(expr: Comprehension): [string, LocalVariable][] {
    const entry = this.entrySizeOf(expr.range)
    const overList = (entry?.container ?? this.typeOf(expr.range).kind) === 'list'
    const path = this.pathOf(expr.range)
    const variable = (item: string, size: Range | undefined): LocalVariable => ({
      path: [...path, item],
      size,
      entrySize: undefined,
    })
    const value = variable(overList ? '@items' : '@values', entry?.value)
    if (expr.iterVar2 !== undefined) {
      return [
        [expr.iterVar, variable(overList ? '@indices' : '@keys', entry?.key)],
        [expr.iterVar2, value],
      ]
    }
    return [[expr.iterVar, overList ? value : variable('@keys', entry?.key)]]
  }

  private binding(expr: Comprehension): Range {
    const before = add(this.cost(expr.range), this.cost(expr.init))
    const result = this.within([[expr.accuVar, this.bound(expr.init)]], () => {
      const cost = this.cost(expr.result)
      this.copySizes(expr, expr.result)
      return cost
    })
    return add(before, result)
  }

  private bound(expr: Expr): LocalVariable {
    return { path: this.pathOf(expr), size: this.sizeOf(expr), entrySize: this.entrySizeOf(expr) }
  }

  private operand(expr: Expr): Operand {
    const path = this.pathOf(expr)
    const named = path.length > 0 && path[0] !== '@result' ? path : undefined
    return { path: named, type: this.typeOf(expr), expr, size: this.sizeOf(expr), entrySize: this.entrySizeOf(expr) }
  }

  private copySizes(to: Expr, from: Expr): void {
    const size = this.sizeOf(from)
    if (size !== undefined) this.computed.set(to.id, size)
    const entrySize = this.entrySizeOf(from)
    if (entrySize !== undefined) this.entries.set(to.id, entrySize)
  }

  private sizeOf(expr: Expr): Range | undefined {
    const known = this.computed.get(expr.id) ?? literalSize(expr)
    if (known !== undefined) return known
    const type = this.typeOf(expr)
    const declared = this.declared({ path: this.pathOf(expr), type })
    if (declared !== undefined) {
      this.computed.set(expr.id, declared)
      return declared
    }
    if (isScalar(type)) return ONE
    return expr.kind === 'ident' ? this.local(expr.name)?.size : undefined
  }

  private entrySizeOf(expr: Expr): EntrySize | undefined {
    return this.entries.get(expr.id) ?? (expr.kind === 'ident' ? this.local(expr.name)?.entrySize : undefined)
  }
}

const INDEX_PATHS: Readonly<Record<string, string>> = { index_list: '@items', index_map: '@values' }

const unionEntries = (a: EntrySize | undefined, b: EntrySize | undefined): EntrySize | undefined =>
  a && b && { container: a.container, key: union(a.key, b.key), value: union(a.value, b.value) }

/** `cel.bind` and optMap are comprehensions over nothing that name a value. */
export function isBinding(expr: Comprehension): boolean {
  const { range, condition } = expr
  return range.kind === 'list' && range.elements.length === 0 && condition.kind === 'literal' && condition.value === false
}

function literalSize(expr: Expr): Range | undefined {
  if (expr.kind === 'literal') return fixed(actualSize(expr.value))
  if (expr.kind === 'list') return fixed(expr.elements.length)
  return expr.kind === 'map' ? fixed(expr.entries.length) : undefined
}

function isScalar(type: CelType): boolean {
  if (['bool', 'double', 'duration', 'int', 'timestamp', 'uint'].includes(type.kind)) return true
  return isOptional(type) && isScalar(type.params[0] as CelType)
}

/** What `size()` says of strings (code points), bytes, lists and maps; 1 for all else. */
export function actualSize(value: Value): number {
  if (typeof value === 'string') return codePoints(value)
  if (value instanceof Uint8Array) return value.length
  if (value instanceof CelList || value instanceof CelMap) return value.size
  if (typeof value === 'object' && value !== null && 'costSize' in value) return value.costSize
  return 1
}

const SURROGATE = /[\ud800-\udbff][\udc00-\udfff]/g

export function codePoints(text: string): number {
  const pairs = text.match(SURROGATE)
  return pairs === null ? text.length : text.length - pairs.length
}
