// Pipelines to closures: fields, variables, constants and calls. Functions are looked up once, constants are checked once.

import { quote } from '../../apimachinery/go-quote.ts'
import { callFailed, constantFor, validate, wrongCount } from './call.ts'
import { constant, type Eval, idealConstant, undeclared } from './constants.ts'
import { fieldOf, methodOf } from './field.ts'
import { formatValue } from './format.ts'
import type { FunctionTable, Implementation } from './function-table.ts'
import { callMethod, type LateArgument } from './method-call.ts'
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

  pipe(n: PipeNode): Eval {
    const commands = n.cmds.map((c, i) => this.command(c, i > 0))
    if (n.isAssign) {
      for (const d of n.decl)
        if (this.scope.lookup(d.ident[0] as string).slot === UNDECLARED) return undeclared(d.ident[0] as string, n)
    }
    const slots = n.decl.map(
      (d) => (n.isAssign ? this.scope.lookup(d.ident[0] as string) : this.scope.declare(d.ident[0] as string)).slot,
    )
    const [only] = commands
    if (commands.length === 1 && slots.length === 0 && only) {
      return (run, dot) => {
        run.node = n
        const v = only(run, dot, undefined)
        return v === null ? undefined : v
      }
    }
    return (run, dot) => {
      run.node = n
      let v: Value
      for (let i = 0; i < commands.length; i++) {
        v = (commands[i] as Eval)(run, dot, v)
        if (v === null) v = undefined
      }
      for (let i = 0; i < slots.length; i++) run.frame[slots[i] as number] = v
      return v
    }
  }

  private command(n: CommandNode, piped: boolean): Eval {
    const first = n.args[0] as Node
    const rest = n.args.slice(1)
    switch (first.kind) {
      case 'field':
        return this.chain(first, first.ident, (_run, dot) => dot, this.scope.dotIsElement, rest, piped)
      case 'chain':
        return this.chainNode(first, rest, piped)
      case 'identifier':
        return this.function(first, n, rest, piped)
      case 'variable':
        return this.variable(first, first.ident, rest, piped)
      default:
    }
    if (rest.length > 0 || piped) {
      return (run) => {
        run.node = first
        return run.fail(`can't give argument to non-function ${print(first)}`)
      }
    }
    if (first.kind === 'pipe') return this.pipe(first)
    if (first.kind === 'nil') {
      return (run) => {
        run.node = first
        return run.fail('nil is not a command')
      }
    }
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
    if (ident.length > 1) return this.chain(n, ident.slice(1), (run) => run.frame[slot], v.isElement, args, piped)
    if (args.length > 0 || piped) {
      return (run) => {
        run.node = n
        return run.fail(`can't give argument to non-function ${print(n)}`)
      }
    }
    return (run) => {
      run.node = n
      return run.frame[slot]
    }
  }

  private chainNode(n: Node & { kind: 'chain' }, args: readonly Node[], piped: boolean): Eval {
    if (n.node.kind === 'nil') return (run) => run.fail(`indirection through explicit nil in ${print(n)}`)
    const receiver = this.argument(n.node, 'value')
    return this.chain(n, n.fields, receiver, false, args, piped)
  }

  /** `.a.b.c` on a receiver; only the last may be a method with arguments. */
  private chain(
    n: Node,
    names: readonly string[],
    receiver: Eval,
    isElement: boolean,
    args: readonly Node[],
    piped: boolean,
  ): Eval {
    const last = names.length - 1
    const hasArguments = args.length > 0 || piped
    const values = args.map((a) => this.lateArgument(a))
    return (run, dot, final) => {
      run.node = n
      let v = receiver(run, dot, undefined)
      let element = isElement
      for (let i = 0; i <= last; i++) {
        const name = names[i] as string
        if (typeof v === 'object' && v !== null && v.constructor !== Map) {
          const method = methodOf(v, name)
          if (method) {
            v =
              i === last
                ? callMethod(run, dot, method, n, name, values, piped, final)
                : callMethod(run, dot, method, n, name, [], false, undefined)
            continue
          }
        }
        if (i === last && hasArguments && v !== null && v !== undefined) {
          run.fail(
            v instanceof Map
              ? `${name} is not a method but has arguments`
              : `${name} has arguments but cannot be invoked as function`,
          )
        }
        const next = fieldOf(run, v, name, element)
        element = v instanceof Map
        v = next
      }
      return v
    }
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
    if (!signature) {
      return (run) => {
        run.node = n
        return run.fail(`${quote(n.name)} is not a defined function`)
      }
    }
    if (n.name === 'and' || n.name === 'or') return this.shortCircuit(n, args, piped, n.name === 'or')
    if (n.name === 'call') return this.callValue(n, cmd, args, piped)
    let found: Implementation | undefined
    const implementation = () => {
      found ??= this.functions.implementation(n.name)
      return found
    }
    const call = this.call(n.name, signature.params, signature.variadic, signature.contextual, implementation, cmd, args, piped)
    return (run, dot, final) => {
      run.node = n
      return call(run, dot, final)
    }
  }

  private shortCircuit(n: Node, args: readonly Node[], piped: boolean, stopAt: boolean): Eval {
    const name = stopAt ? 'or' : 'and'
    const wrong = wrongCount(name, 2, true, args.length, args.length + (piped ? 1 : 0))
    const values = args.map((a) => this.argument(a, 'value'))
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
    const call = this.call('call', ['value', 'value'], true, false, () => refuse, cmd, args, piped)
    return (run, dot, final) => {
      run.node = n
      return call(run, dot, final)
    }
  }

  private call(
    name: string,
    params: readonly string[],
    variadic: boolean,
    contextual: boolean,
    implementation: () => Implementation,
    node: Node,
    args: readonly Node[],
    piped: boolean,
  ): Eval {
    const total = args.length + (piped ? 1 : 0)
    const wrong = wrongCount(name, params.length, variadic, args.length, total)
    if (wrong) return (run) => run.fail(wrong)
    const typeAt = (i: number) => params[Math.min(i, params.length - 1)] as string
    const values = args.map((a, i) => this.argument(a, typeAt(i)))
    const finalType = piped ? typeAt(total - 1) : 'any'
    const offset = contextual ? 1 : 0
    return (run, dot, final) => {
      run.step()
      const argv: unknown[] = new Array(offset + total)
      if (contextual) argv[0] = run
      for (let i = 0; i < values.length; i++) argv[offset + i] = (values[i] as Eval)(run, dot, undefined)
      if (piped) argv[offset + values.length] = validate(run, final, finalType)
      let v: Value
      try {
        v = implementation()(...(argv as never[]))
      } catch (e) {
        callFailed(run, node, name, e)
      }
      if (typeof v === 'string' && v.length > 65_536) run.checkLength(v.length)
      return v
    }
  }

  /** An argument of type `type`. */
  private argument(n: Node, type: string): Eval {
    const known = constantFor(n, type)
    if (known) {
      if ('value' in known) return n.kind === 'nil' && type === 'map' ? () => new Map() : constant(n, known.value)
      return (run) => {
        run.node = n
        return run.fail(known.error)
      }
    }
    if (n.kind === 'number') return idealConstant(n)
    const value = this.unchecked(n)
    return (run, dot) => {
      run.node = n
      return validate(run, value(run, dot, undefined), type)
    }
  }

  private unchecked(n: Node): Eval {
    switch (n.kind) {
      case 'dot':
        return (_run, dot) => dot
      case 'field':
        return this.chain(n, n.ident, (_run, dot) => dot, this.scope.dotIsElement, [], false)
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
