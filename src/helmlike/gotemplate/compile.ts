// Trees to closures. Names of variables become slots of a frame, functions are looked up once, constants are checked once.

import { quote } from '../../apimachinery/go-quote.ts'
import { callFailed, constantFor, validate, wrongCount } from './call.ts'
import { fieldOf, methodOf } from './field.ts'
import { formatValue } from './format.ts'
import type { FunctionTable, Implementation } from './function-table.ts'
import type {
  ActionNode,
  BranchNode,
  CommandNode,
  IdentifierNode,
  ListNode,
  Node,
  NumberNode,
  PipeNode,
  TemplateNode,
  Tree,
} from './nodes.ts'
import { print } from './nodes.ts'
import { FunctionError, type Run } from './run.ts'
import { Complex, type GoFunction, GoStruct, Int, isList, isMap, isTrue, sortedKeys, typeName, type Value } from './value.ts'

type LateArgument = (run: Run, dot: Value, type: string) => Value

function callMethod(
  run: Run,
  dot: Value,
  m: GoFunction,
  n: Node,
  name: string,
  args: readonly LateArgument[],
  piped: boolean,
  final: Value,
): Value {
  const total = args.length + (piped ? 1 : 0)
  const wrong = wrongCount(name, m.params.length, m.variadic, args.length, total)
  if (wrong) run.fail(wrong)
  run.step()
  const typeAt = (i: number) => m.params[Math.min(i, m.params.length - 1)] as string
  const argv = args.map((a, i) => a(run, dot, typeAt(i)))
  if (piped) argv.push(validate(run, final, typeAt(total - 1)))
  try {
    return m.call(...(argv as never[]))
  } catch (e) {
    return callFailed(run, n, name, e)
  }
}

/** What a body says to the loop around it. */
type Signal = 0 | 1 | 2
const [GO_ON, BREAK, CONTINUE] = [0, 1, 2] as const
type Exec = (run: Run, dot: Value) => Signal
/** `final` is the value piped in, where the command stands behind a `|`. */
type Eval = (run: Run, dot: Value, final: Value) => Value

export interface Program {
  readonly body: Exec
  /** Slots a frame needs; slot 0 is `$`. */
  readonly slots: number
}

const programs = new WeakMap<Tree, Program>()

/** The tree as closures; compiled once a tree. */
export function compile(tree: Tree, functions: FunctionTable): Program {
  let program = programs.get(tree)
  if (!program) {
    const compiler = new Compiler(functions)
    const body = compiler.list(tree.root)
    program = { body, slots: compiler.slots }
    programs.set(tree, program)
  }
  return program
}

interface Variable {
  readonly name: string
  readonly slot: number
  /** Its value was found in a list or map: errors call its type `interface {}`. */
  isElement: boolean
}

class Compiler {
  slots = 1
  private readonly functions: FunctionTable
  private scope: Variable[] = [{ name: '$', slot: 0, isElement: false }]
  private dotIsElement = false

  constructor(functions: FunctionTable) {
    this.functions = functions
  }

  list(n: ListNode): Exec {
    const parts = n.nodes.map((child) => this.exec(child))
    const [first] = parts
    if (parts.length === 0) return () => GO_ON
    if (parts.length === 1 && first) return first
    return (run, dot) => {
      for (let i = 0; i < parts.length; i++) {
        const signal = (parts[i] as Exec)(run, dot)
        if (signal !== GO_ON) return signal
      }
      return GO_ON
    }
  }

  private exec(n: Node): Exec {
    switch (n.kind) {
      case 'text':
        return this.text(n.text, n)
      case 'action':
        return this.action(n)
      case 'if':
      case 'with':
        return this.ifOrWith(n)
      case 'range':
        return this.range(n)
      case 'template':
        return this.template(n)
      case 'break':
        return () => BREAK
      case 'continue':
        return () => CONTINUE
      case 'list':
        return this.list(n)
      default:
        throw new TypeError(`unexpected node ${n.kind}`)
    }
  }

  private text(text: string, n: Node): Exec {
    return (run) => {
      if (run.trace) run.trace.push([run.out.length, n])
      run.out += text
      return GO_ON
    }
  }

  private action(n: ActionNode): Exec {
    const value = this.pipe(n.pipe)
    if (n.pipe.decl.length > 0) {
      return (run, dot) => {
        run.node = n
        value(run, dot, undefined)
        return GO_ON
      }
    }
    return (run, dot) => {
      run.node = n
      const v = value(run, dot, undefined)
      if (run.trace) run.trace.push([run.out.length, n])
      run.out += typeof v === 'string' ? v : printed(v)
      if (run.out.length > run.shared.limits.length) run.checkLength(run.out.length)
      return GO_ON
    }
  }

  private scoped<T>(dotIsElement: boolean | undefined, f: () => T): T {
    const [scope, element] = [this.scope, this.dotIsElement]
    this.scope = [...scope]
    if (dotIsElement !== undefined) this.dotIsElement = dotIsElement
    const result = f()
    this.scope = scope
    this.dotIsElement = element
    return result
  }

  private ifOrWith(n: BranchNode): Exec {
    return this.scoped(undefined, () => {
      const value = this.pipe(n.pipe)
      const body = this.scoped(n.kind === 'with' ? false : undefined, () => this.list(n.list))
      const otherwise = n.elseList ? this.scoped(undefined, () => this.list(n.elseList as ListNode)) : undefined
      const setsDot = n.kind === 'with'
      return (run, dot) => {
        run.node = n
        const v = value(run, dot, undefined)
        if (isTrue(v)) return body(run, setsDot ? v : dot)
        return otherwise ? otherwise(run, dot) : GO_ON
      }
    })
  }

  private range(n: BranchNode): Exec {
    return this.scoped(undefined, () => {
      const value = this.pipe(n.pipe)
      const [first, second] = n.pipe.decl.map((d) => this.lookup(d.ident[0] as string))
      const indexSlot = second ? (first as Variable).slot : -1
      const elementSlot = second ? second.slot : (first?.slot ?? -1)
      const element = second ?? first
      if (element) element.isElement = true
      const body = this.scoped(true, () => this.list(n.list))
      const otherwise = n.elseList ? this.scoped(undefined, () => this.list(n.elseList as ListNode)) : undefined
      const round = (run: Run, index: Value, v: Value): boolean => {
        run.step()
        if (elementSlot >= 0) run.frame[elementSlot] = v
        if (indexSlot >= 0) run.frame[indexSlot] = index
        return body(run, v) === BREAK
      }
      return (run, dot) => {
        run.node = n
        const v = value(run, dot, undefined)
        if (iterate(run, v, indexSlot >= 0, round)) return GO_ON
        return otherwise ? otherwise(run, dot) : GO_ON
      }
    })
  }

  private template(n: TemplateNode): Exec {
    const data = n.pipe ? this.pipe(n.pipe) : undefined
    const { functions } = this
    return (run, dot) => {
      run.node = n
      const tree = run.set.lookup(n.name)
      if (!tree) return run.fail(`template ${quote(n.name)} not defined`)
      if (run.depth >= run.shared.limits.depth) return run.fail(`exceeded maximum template depth (${run.shared.limits.depth})`)
      const inner = data ? data(run, dot, undefined) : undefined
      const program = compile(tree, functions)
      const [frame, name] = [run.frame, run.template]
      run.step()
      run.frame = new Array(program.slots)
      run.frame[0] = inner
      run.template = tree.name
      run.depth++
      program.body(run, inner)
      run.depth--
      run.frame = frame
      run.template = name
      return GO_ON
    }
  }

  /** The slot of a name; one that only another branch declared fails when it is used, as Go has it. */
  private lookup(name: string): Variable {
    for (let i = this.scope.length - 1; i >= 0; i--) {
      const v = this.scope[i] as Variable
      if (v.name === name) return v
    }
    return { name, slot: UNDECLARED, isElement: false }
  }

  private newVariable(name: string): Variable {
    const v = { name, slot: this.slots++, isElement: false }
    this.scope.push(v)
    return v
  }

  private pipe(n: PipeNode): Eval {
    const commands = n.cmds.map((c, i) => this.command(c, i > 0))
    if (n.isAssign) {
      for (const d of n.decl)
        if (this.lookup(d.ident[0] as string).slot === UNDECLARED) return undeclared(d.ident[0] as string, n)
    }
    const slots = n.decl.map(
      (d) => (n.isAssign ? this.lookup(d.ident[0] as string) : this.newVariable(d.ident[0] as string)).slot,
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
        return this.chain(first, first.ident, (_run, dot) => dot, this.dotIsElement, rest, piped)
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
    const v = this.lookup(ident[0] as string)
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
        return this.chain(n, n.ident, (_run, dot) => dot, this.dotIsElement, [], false)
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

const UNDECLARED = -1

function undeclared(name: string, n: Node): Eval {
  return (run) => {
    run.node = n
    return run.fail(`undefined variable: ${name}`)
  }
}

function printed(v: Value): string {
  if (v === undefined || v === null) return '<no value>'
  return v instanceof GoStruct && v.printing.addressText ? v.printing.addressText() : formatValue(v)
}

/** A number whose type its own text decides. */
function idealConstant(n: NumberNode): Eval {
  const isFloat = n.float !== undefined && !n.text.startsWith("'") && !/^0[xX][^pP]*$/.test(n.text) && /[.eEpP]/.test(n.text)
  let value: Value
  if (n.complex) value = new Complex(n.complex.re, n.complex.im)
  else if (isFloat) value = n.float
  else if (n.int !== undefined) value = new Int(n.int)
  else {
    return (run) => {
      run.node = n
      return run.fail(`${n.text} overflows int`)
    }
  }
  return constant(n, value)
}

function constant(n: Node, value: Value): Eval {
  return (run) => {
    run.node = n
    return value
  }
}

/** Runs a loop's rounds; false when there was none. */
function iterate(run: Run, v: Value, two: boolean, round: (run: Run, index: Value, v: Value) => boolean): boolean {
  if (v === undefined || v === null) return false
  if (isList(v)) {
    for (let i = 0; i < v.length; i++) if (round(run, two ? new Int(BigInt(i)) : undefined, v[i] ?? null)) break
    return v.length > 0
  }
  if (isMap(v)) {
    for (const key of sortedKeys(v)) if (round(run, key, v.get(key) ?? null)) break
    return v.size > 0
  }
  if (v instanceof Int) {
    if (two) run.fail(`can't use ${formatValue(v)} to iterate over more than one variable`)
    for (let i = 0n; i < v.v; i++) if (round(run, undefined, new Int(i, v.kind, v.type))) break
    return v.v > 0n
  }
  if (v instanceof Uint8Array) {
    for (let i = 0; i < v.length; i++)
      if (round(run, two ? new Int(BigInt(i)) : undefined, new Int(BigInt(v[i] as number), 'uint8'))) break
    return v.length > 0
  }
  return run.fail(`range can't iterate over ${formatValue(v)}`)
}
