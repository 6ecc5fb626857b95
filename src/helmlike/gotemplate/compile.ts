// Trees to closures: the statements. Names of variables become slots of a frame.

import { quote } from '../../apimachinery/go-quote.ts'
import { Expressions } from './expressions.ts'
import { formatValue } from './format.ts'
import type { FunctionTable } from './function-table.ts'
import { iterate } from './iterate.ts'
import type { ActionNode, BranchNode, ListNode, Node, TemplateNode, TextNode, Tree } from './nodes.ts'
import type { Run } from './run.ts'
import { Scope, type Variable } from './scope.ts'
import { GoStruct, isTrue, type Value } from './value.ts'

/** What a body says to the loop around it. */
type Signal = 0 | 1 | 2
const [GO_ON, BREAK, CONTINUE] = [0, 1, 2] as const
type Exec = (run: Run, dot: Value) => Signal
interface Program {
  readonly body: Exec
  /** Slots a frame starts with; bodies that are compiled later may add some. */
  readonly slots: number
}

const programs = new WeakMap<Tree, Program>()

/** The tree as closures; compiled once a tree. */
export function compile(tree: Tree, functions: FunctionTable): Program {
  let program = programs.get(tree)
  if (!program) {
    const compiler = new Compiler(functions)
    const body = compiler.list(tree.root)
    program = { body, slots: compiler.scope.slots }
    programs.set(tree, program)
  }
  return program
}

type Fixed = TextNode | ActionNode

/** What a node always writes; undefined where that depends on something. */
function fixedText(n: Node): string | undefined {
  if (n.kind === 'text') return n.text
  if (n.kind !== 'action' || n.pipe.decl.length > 0 || n.pipe.cmds.length > 1) return undefined
  const [only, ...args] = n.pipe.cmds[0]?.args ?? []
  return only?.kind === 'string' && args.length === 0 ? only.text : undefined
}

/** The nodes from `from` on whose text is fixed. */
function fixedFrom(nodes: readonly Node[], from: number): readonly Fixed[] {
  let to = from
  while (to < nodes.length && fixedText(nodes[to] as Node) !== undefined) to++
  return nodes.slice(from, to) as Fixed[]
}

class Compiler {
  readonly scope = new Scope()
  private readonly functions: FunctionTable
  private readonly expressions: Expressions

  constructor(functions: FunctionTable) {
    this.functions = functions
    this.expressions = new Expressions(functions, this.scope)
  }

  list(n: ListNode): Exec {
    const parts: Exec[] = []
    for (let i = 0; i < n.nodes.length; ) {
      const fixed = fixedFrom(n.nodes, i)
      parts.push(fixed.length > 1 ? this.fixed(fixed) : this.exec(n.nodes[i] as Node))
      i += Math.max(1, fixed.length)
    }
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

  /** Texts and constants that stand side by side, written at once: charts for Prometheus and Grafana are full of {{`{{`}}. */
  private fixed(nodes: readonly Fixed[]): Exec {
    const texts = nodes.map((n) => fixedText(n) as string)
    const whole = texts.join('')
    const last = nodes.findLast((n) => n.kind === 'action')?.pipe.cmds[0]?.args[0]
    return (run) => {
      if (last) run.node = last
      if (run.trace) {
        let at = run.out.length
        for (const [i, text] of texts.entries()) {
          run.trace.push([at, nodes[i] as Node])
          at += text.length
        }
      }
      run.out += whole
      if (run.out.length > run.shared.limits.length) run.checkLength(run.out.length)
      return GO_ON
    }
  }

  private action(n: ActionNode): Exec {
    const value = this.expressions.pipeOrNull(n.pipe)
    if (n.pipe.decl.length > 0) {
      return (run, dot) => {
        value(run, dot, undefined)
        return GO_ON
      }
    }
    return (run, dot) => {
      const v = value(run, dot, undefined)
      if (run.trace) run.trace.push([run.out.length, n])
      run.out += typeof v === 'string' ? v : printed(v)
      if (run.out.length > run.shared.limits.length) run.checkLength(run.out.length)
      return GO_ON
    }
  }

  /** Compiles a body when it first runs, as most branches of most charts never do. */
  private body(n: ListNode, dotIsElement = this.scope.dotIsElement): () => Exec {
    const view = { ...this.scope.view(), dotIsElement }
    return () => this.scope.within(view, () => this.list(n))
  }

  private ifOrWith(n: BranchNode): Exec {
    return this.scope.within(this.scope.view(), () => {
      const value = this.expressions.pipeOrNull(n.pipe)
      const setsDot = n.kind === 'with'
      const compileBody = this.body(n.list, setsDot ? false : undefined)
      const compileElse = n.elseList && this.body(n.elseList)
      let body: Exec | undefined
      let otherwise: Exec | undefined
      return (run, dot) => {
        const v = value(run, dot, undefined)
        if (isTrue(v)) {
          body ??= compileBody()
          return body(run, setsDot ? v : dot)
        }
        if (!compileElse) return GO_ON
        otherwise ??= compileElse()
        return otherwise(run, dot)
      }
    })
  }

  private range(n: BranchNode): Exec {
    return this.scope.within(this.scope.view(), () => {
      const value = this.expressions.pipe(n.pipe)
      const [first, second] = n.pipe.decl.map((d) => this.scope.lookup(d.ident[0] as string))
      const indexSlot = second ? (first as Variable).slot : -1
      const elementSlot = second ? second.slot : (first?.slot ?? -1)
      const element = second ?? first
      if (element) element.isElement = true
      const compileBody = this.body(n.list, true)
      const compileElse = n.elseList && this.body(n.elseList)
      let body: Exec | undefined
      let otherwise: Exec | undefined
      const round = (run: Run, index: Value, v: Value): boolean => {
        run.step()
        if (elementSlot >= 0) run.frame[elementSlot] = v
        if (indexSlot >= 0) run.frame[indexSlot] = index
        body ??= compileBody()
        return body(run, v) === BREAK
      }
      return (run, dot) => {
        run.node = n
        const v = value(run, dot, undefined)
        if (iterate(run, v, indexSlot >= 0, round) || !compileElse) return GO_ON
        otherwise ??= compileElse()
        return otherwise(run, dot)
      }
    })
  }

  private template(n: TemplateNode): Exec {
    const data = n.pipe ? this.expressions.pipe(n.pipe) : undefined
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
}

function printed(v: Value): string {
  if (v === undefined || v === null) return '<no value>'
  return v instanceof GoStruct && v.printing.addressText ? v.printing.addressText() : formatValue(v)
}
