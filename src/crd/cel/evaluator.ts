import { type Call, type Expr, OP, qualifiedName } from './ast.ts'
import type { Checked, ResolvedCall } from './checker.ts'
import { compileComprehension } from './comprehension.ts'
import { LIST_CREATE, MAP_CREATE, STRUCT_CREATE } from './cost-range.ts'
import { direct, dispatching, equalityCost, lazyOptional } from './dispatch.ts'
import { candidateNames, type Environment, lookupGlobal } from './environment.ts'
import { equals } from './equality.ts'
import { type Bindings, type Compiled, ErrorHolder, spend } from './frame.ts'
import { pattern } from './library/patterns.ts'
import { hasField, indexValue, optionalIndex, optionalSelect, selectField } from './selection.ts'
import { type CelType, DYN, isDyn } from './types.ts'
import { ArrayList, CelError, CelOptional, CelUint, LiteralMap, mapKey, noSuchOverload, type Value } from './values.ts'

/** Where a name lives while it is compiled: the slots of the enclosing comprehensions. */
export interface Scope {
  readonly slots: ReadonlyMap<string, number>
  readonly size: number
}

/** What cel-go's planner does ahead when it is done to a constant. */
const conversions: ReadonlySet<string> = new Set([
  'bool',
  'bytes',
  'double',
  'duration',
  'dyn',
  'int',
  'string',
  'timestamp',
  'type',
  'uint',
])

/** A conversion of a constant that fails, and with it the whole expression. */
export class BrokenConstant extends Error {}

/** cel-go compiles the patterns of Kubernetes' own functions when it makes a program, where they are constants. */
function compilePattern(argument: Expr | undefined): void {
  if (argument?.kind !== 'literal' || typeof argument.value !== 'string') return
  try {
    pattern(argument.value)
  } catch (error) {
    throw error instanceof CelError ? new BrokenConstant(error.message) : error
  }
}

/** Turns a checked expression (or, with `checked` undefined, one that was only parsed) into a closure. */
export class Compiler {
  readonly environment: Environment
  readonly checked: Checked | undefined
  private readonly ahead = new Map<Expr, Compiled>()
  /** What was compiled of constants, and of conversions of them. */
  private readonly constants = new WeakSet<Compiled>()

  constructor(environment: Environment, checked: Checked | undefined) {
    this.environment = environment
    this.checked = checked
  }

  /** Compiles a part of a chain before what it is a part of. */
  compileAhead(part: Expr, scope: Scope): Compiled {
    const run = this.compile(part, scope)
    this.ahead.set(part, run)
    return run
  }

  compile(expr: Expr, scope: Scope): Compiled {
    return this.ahead.get(expr) ?? this.compiled(expr, scope)
  }

  private compiled(expr: Expr, scope: Scope): Compiled {
    switch (expr.kind) {
      case 'literal':
        return this.constant(expr.value)
      case 'ident':
        return this.ident(expr.id, expr.name, scope)
      case 'select':
        return this.select(expr, scope)
      case 'call':
        return this.call(expr, scope)
      case 'list':
        return this.list(expr, scope)
      case 'map':
        return this.map(expr, scope)
      case 'struct':
        return this.struct(expr, scope)
      case 'comprehension':
        return compileComprehension(this, expr, scope)
    }
  }

  private constant(value: Value): Compiled {
    const run: Compiled = () => value
    this.constants.add(run)
    return run
  }

  private ident(id: number, name: string, scope: Scope): Compiled {
    const slot = scope.slots.get(name)
    if (slot !== undefined) {
      return (frame) => {
        spend(frame, 1)
        const value = frame.locals[slot]
        if (value instanceof ErrorHolder) throw value.error
        return value as Value
      }
    }
    const resolved = this.checked?.idents.get(id)
    return resolved === undefined ? this.uncheckedName(name) : this.global(resolved.name, resolved.typeValue)
  }

  private global(name: string, typeValue: CelType | undefined): Compiled {
    if (typeValue !== undefined) return () => typeValue
    return (frame) => {
      spend(frame, 1)
      const value = bindingOf(frame.bindings, name)
      if (value === undefined) throw new CelError(`no such attribute(s): ${name}`)
      return value
    }
  }

  private uncheckedName(name: string): Compiled {
    const candidates = candidateNames(this.environment.container, name)
    return (frame) => {
      spend(frame, 1)
      for (const candidate of candidates) {
        const value = bindingOf(frame.bindings, candidate) ?? lookupGlobal(this.environment, candidate)?.typeValue
        if (value !== undefined) return value
      }
      throw new CelError(`no such attribute(s): ${candidates.join(', ')}`)
    }
  }

  private select(expr: Expr & { kind: 'select' }, scope: Scope): Compiled {
    const resolved = this.checked?.idents.get(expr.id)
    if (resolved !== undefined) return this.global(resolved.name, resolved.typeValue)
    const operand = this.compile(expr.operand, scope)
    const { field } = expr
    if (expr.testOnly) return (frame) => hasField(operand(frame), field)
    const cost = isAttribute(expr.operand) ? 1 : 2
    const plain: Compiled = (frame) => {
      const value = operand(frame)
      spend(frame, cost)
      return selectField(value, field)
    }
    const name = this.checked === undefined ? qualifiedName(expr) : undefined
    return name === undefined || scope.slots.has(name.split('.', 1)[0] as string) ? plain : this.uncheckedSelect(name, plain)
  }

  /** `a.b` may be a variable of that name, or the field `b` of `a`. */
  private uncheckedSelect(name: string, plain: Compiled): Compiled {
    const candidates = candidateNames(this.environment.container, name)
    return (frame) => {
      for (const candidate of candidates) {
        const value = bindingOf(frame.bindings, candidate) ?? lookupGlobal(this.environment, candidate)?.typeValue
        if (value !== undefined) return value
      }
      return plain(frame)
    }
  }

  private call(expr: Call, scope: Scope): Compiled {
    switch (expr.fn) {
      case OP.and:
      case OP.or:
        return this.logical(expr, scope, expr.fn === OP.or)
      case OP.conditional:
        return this.conditional(expr, scope)
      case OP.notStrictlyFalse:
        return this.notStrictlyFalse(expr, scope)
      case OP.index:
      case OP.optIndex:
        return this.index(expr, scope)
      case OP.optSelect:
        return this.optionalSelect(expr, scope)
      case OP.equals:
      case OP.notEquals:
        return this.equality(expr, scope)
      default:
        return this.function(expr, scope)
    }
  }

  private args(expr: Call, scope: Scope): Compiled[] {
    return expr.args.map((arg) => this.compile(arg, scope))
  }

  /** Either side may decide alone, even when the other fails. */
  private logical(expr: Call, scope: Scope, decisive: boolean): Compiled {
    const [left, right] = this.args(expr, scope) as [Compiled, Compiled]
    return (frame) => {
      let failure: CelError | undefined
      try {
        const value = left(frame)
        if (value === decisive) return decisive
        if (typeof value !== 'boolean') failure = noSuchOverload()
      } catch (error) {
        if (!(error instanceof CelError)) throw error
        failure = error
      }
      const value = right(frame)
      if (value === decisive) return decisive
      if (failure !== undefined) throw failure
      if (typeof value !== 'boolean') throw noSuchOverload()
      return !decisive
    }
  }

  private conditional(expr: Call, scope: Scope): Compiled {
    const [condition, ifTrue, ifFalse] = this.args(expr, scope) as [Compiled, Compiled, Compiled]
    return (frame) => {
      const value = condition(frame)
      if (typeof value !== 'boolean') throw noSuchOverload()
      return value ? ifTrue(frame) : ifFalse(frame)
    }
  }

  private notStrictlyFalse(expr: Call, scope: Scope): Compiled {
    const [arg] = this.args(expr, scope) as [Compiled]
    return (frame) => {
      spend(frame, 1)
      try {
        return arg(frame) !== false
      } catch (error) {
        if (error instanceof CelError) return true
        throw error
      }
    }
  }

  private index(expr: Call, scope: Scope): Compiled {
    const [operand, index] = this.args(expr, scope) as [Compiled, Compiled]
    const cost = isAttribute(expr.args[0] as Expr) ? 1 : 2
    const get = expr.fn === OP.index ? indexValue : optionalIndex
    return (frame) => {
      const value = operand(frame)
      const key = index(frame)
      spend(frame, cost)
      return get(value, key)
    }
  }

  private optionalSelect(expr: Call, scope: Scope): Compiled {
    const [operand, field] = this.args(expr, scope) as [Compiled, Compiled]
    return (frame) => {
      const value = operand(frame)
      spend(frame, 1)
      return optionalSelect(value, field(frame) as string)
    }
  }

  private equality(expr: Call, scope: Scope): Compiled {
    const [left, right] = this.args(expr, scope) as [Compiled, Compiled]
    const wanted = expr.fn === OP.equals
    const cost = this.checked?.calls.get(expr.id)?.overloads[0]?.cost ?? equalityCost
    return (frame) => {
      const a = left(frame)
      const b = right(frame)
      const result = equals(a, b) === wanted
      spend(frame, cost([a, b], result))
      return result
    }
  }

  private resolve(expr: Call): ResolvedCall {
    const resolved = this.checked?.calls.get(expr.id)
    if (resolved !== undefined) return resolved
    const { functions, container } = this.environment
    const find = (name: string): string | undefined =>
      candidateNames(container, name).find((candidate) => functions.has(candidate))
    const prefix = expr.target === undefined ? undefined : qualifiedName(expr.target)
    const namespaced = prefix === undefined ? undefined : find(`${prefix}.${expr.fn}`)
    const fn = namespaced ?? find(expr.fn) ?? expr.fn
    return { fn, overloads: functions.get(fn) ?? [], namespaced: namespaced !== undefined }
  }

  private function(expr: Call, scope: Scope): Compiled {
    const resolved = this.resolve(expr)
    const operands = resolved.namespaced || expr.target === undefined ? expr.args : [expr.target, ...expr.args]
    const args = operands.map((operand) => this.compile(operand, scope))
    if (resolved.fn === 'find' || resolved.fn === 'findAll') compilePattern(operands[1])
    if (resolved.fn === 'or' || resolved.fn === 'orValue') {
      const lazy = lazyOptional(resolved, args)
      if (lazy !== undefined) return lazy
    }
    const overloads = resolved.overloads.filter((overload) => overload.params.length === args.length)
    const [only] = overloads
    if (only === undefined) {
      const unknown = resolved.overloads.length === 0
      return () => {
        throw unknown ? new CelError(`unbound function: ${resolved.fn}`) : noSuchOverload()
      }
    }
    const call = overloads.length === 1 && this.isTyped(operands) ? direct(only, args) : dispatching(overloads, args)
    return args.length === 1 && conversions.has(resolved.fn) && this.constants.has(args[0] as Compiled)
      ? this.converted(call)
      : call
  }

  /** A conversion of a constant, made once and for all. Throws BrokenConstant. */
  private converted(call: Compiled): Compiled {
    try {
      return this.constant(call({ bindings: {}, locals: [], cost: 0, limit: Infinity }))
    } catch (error) {
      throw error instanceof CelError ? new BrokenConstant(error.message) : error
    }
  }

  /** Whether the checker knows the types of all operands, so that values need no look at run time. */
  private isTyped(operands: readonly Expr[]): boolean {
    return operands.every((operand) => {
      const type = this.checked?.types.get(operand.id) ?? DYN
      return !isDyn(type) && type.kind !== 'null' && type.kind !== 'error'
    })
  }

  private list(expr: Expr & { kind: 'list' }, scope: Scope): Compiled {
    const elements = expr.elements.map((element) => this.compile(element, scope))
    const { optional } = expr
    if (optional.size === 0) {
      return (frame) => {
        const items = elements.map((element) => element(frame))
        spend(frame, LIST_CREATE)
        return new ArrayList(items)
      }
    }
    return (frame) => {
      const items: Value[] = []
      elements.forEach((element, i) => {
        const value = element(frame)
        if (!optional.has(i)) items.push(value)
        else {
          if (!(value instanceof CelOptional))
            throw new CelError('cannot initialize optional list element from non-optional value')
          if (value.value !== undefined) items.push(value.value)
        }
      })
      spend(frame, LIST_CREATE)
      return new ArrayList(items)
    }
  }

  private map(expr: Expr & { kind: 'map' }, scope: Scope): Compiled {
    const entries = expr.entries.map((entry) => ({
      key: this.compile(entry.key, scope),
      value: this.compile(entry.value, scope),
      optional: entry.optional,
    }))
    return (frame) => {
      const pairs = new Map<unknown, readonly [Value, Value]>()
      for (const entry of entries) {
        const key = entry.key(frame)
        const value = present(entry.value(frame), entry.optional)
        const normal = mapKey(key)
        if (normal === undefined || key === null || !isMapKey(key)) throw new CelError('unsupported key type')
        if (value === undefined) continue
        // The specification wants an error for a key that is there already; cel-go takes the last.
        pairs.set(normal, [key, value])
      }
      spend(frame, MAP_CREATE)
      return new LiteralMap(pairs)
    }
  }

  private struct(expr: Expr & { kind: 'struct' }, scope: Scope): Compiled {
    const { environment } = this
    const typeName =
      this.checked?.structs.get(expr.id) ??
      candidateNames(environment.container, expr.typeName).find((name) => environment.structs.find(name) !== undefined)
    const fields = expr.fields.map((field) => ({ ...field, value: this.compile(field.value, scope) }))
    return (frame) => {
      const values = new Map<string, Value>()
      for (const field of fields) {
        const value = present(field.value(frame), field.optional)
        if (value !== undefined) values.set(field.field, value)
      }
      spend(frame, STRUCT_CREATE)
      if (typeName === undefined || environment.structs.construct === undefined)
        throw new CelError(`unknown type '${expr.typeName}'`)
      return environment.structs.construct(typeName, values)
    }
  }
}

const isMapKey = (key: Value): boolean =>
  typeof key === 'string' ||
  typeof key === 'boolean' ||
  typeof key === 'number' ||
  typeof key === 'bigint' ||
  key instanceof CelUint

/** What an entry written `?key: value` holds: nothing, when its optional is empty. */
function present(value: Value, optional: boolean): Value | undefined {
  if (!optional) return value
  if (!(value instanceof CelOptional)) throw new CelError('cannot initialize optional entry from non-optional value')
  return value.value
}

const bindingOf = (bindings: Bindings, name: string): Value | undefined =>
  Object.hasOwn(bindings, name) ? bindings[name] : undefined

/** Names and selections from them are one attribute, whose steps cost one unit each. */
function isAttribute(expr: Expr): boolean {
  if (expr.kind === 'ident') return true
  if (expr.kind === 'select') return !expr.testOnly
  return expr.kind === 'call' && [OP.index, OP.optIndex, OP.optSelect, OP.conditional].includes(expr.fn as '_[_]')
}
