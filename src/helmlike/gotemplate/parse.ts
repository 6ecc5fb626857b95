// Template text to trees: Go's text/template/parse, with its error texts.

import { quote } from '../../apimachinery/go-quote.ts'
import { describe, Lexer, type Token, type TokenType } from './lex.ts'
import type {
  BranchNode,
  CommandNode,
  FieldNode,
  ListNode,
  MarkerNode,
  Node,
  PipeNode,
  Source,
  TemplateNode,
  Tree,
  VariableNode,
} from './nodes.ts'
import { print } from './nodes.ts'
import { NumberSyntaxError, parseChar, parseNumber } from './number.ts'
import { UnquoteError, unquote } from './quote.ts'

/** Text that is no template. The message is Go's: `template: NAME:LINE: what`. */
export class TemplateParseError extends Error {
  readonly file: string
  readonly line: number
  readonly what: string
  constructor(file: string, line: number, what: string) {
    super(`template: ${file}:${line}: ${what}`)
    this.name = 'TemplateParseError'
    this.file = file
    this.line = line
    this.what = what
  }
}

const MAX_PARENS = 10_000
const OPERANDS: ReadonlySet<TokenType> = new Set<TokenType>([
  'bool',
  'charConstant',
  'complex',
  'dot',
  'field',
  'identifier',
  'number',
  'nil',
  'rawString',
  'string',
  'variable',
  '(',
])

/** Every tree of the text: that of the name itself and those it defines, in order of definition. Throws TemplateParseError. */
export function parseTemplate(name: string, text: string, hasFunction: (name: string) => boolean): Tree[] {
  const parser = new Parser({ name, text }, hasFunction)
  return parser.parse(name)
}

/** Whether a tree has nothing but space and comments (such a tree never replaces a template of the same name). */
export function isEmptyTree(n: Node): boolean {
  if (n.kind === 'list') return n.nodes.every(isEmptyTree)
  return n.kind === 'text' && n.text.trim() === ''
}

class Parser {
  private readonly source: Source
  private readonly hasFunction: (name: string) => boolean
  private readonly lexer: Lexer
  private readonly token: Token[] = []
  private peeked = 0
  private vars: string[] = ['$']
  private actionLine = 0
  private rangeDepth = 0
  private parens = 0
  private readonly trees = new Map<string, Tree>()

  constructor(source: Source, hasFunction: (name: string) => boolean) {
    this.source = source
    this.hasFunction = hasFunction
    this.lexer = new Lexer(source.text)
  }

  parse(name: string): Tree[] {
    const root = this.newList(this.peek().pos)
    while (this.peek().type !== 'EOF') {
      if (this.peek().type === 'left') {
        const delim = this.next()
        if (this.next().type === 'define') {
          this.define()
          continue
        }
        this.backup2(delim)
      }
      const n = this.textOrAction()
      if (n.kind === 'end' || n.kind === 'else') this.fail(`unexpected ${print(n)}`)
      root.nodes.push(n)
    }
    this.add(name, root)
    return [...this.trees.values()]
  }

  private fail(what: string): never {
    throw new TemplateParseError(this.source.name, this.token[0]?.line ?? 1, what)
  }

  private unexpected(t: Token, context: string): never {
    if (t.type !== 'error') this.fail(`unexpected ${describe(t)} in ${context}`)
    let extra = ''
    if (this.actionLine !== 0 && this.actionLine !== t.line) {
      extra = ` in action started at ${this.source.name}:${this.actionLine}`
      if (t.value.endsWith(' action')) extra = extra.slice(' in action'.length)
    }
    this.fail(t.value + extra)
  }

  private next(): Token {
    if (this.peeked > 0) this.peeked--
    else this.token[0] = this.lexer.next()
    return this.token[this.peeked] as Token
  }
  private backup(): void {
    this.peeked++
  }
  private backup2(t1: Token): void {
    this.token[1] = t1
    this.peeked = 2
  }
  private peek(): Token {
    if (this.peeked > 0) return this.token[this.peeked - 1] as Token
    this.peeked = 1
    const t = this.lexer.next()
    this.token[0] = t
    return t
  }
  private expect(type: TokenType, context: string): Token {
    const t = this.next()
    if (t.type !== type) this.unexpected(t, context)
    return t
  }

  private newList(pos: number): ListNode {
    return { kind: 'list', pos, source: this.source, nodes: [] }
  }
  private newVariable(pos: number, text: string): VariableNode {
    return { kind: 'variable', pos, source: this.source, ident: [text] }
  }
  /** `.a.b`; as Go has it, the place of a field of several names is that of the second. */
  private newField(pos: number, text: string): FieldNode {
    const second = text.indexOf('.', 1)
    return { kind: 'field', pos: second < 0 ? pos : pos + second, source: this.source, ident: text.slice(1).split('.') }
  }

  private add(name: string, root: ListNode): void {
    const old = this.trees.get(name)
    if (!old || isEmptyTree(old.root)) this.trees.set(name, { name, source: this.source, root })
    else if (!isEmptyTree(root)) this.fail(`template: multiple definition of template ${quote(name)}`)
  }

  /** A body with a scope of its own, up to its end. */
  private body(context: string): ListNode {
    const [vars, action, depth] = [this.vars, this.actionLine, this.rangeDepth]
    this.vars = ['$']
    this.actionLine = 0
    this.rangeDepth = 0
    const [list, end] = this.itemList()
    if (end.kind !== 'end') this.fail(`unexpected ${print(end)} in ${context}`)
    ;[this.vars, this.actionLine, this.rangeDepth] = [vars, action, depth]
    return list
  }

  private define(): void {
    const context = 'define clause'
    const t = this.next()
    if (t.type !== 'string' && t.type !== 'rawString') this.unexpected(t, context)
    const name = this.unquote(t.value)
    this.expect('right', context)
    this.add(name, this.body(context))
  }

  private unquote(literal: string): string {
    try {
      return unquote(literal)
    } catch (e) {
      if (e instanceof UnquoteError) this.fail(e.message)
      throw e
    }
  }

  private itemList(): [ListNode, Node] {
    const list = this.newList(this.peek().pos)
    while (this.peek().type !== 'EOF') {
      const n = this.textOrAction()
      if (n.kind === 'end' || n.kind === 'else') return [list, n]
      list.nodes.push(n)
    }
    this.fail('unexpected EOF')
  }

  private textOrAction(): Node {
    const t = this.next()
    if (t.type === 'text') return { kind: 'text', pos: t.pos, source: this.source, text: t.value }
    if (t.type !== 'left') this.unexpected(t, 'input')
    this.actionLine = t.line
    const n = this.action()
    this.actionLine = 0
    return n
  }

  private action(): Node {
    const t = this.next()
    switch (t.type) {
      case 'block':
        return this.block()
      case 'break':
      case 'continue':
        return this.loopControl(t, t.type)
      case 'else':
        return this.elseControl()
      case 'end':
        return this.marker('end', this.expect('right', 'end').pos)
      case 'if':
      case 'range':
      case 'with':
        return this.control(t.type)
      case 'template':
        return this.template()
      default:
    }
    this.backup()
    const start = this.peek()
    return { kind: 'action', pos: start.pos, source: this.source, pipe: this.pipeline('command', 'right') }
  }

  private marker(kind: MarkerNode['kind'], pos: number): MarkerNode {
    return { kind, pos, source: this.source }
  }

  private loopControl(t: Token, kind: 'break' | 'continue'): Node {
    const next = this.next()
    if (next.type !== 'right') this.unexpected(next, `{{${kind}}}`)
    if (this.rangeDepth === 0) this.fail(`{{${kind}}} outside {{range}}`)
    return this.marker(kind, t.pos)
  }

  private elseControl(): Node {
    const peek = this.peek()
    if (peek.type === 'if' || peek.type === 'with') return this.marker('else', peek.pos)
    return this.marker('else', this.expect('right', 'else').pos)
  }

  private control(context: 'if' | 'range' | 'with'): BranchNode {
    const scope = this.vars.length
    const pipe = this.pipeline(context, 'right')
    if (context === 'range') this.rangeDepth++
    const [list, next] = this.itemList()
    if (context === 'range') this.rangeDepth--
    const elseList = next.kind === 'else' ? this.elseBranch(context, next) : undefined
    this.vars.length = scope
    return { kind: context, pos: pipe.pos, source: this.source, pipe, list, elseList }
  }

  private elseBranch(context: 'if' | 'range' | 'with', at: Node): ListNode {
    if (context !== 'range' && this.peek().type === context) {
      this.next()
      const list = this.newList(at.pos)
      list.nodes.push(this.control(context))
      return list
    }
    const [list, end] = this.itemList()
    if (end.kind !== 'end') this.fail(`expected end; found ${print(end)}`)
    return list
  }

  private templateName(t: Token, context: string): string {
    if (t.type !== 'string' && t.type !== 'rawString') this.unexpected(t, context)
    return this.unquote(t.value)
  }

  private block(): TemplateNode {
    const context = 'block clause'
    const t = this.next()
    const name = this.templateName(t, context)
    const pipe = this.pipeline(context, 'right')
    this.add(name, this.body(context))
    return { kind: 'template', pos: t.pos, source: this.source, name, pipe }
  }

  private template(): TemplateNode {
    const context = 'template clause'
    const t = this.next()
    const name = this.templateName(t, context)
    let pipe: PipeNode | undefined
    if (this.next().type !== 'right') {
      this.backup()
      pipe = this.pipeline(context, 'right')
    }
    return { kind: 'template', pos: t.pos, source: this.source, name, pipe }
  }

  private pipeline(context: string, end: TokenType): PipeNode {
    const pipe: PipeNode = {
      kind: 'pipe',
      pos: this.peek().pos,
      source: this.source,
      isAssign: false,
      decl: [],
      cmds: [],
    }
    while (this.declaration(pipe, context));
    for (;;) {
      const t = this.next()
      if (t.type === end) {
        this.checkPipeline(pipe, context)
        return pipe
      }
      if (!OPERANDS.has(t.type)) this.unexpected(t, context)
      this.backup()
      pipe.cmds.push(this.command())
    }
  }

  /** Reads `$x :=`, `$x =` or `$x,`; true when another variable must follow. */
  private declaration(pipe: PipeNode, context: string): boolean {
    const v = this.peek()
    if (v.type !== 'variable') return false
    this.next()
    const next = this.peek()
    if (next.type === 'assign' || next.type === 'declare') {
      pipe.isAssign = next.type === 'assign'
      this.next()
      pipe.decl.push(this.newVariable(v.pos, v.value))
      this.vars.push(v.value)
    } else if (next.type === 'char' && next.value === ',') {
      this.next()
      pipe.decl.push(this.newVariable(v.pos, v.value))
      this.vars.push(v.value)
      if (context === 'range' && pipe.decl.length < 2) {
        const type = this.peek().type
        if (type === 'variable' || type === 'right' || type === ')') return true
        this.fail('range can only initialize variables')
      }
      this.fail(`too many declarations in ${context}`)
    } else this.backup2(v)
    return false
  }

  private checkPipeline(pipe: PipeNode, context: string): void {
    if (pipe.cmds.length === 0) this.fail(`missing value for ${context}`)
    for (let i = 1; i < pipe.cmds.length; i++) {
      const kind = pipe.cmds[i]?.args[0]?.kind
      if (kind === 'bool' || kind === 'dot' || kind === 'nil' || kind === 'number' || kind === 'string') {
        this.fail(`non executable command in pipeline stage ${i + 1}`)
      }
    }
  }

  private command(): CommandNode {
    const cmd: CommandNode = { kind: 'command', pos: this.peek().pos, source: this.source, args: [] }
    for (;;) {
      const operand = this.operand()
      if (operand) {
        cmd.args.push(operand)
        if (this.peek().spaced) continue
      }
      const t = this.next()
      if (t.type === 'right' || t.type === ')') this.backup()
      else if (t.type !== 'pipe') this.unexpected(t, 'operand')
      break
    }
    if (cmd.args.length === 0) this.fail('empty command')
    return cmd
  }

  private operand(): Node | undefined {
    const node = this.term()
    if (!node) return undefined
    const t = this.peek()
    if (t.type !== 'field' || t.spaced) return node
    this.next()
    const names = t.value.slice(1).split('.')
    switch (node.kind) {
      case 'variable':
        return { kind: 'variable', pos: t.pos, source: this.source, ident: [...node.ident, ...names] }
      case 'field':
        return { kind: 'field', pos: t.pos, source: this.source, ident: [...node.ident, ...names] }
      case 'bool':
      case 'string':
      case 'number':
      case 'nil':
      case 'dot':
        return this.fail(`unexpected . after term ${quote(print(node))}`)
      default:
        return { kind: 'chain', pos: t.pos, source: this.source, node, fields: names }
    }
  }

  private term(): Node | undefined {
    const t = this.next()
    const { pos } = t
    const { source } = this
    switch (t.type) {
      case 'identifier':
        if (!this.hasFunction(t.value)) this.fail(`function ${quote(t.value)} not defined`)
        return { kind: 'identifier', pos, source, name: t.value }
      case 'dot':
      case 'nil':
        return { kind: t.type, pos, source }
      case 'variable':
        return this.useVariable(t)
      case 'field':
        return this.newField(pos, t.value)
      case 'bool':
        return { kind: 'bool', pos, source, value: t.value === 'true' }
      case 'charConstant':
      case 'complex':
      case 'number':
        return { kind: 'number', pos, source, text: t.value, ...this.number(t) }
      case '(':
        return this.parenthesized()
      case 'string':
      case 'rawString':
        return { kind: 'string', pos, source, quoted: t.value, text: this.unquote(t.value) }
      default:
        this.backup()
        return undefined
    }
  }

  private number(t: Token): ReturnType<typeof parseNumber> {
    try {
      return t.type === 'charConstant' ? parseChar(t.value) : parseNumber(t.value)
    } catch (e) {
      if (e instanceof NumberSyntaxError) this.fail(e.message)
      throw e
    }
  }

  private parenthesized(): PipeNode {
    if (this.parens >= MAX_PARENS) this.fail('max expression depth exceeded')
    this.parens++
    const pipe = this.pipeline('parenthesized pipeline', ')')
    this.parens--
    return pipe
  }

  private useVariable(t: Token): VariableNode {
    if (!this.vars.includes(t.value)) this.fail(`undefined variable ${quote(t.value)}`)
    return this.newVariable(t.pos, t.value)
  }
}
