// Pipelines to closures: fields, variables, constants and calls. Functions are looked up once, constants are checked once.

import { quote } from '../../apimachinery/go-quote.ts'
import { constantFor, validate, wrongCount } from './call.ts'
import { callNamed, exportedOf, follow } from './chain.ts'
import { constant, type Eval, failing, idealConstant, idealNumber, undeclared } from './constants.ts'
import { formatValue } from './format.ts'
import type { FunctionTable, Implementation, Signature } from './function-table.ts'
import { type Argument, invoke } from './invoke.ts'
import type { LateArgument } from './method-call.ts'
import type { CommandNode, IdentifierNode, Node, PipeNode } from './nodes.ts'
import { print } from './nodes.ts'
import { FunctionError } from './run.ts'
import { type Scope, UNDECLARED } from './scope.ts'
import { isTrue, typeName, type Value } from './value.ts'

export class Expressions {
  private readonly functions: FunctionTable
  private readonly scope: Scope

  constructor(functions: FunctionTable, scope: Scope) {
    this.functions = functions
    this.scope = scope
  }

  /** What a pipeline comes to; nil is undefined. */
  pipe(n: PipeNode): Eval {
    const value = this.pipeOrNull(n)
    if (n.decl.length > 0 || n.cmds.length > 1) return value
    return (run, dot) => value(run, dot, undefined) ?? undefined
  }

  /** As pipe, but nil may be null or undefined: for those who take both alike. */
  pipeOrNull(n: PipeNode): Eval {
    const commands = n.cmds.map((c, i) => this.command(c, i > 0, n))
    if (n.isAssign) {
      for (const d of n.decl)
        if (this.scope.lookup(d.ident[0] as string).slot === UNDECLARED) return undeclared(d.ident[0] as string, n)
    }
    const slots = n.decl.map(
      (d) => (n.isAssign ? this.scope.lookup(d.ident[0] as string) : this.scope.declare(d.ident[0] as string)).slot,
    )
    const [first, second] = commands as [Eval, Eval]
    if (commands.length === 1 && slots.length === 0) return first
    if (commands.length === 2 && slots.length === 0)
      return (run, dot) => second(run, dot, first(run, dot, undefined) ?? undefined) ?? undefined
    const [slot] = slots
    if (commands.length === 1 && slots.length === 1 && slot !== undefined) {
      return (run, dot) => {
        const v = first(run, dot, undefined) ?? undefined
        run.frame[slot] = v
        return v
      }
    }
    return (run, dot) => {
      let v: Value
      for (let i = 0; i < commands.length; i++) v = (commands[i] as Eval)(run, dot, v) ?? undefined
      for (let i = 0; i < slots.length; i++) run.frame[slots[i] as number] = v
      return v
    }
  }

  private command(n: CommandNode, piped: boolean, pipe: PipeNode): Eval {
    const first = n.args[0] as Node
    const rest = n.args.slice(1)
    switch (first.kind) {
      case 'field':
        return this.chain(first, first.ident, undefined, this.scope.dotIsElement, rest, piped)
      case 'chain':
        return this.chainNode(first, rest, piped)
      case 'identifier':
        return this.function(first, n, rest, piped)
      case 'variable':
        return this.variable(first, first.ident, rest, piped)
      default:
    }
    if (rest.length > 0 || piped) {
      const problem = `can't give argument to non-function ${print(first)}`
      // In Go, parentheses do not say where they are before they are looked into.
      if (first.kind === 'pipe') return piped ? (run) => run.fail(problem) : failing(pipe, problem)
      return failing(first, problem)
    }
    if (first.kind === 'pipe') return this.pipe(first)
    if (first.kind === 'nil') return failing(first, 'nil is not a command')
    return this.operand(first)
  }

  /** A constant, or the dot. */
  private operand(n: Node): Eval {
    switch (n.kind) {
      case 'dot':
        return (run, dot) => {
          run.node = n
          return dot
        }
      case 'bool':
        return constant(n, n.value)
      case 'string':
        return constant(n, n.text)
      case 'number':
        return idealConstant(n)
      default:
        throw new TypeError(`unexpected operand ${n.kind}`)
    }
  }

  private variable(n: Node, ident: readonly string[], args: readonly Node[], piped: boolean): Eval {
    const v = this.scope.lookup(ident[0] as string)
    const { slot } = v
    if (slot === UNDECLARED) return undeclared(v.name, n)
    const value: Eval = (run) => {
      run.node = n
      return run.frame[slot]
    }
    if (ident.length > 1) return this.chain(n, ident.slice(1), value, v.isElement, args, piped)
    return args.length > 0 || piped ? failing(n, `can't give argument to non-function ${print(n)}`) : value
  }

  private chainNode(n: Node & { kind: 'chain' }, args: readonly Node[], piped: boolean): Eval {
    if (n.node.kind === 'nil') return failing(n, `indirection through explicit nil in ${print(n)}`)
    return this.chain(n, n.fields, this.value(n.node), false, args, piped)
  }

  /** `.a.b.c` on a receiver, or on the dot; only the last may be a method with arguments. */
  private chain(
    n: Node,
    names: readonly string[],
    receiver: Eval | undefined,
    isElement: boolean,
    args: readonly Node[],
    piped: boolean,
  ): Eval {
    const last = names.at(-1) as string
    const hasArguments = args.length > 0 || piped
    const path = hasArguments ? names.slice(0, -1) : names
    const exported = exportedOf(path)
    const value: Eval = receiver
      ? (run, dot) => {
          run.node = n
          return follow(run, dot, n, path, exported, isElement, receiver(run, dot, undefined))
        }
      : (run, dot) => {
          run.node = n
          return follow(run, dot, n, path, exported, isElement, dot)
        }
    if (!hasArguments) return value
    const late = args.map((a) => this.lateArgument(a))
    return (run, dot, final) => callNamed(run, dot, final, n, last, late, piped, value(run, dot, undefined))
  }

  /** An argument whose type is known only when the method is. */
  private lateArgument(n: Node): LateArgument {
    const isConstant = n.kind === 'nil' || n.kind === 'bool' || n.kind === 'string' || n.kind === 'number'
    const value = n.kind === 'number' ? idealConstant(n) : isConstant ? undefined : this.unchecked(n)
    return (run, dot, type) => {
      run.node = n
      const constant = isConstant ? constantFor(n, type) : undefined
      if (constant) return 'value' in constant ? constant.value : run.fail(constant.error)
      return validate(run, value?.(run, dot, undefined), type)
    }
  }

  private function(n: IdentifierNode, cmd: Node, args: readonly Node[], piped: boolean): Eval {
    const signature = this.functions.signature(n.name)
    if (!signature) return failing(n, `${quote(n.name)} is not a defined function`)
    if (n.name === 'and' || n.name === 'or') return this.shortCircuit(n, args, piped, n.name === 'or')
    if (n.name === 'call') return this.callValue(n, cmd, args, piped)
    return this.call(signature, () => this.functions.implementation(n.name), n, cmd, args, piped)
  }

  private shortCircuit(n: Node, args: readonly Node[], piped: boolean, stopAt: boolean): Eval {
    const name = stopAt ? 'or' : 'and'
    const wrong = wrongCount(name, 2, true, args.length, args.length + (piped ? 1 : 0))
    const values = args.map((a) => this.value(a))
    return (run, dot, final) => {
      run.node = n
      if (wrong) run.fail(wrong)
      let v: Value
      for (let i = 0; i < values.length; i++) {
        v = (values[i] as Eval)(run, dot, undefined)
        if (isTrue(v) === stopAt) return v
      }
      return piped ? final : v
    }
  }

  /** `call`: no value that a chart can have is a function. */
  private callValue(n: Node, cmd: Node, args: readonly Node[], piped: boolean): Eval {
    const refuse = (fn: Value): Value => {
      if (fn === null || fn === undefined) throw new FunctionError('call of nil')
      throw new FunctionError(`non-function ${args[0] ? print(args[0]) : formatValue(fn)} of type ${typeName(fn)}`)
    }
    return this.call(
      { name: 'call', params: ['value', 'value'], variadic: true, contextual: false },
      () => refuse,
      n,
      cmd,
      args,
      piped,
    )
  }

  private call(
    { name, params, variadic, contextual }: Signature,
    implementation: () => Implementation,
    identifier: Node,
    command: Node,
    written: readonly Node[],
    piped: boolean,
  ): Eval {
    const total = written.length + (piped ? 1 : 0)
    const wrong = wrongCount(name, params.length, variadic, written.length, total)
    if (wrong) return failing(identifier, wrong)
    const typeAt = (i: number) => params[Math.min(i, params.length - 1)] as string
    const args = written.map((a, i) => this.argument(a, typeAt(i)))
    const pipedType = piped ? typeAt(total - 1) : undefined
    return invoke({ name, identifier, command, args, pipedType, contextual, implementation })
  }

  /** An argument of type `type`. */
  private argument(n: Node, type: string): Argument {
    const known = constantFor(n, type)
    if (known && 'error' in known) return { eval: failing(n, known.error), type }
    if (n.kind === 'nil' && type === 'map') return { eval: () => new Map(), type }
    if (known) return { constant: known.value, node: n }
    if (n.kind !== 'number') return { eval: n.kind === 'pipe' && type === 'any' ? this.pipeOrNull(n) : this.unchecked(n), type }
    const value = idealNumber(n)
    return value === undefined ? { eval: idealConstant(n), type } : { constant: value, node: n }
  }

  /** The value of an operand, of whatever type. */
  private value(n: Node): Eval {
    const arg = this.argument(n, 'value')
    return 'eval' in arg ? arg.eval : constant(n, arg.constant)
  }

  private unchecked(n: Node): Eval {
    switch (n.kind) {
      case 'dot':
        return this.operand(n)
      case 'field':
        return this.chain(n, n.ident, undefined, this.scope.dotIsElement, [], false)
      case 'variable':
        return this.variable(n, n.ident, [], false)
      case 'pipe':
        return this.pipe(n)
      case 'identifier':
        return this.function(n, n, [], false)
      case 'chain':
        return this.chainNode(n, [], false)
      default:
        throw new TypeError(`unexpected argument ${n.kind}`)
    }
  }
}
