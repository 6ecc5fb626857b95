import type { Steps } from '../../apimachinery/steps.ts'
import { type Call, type Comprehension, chainOf, type Expr, OP, qualifiedName } from './ast.ts'
import { candidateNames, type Environment, lookupGlobal, type Overload } from './environment.ts'
import type { Issue } from './source.ts'
import {
  BOOL,
  BYTES,
  type CelType,
  DOUBLE,
  DYN,
  ERROR,
  INT,
  isDyn,
  isOptional,
  listOf,
  mapOf,
  NULL,
  optionalOf,
  STRING,
  sameType,
  typeParam,
  UINT,
} from './types.ts'
import { assign, mostGeneral, substitute } from './unify.ts'
import { CelDouble, CelUint, type Value } from './values.ts'

/** What the names of an expression turned out to mean, and the type of each node, by node id. */
export interface Checked {
  readonly expr: Expr
  readonly types: ReadonlyMap<number, CelType>
  /** Identifiers and selects that are a variable (or constant type) of this full name. */
  readonly idents: ReadonlyMap<number, { name: string; typeValue: CelType | undefined }>
  readonly calls: ReadonlyMap<number, ResolvedCall>
  /** Message literals: the full type name. */
  readonly structs: ReadonlyMap<number, string>
}

export interface ResolvedCall {
  readonly fn: string
  /** The overloads that can apply; more than one when argument types are not known. */
  readonly overloads: readonly Overload[]
  /** `a.b(c)` where `a.b` is the name of a function: the target is no argument. */
  readonly namespaced: boolean
}

/** So many parts of a chain are looked at in one step. */
export const chainStep = 200

/** Checks `expr` against `environment`, in steps. With issues, the result is of no use. */
export function* check(expr: Expr, environment: Environment): Steps<{ checked: Checked; issues: Issue[] }> {
  const checker = new Checker(environment)
  for (const [i, part] of chainOf(expr).entries()) {
    if (i % chainStep === chainStep - 1) yield
    checker.checkAhead(part)
  }
  yield
  const { idents, calls, structs, issues } = checker
  const types = issues.length > 0 ? checker.types : yield* finalTypes(checker)
  return { checked: { expr, types, idents, calls, structs }, issues }
}

/** So many types are made final in one step. */
const typeStep = 4000

function* finalTypes({ types, subs }: Checker): Steps<Map<number, CelType>> {
  const final = new Map<number, CelType>()
  for (const [id, type] of types) {
    final.set(id, substitute(subs, type, true))
    if (final.size % typeStep === 0) yield
  }
  return final
}

interface Scope {
  readonly parent: Scope | undefined
  readonly variables: Map<string, CelType>
}

class Checker {
  readonly types = new Map<number, CelType>()
  readonly idents = new Map<number, { name: string; typeValue: CelType | undefined }>()
  readonly calls = new Map<number, ResolvedCall>()
  readonly structs = new Map<number, string>()
  readonly issues: Issue[] = []
  readonly subs = new Map<string, CelType>()
  private readonly ahead = new Map<Expr, CelType>()
  private readonly environment: Environment
  private scope: Scope | undefined
  private freshVariables = 0

  constructor(environment: Environment) {
    this.environment = environment
  }

  /** Checks a part of a chain before what it is a part of. */
  checkAhead(part: Expr): void {
    this.ahead.set(part, this.check(part))
  }

  check(expr: Expr): CelType {
    const known = this.ahead.get(expr)
    if (known !== undefined) return known
    const type = this.typeOfNode(expr)
    this.types.set(expr.id, type)
    return type
  }

  private issue(node: { pos: number }, message: string): CelType {
    this.issues.push({ pos: node.pos, message })
    return ERROR
  }

  private typeOfNode(expr: Expr): CelType {
    switch (expr.kind) {
      case 'literal':
        return literalType(expr.value)
      case 'ident':
        return this.resolveName(expr.id, expr.name) ?? this.undeclared(expr, expr.name)
      case 'select': {
        const name = qualifiedName(expr)
        const variable = name === undefined ? undefined : this.resolveName(expr.id, name)
        if (variable !== undefined) return variable
        const result = this.selectField(expr, expr.operand, expr.field, false)
        return expr.testOnly ? BOOL : substitute(this.subs, result, false)
      }
      case 'call':
        return this.call(expr)
      case 'list':
        return this.list(expr)
      case 'map':
        return this.map(expr)
      case 'struct':
        return this.struct(expr)
      case 'comprehension':
        return this.comprehension(expr)
    }
  }

  private undeclared(node: { pos: number }, name: string): CelType {
    return this.issue(node, `undeclared reference to '${name}' (in container '${this.environment.container}')`)
  }

  private resolveName(id: number, name: string): CelType | undefined {
    for (const candidate of candidateNames(this.environment.container, name)) {
      const local = name.startsWith('.') ? undefined : this.findLocal(candidate)
      const found = local === undefined ? lookupGlobal(this.environment, candidate) : { type: local }
      if (found === undefined) continue
      this.idents.set(id, { name: candidate, typeValue: 'typeValue' in found ? found.typeValue : undefined })
      return found.type
    }
    return undefined
  }

  private findLocal(name: string): CelType | undefined {
    for (let scope = this.scope; scope !== undefined; scope = scope.parent) {
      const type = scope.variables.get(name)
      if (type !== undefined) return type
    }
    return undefined
  }

  private assignable(a: CelType, b: CelType): boolean {
    return this.assignableAll([a], [b])
  }

  private assignableAll(from: readonly CelType[], to: readonly CelType[]): boolean {
    return assign(this.subs, from, to)
  }

  private freshVariable(): CelType {
    return typeParam(`_var${this.freshVariables++}`)
  }

  private selectField(at: { pos: number }, operand: Expr, field: string, optional: boolean): CelType {
    const operandType = substitute(this.subs, this.check(operand), false)
    const wrapped = isOptional(operandType)
    const target = wrapped ? (operandType.params[0] as CelType) : operandType
    const result = this.fieldType(at, target, field)
    return wrapped || optional ? optionalOf(result) : result
  }

  private fieldType(at: { pos: number }, target: CelType, field: string): CelType {
    switch (target.kind) {
      case 'map':
        return target.params[1] as CelType
      case 'struct':
        return this.lookupField(at, target.name, field) ?? ERROR
      case 'param':
        this.assignable(DYN, target)
        return DYN
      default:
        if (!isDyn(target) && target.kind !== 'error') this.issue(at, `type '${target}' does not support field selection`)
        return DYN
    }
  }

  private lookupField(at: { pos: number }, typeName: string, field: string): CelType | undefined {
    if (this.environment.structs.find(typeName) === undefined) {
      this.issue(at, `unexpected failed resolution of '${typeName}'`)
      return undefined
    }
    const type = this.environment.structs.field(typeName, field)
    if (type === undefined) this.issue(at, `undefined field '${field}'`)
    return type
  }

  private call(call: Call): CelType {
    if (call.fn === OP.optSelect) return this.optionalSelect(call)
    const args = call.args.map((arg) => this.check(arg))
    if (call.target === undefined) {
      const found = this.findFunction(call.fn)
      return found === undefined ? this.undeclared(call, call.fn) : this.resolve(call, found, args, false)
    }
    const prefix = qualifiedName(call.target)
    const namespaced = prefix === undefined ? undefined : this.findFunction(`${prefix}.${call.fn}`)
    if (namespaced !== undefined) return this.resolve(call, namespaced, args, true)
    const target = this.check(call.target)
    const found = this.findFunction(call.fn)
    return found === undefined ? this.undeclared(call, call.fn) : this.resolve(call, found, [target, ...args], false)
  }

  private optionalSelect(call: Call): CelType {
    const [operand, field] = call.args as [Expr, Expr]
    if (field.kind !== 'literal' || typeof field.value !== 'string')
      return this.issue(field, 'unsupported optional field selection')
    this.types.set(field.id, STRING)
    const result = this.selectField(call, operand, field.value, true)
    const overloads = this.environment.functions.get(OP.optSelect) ?? []
    this.calls.set(call.id, { fn: OP.optSelect, overloads, namespaced: false })
    return substitute(this.subs, result, false)
  }

  private findFunction(name: string): string | undefined {
    return candidateNames(this.environment.container, name).find((candidate) => this.environment.functions.has(candidate))
  }

  private resolve(call: Call, fn: string, args: readonly CelType[], namespaced: boolean): CelType {
    const member = call.target !== undefined && !namespaced
    const overloads: Overload[] = []
    let result: CelType | undefined
    for (const overload of this.environment.functions.get(fn) ?? []) {
      if (overload.member !== member) continue
      if (fn === OP.and || fn === OP.or) return this.logical(call, overload, args)
      const [params, returns] = this.instantiate(overload)
      if (!this.assignableAll(args, params)) continue
      overloads.push(overload)
      const type = substitute(this.subs, returns, false)
      if (result === undefined) result = type
      else if (!isDyn(result) && !sameType(type, result)) result = DYN
    }
    if (result === undefined) {
      const [first, ...rest] = args.map((type) => substitute(this.subs, type, true).toString())
      const shown = member ? `${first}.(${rest.join(', ')})` : `(${first === undefined ? '' : [first, ...rest].join(', ')})`
      return this.issue(call, `found no matching overload for '${fn}' applied to '${shown}'`)
    }
    this.calls.set(call.id, { fn, overloads, namespaced })
    return result
  }

  private logical(call: Call, overload: Overload, args: readonly CelType[]): CelType {
    let ok = true
    args.forEach((type, i) => {
      if (this.assignable(type, BOOL)) return
      ok = false
      this.issue(call.args[i] as Expr, `expected type 'bool' but found '${type}'`)
    })
    if (ok) this.calls.set(call.id, { fn: call.fn, overloads: [overload], namespaced: false })
    return ok ? BOOL : ERROR
  }

  /** The parameters and result of `overload`, its type parameters replaced by fresh variables. */
  private instantiate(overload: Overload): [readonly CelType[], CelType] {
    const names = new Set<string>()
    for (const type of [...overload.params, overload.result]) collectParams(type, names)
    if (names.size === 0) return [overload.params, overload.result]
    const fresh = new Map(Array.from(names, (name) => [name, this.freshVariable()]))
    return [overload.params.map((param) => substitute(fresh, param, false)), substitute(fresh, overload.result, false)]
  }

  /** The type inside of an element written `?element`. */
  private unwrapOptional(expr: Expr, type: CelType): CelType {
    if (isOptional(type)) return type.params[0] as CelType
    if (!isDyn(type)) this.issue(expr, `expected type '${optionalOf(type)}' but found '${type}'`)
    return type
  }

  private list(expr: Expr & { kind: 'list' }): CelType {
    let joined: CelType | undefined
    expr.elements.forEach((element, i) => {
      const type = this.check(element)
      joined = this.join(joined, expr.optional.has(i) ? this.unwrapOptional(element, type) : type)
    })
    return listOf(joined ?? this.freshVariable())
  }

  private map(expr: Expr & { kind: 'map' }): CelType {
    let key: CelType | undefined
    let value: CelType | undefined
    for (const entry of expr.entries) {
      key = this.join(key, this.check(entry.key))
      const type = this.check(entry.value)
      value = this.join(value, entry.optional ? this.unwrapOptional(entry.value, type) : type)
    }
    return mapOf(key ?? this.freshVariable(), value ?? this.freshVariable())
  }

  private join(previous: CelType | undefined, current: CelType): CelType {
    if (previous === undefined) return current
    return this.assignable(previous, current) ? mostGeneral(previous, current) : DYN
  }

  private struct(expr: Expr & { kind: 'struct' }): CelType {
    const type = this.resolveName(expr.id, expr.typeName)
    if (type === undefined) return this.undeclared(expr, expr.typeName)
    const name = (this.idents.get(expr.id) as { name: string }).name
    this.structs.set(expr.id, name)
    if (type.kind !== 'type') return this.issue(expr, `'${type}' is not a type`)
    const message = type.params[0] as CelType
    if (message.kind !== 'struct') this.issue(expr, `'${message}' is not a message type`)
    for (const field of expr.fields) {
      const given = this.check(field.value)
      const wanted = this.lookupField(field, name, field.field) ?? ERROR
      const value = field.optional ? this.unwrapOptional(field.value, given) : given
      if (!this.assignable(wanted, value)) {
        this.issue(field, `expected type of field '${field.field}' is '${wanted}' but provided type is '${value}'`)
      }
    }
    return message
  }

  private comprehension(expr: Comprehension): CelType {
    const range = substitute(this.subs, this.check(expr.range), false)
    const accumulator = this.check(expr.init)
    const [first, second] = this.iterationTypes(expr, substitute(this.subs, range, false))
    const outer = this.scope
    const around: Scope = { parent: outer, variables: new Map([[expr.accuVar, accumulator]]) }
    const inside: Scope = { parent: around, variables: new Map([[expr.iterVar, first]]) }
    if (expr.iterVar2 !== undefined) inside.variables.set(expr.iterVar2, second)
    this.scope = inside
    this.assertType(expr.condition, this.check(expr.condition), BOOL)
    this.assertType(expr.step, this.check(expr.step), accumulator)
    this.scope = around
    const result = this.check(expr.result)
    this.scope = outer
    return substitute(this.subs, result, false)
  }

  private iterationTypes(expr: Comprehension, range: CelType): [CelType, CelType] {
    const two = expr.iterVar2 !== undefined
    switch (range.kind) {
      case 'list':
        return two ? [INT, range.params[0] as CelType] : [range.params[0] as CelType, DYN]
      case 'map':
        return [range.params[0] as CelType, range.params[1] as CelType]
      case 'dyn':
      case 'any':
      case 'error':
      case 'param':
        this.assignable(DYN, range)
        return [DYN, DYN]
      default:
        this.issue(expr.range, `expression of type '${range}' cannot be range of a comprehension (must be list, map, or dynamic)`)
        return [ERROR, ERROR]
    }
  }

  private assertType(expr: Expr, actual: CelType, wanted: CelType): void {
    if (!this.assignable(wanted, actual)) this.issue(expr, `expected type '${wanted}' but found '${actual}'`)
  }
}

function literalType(value: Value): CelType {
  if (value === null) return NULL
  switch (typeof value) {
    case 'boolean':
      return BOOL
    case 'string':
      return STRING
    case 'number':
    case 'bigint':
      return INT
    default:
      if (value instanceof CelDouble) return DOUBLE
      if (value instanceof CelUint) return UINT
      return value instanceof Uint8Array ? BYTES : DYN
  }
}

function collectParams(type: CelType, into: Set<string>): void {
  if (type.kind === 'param') into.add(type.name)
  for (const param of type.params) collectParams(param, into)
}
