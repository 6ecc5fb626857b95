// Pipelines: declarations, commands, operands.

import { quote } from '../../apimachinery/go-quote.ts'
import type { Token, TokenType } from './lex.ts'
import type { CommandNode, FieldNode, Node, PipeNode, Source, VariableNode } from './nodes.ts'
import { print } from './nodes.ts'
import { NumberSyntaxError, parseChar, parseNumber } from './number.ts'
import { UnquoteError, unquote } from './quote.ts'
import type { Tokens } from './tokens.ts'

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

export class PipelineParser {
  /** The variables that can be seen here. */
  vars: string[] = ['$']
  private readonly tokens: Tokens
  private readonly source: Source
  private readonly hasFunction: (name: string) => boolean
  private readonly fields = new Map<string, readonly string[]>()
  private parens = 0

  constructor(tokens: Tokens, hasFunction: (name: string) => boolean) {
    this.tokens = tokens
    this.source = tokens.source
    this.hasFunction = hasFunction
  }

  private newVariable(pos: number, text: string): VariableNode {
    return { kind: 'variable', pos, source: this.source, ident: [text] }
  }
  /** `.a.b`; as Go has it, the place of a field of several names is that of the second. */
  private newField(pos: number, text: string): FieldNode {
    const second = text.indexOf('.', 1)
    return { kind: 'field', pos: second < 0 ? pos : pos + second, source: this.source, ident: this.namesOf(text) }
  }

  /** The names of `.a.b`: one list for a whole file, which names few fields many times. */
  private namesOf(text: string): readonly string[] {
    let names = this.fields.get(text)
    if (!names) {
      names = text.slice(1).split('.')
      this.fields.set(text, names)
    }
    return names
  }

  /** The text of a string literal. */
  unquote(literal: string): string {
    try {
      return unquote(literal)
    } catch (e) {
      if (e instanceof UnquoteError) this.tokens.fail(e.message)
      throw e
    }
  }

  /** The pipeline up to a token of type `end`. */
  pipeline(context: string, end: TokenType): PipeNode {
    const pipe: PipeNode = {
      kind: 'pipe',
      pos: this.tokens.peek().pos,
      source: this.source,
      isAssign: false,
      decl: [],
      cmds: [],
    }
    while (this.declaration(pipe, context));
    for (;;) {
      const t = this.tokens.next()
      if (t.type === end) {
        this.checkPipeline(pipe, context)
        return pipe
      }
      if (!OPERANDS.has(t.type)) this.tokens.unexpected(t, context)
      this.tokens.backup()
      pipe.cmds.push(this.command())
    }
  }

  /** Reads `$x :=`, `$x =` or `$x,`; true when another variable must follow. */
  private declaration(pipe: PipeNode, context: string): boolean {
    const v = this.tokens.peek()
    if (v.type !== 'variable') return false
    this.tokens.next()
    const next = this.tokens.peek()
    if (next.type === 'assign' || next.type === 'declare') {
      pipe.isAssign = next.type === 'assign'
      this.tokens.next()
      pipe.decl.push(this.newVariable(v.pos, v.value))
      this.vars.push(v.value)
    } else if (next.type === 'char' && next.value === ',') {
      this.tokens.next()
      pipe.decl.push(this.newVariable(v.pos, v.value))
      this.vars.push(v.value)
      if (context === 'range' && pipe.decl.length < 2) {
        const type = this.tokens.peek().type
        if (type === 'variable' || type === 'right' || type === ')') return true
        this.tokens.fail('range can only initialize variables')
      }
      this.tokens.fail(`too many declarations in ${context}`)
    } else this.tokens.backup2(v)
    return false
  }

  private checkPipeline(pipe: PipeNode, context: string): void {
    if (pipe.cmds.length === 0) this.tokens.fail(`missing value for ${context}`)
    for (let i = 1; i < pipe.cmds.length; i++) {
      const kind = pipe.cmds[i]?.args[0]?.kind
      if (kind === 'bool' || kind === 'dot' || kind === 'nil' || kind === 'number' || kind === 'string') {
        this.tokens.fail(`non executable command in pipeline stage ${i + 1}`)
      }
    }
  }

  private command(): CommandNode {
    const cmd: CommandNode = { kind: 'command', pos: this.tokens.peek().pos, source: this.source, args: [] }
    for (;;) {
      const operand = this.operand()
      if (operand) {
        cmd.args.push(operand)
        if (this.tokens.peek().spaced) continue
      }
      const t = this.tokens.next()
      if (t.type === 'right' || t.type === ')') this.tokens.backup()
      else if (t.type !== 'pipe') this.tokens.unexpected(t, 'operand')
      break
    }
    if (cmd.args.length === 0) this.tokens.fail('empty command')
    return cmd
  }

  private operand(): Node | undefined {
    const node = this.term()
    if (!node) return undefined
    const t = this.tokens.peek()
    if (t.type !== 'field' || t.spaced) return node
    this.tokens.next()
    const names = this.namesOf(t.value)
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
        return this.tokens.fail(`unexpected . after term ${quote(print(node))}`)
      default:
        return { kind: 'chain', pos: t.pos, source: this.source, node, fields: names }
    }
  }

  private term(): Node | undefined {
    const t = this.tokens.next()
    const { pos } = t
    const { source } = this
    switch (t.type) {
      case 'identifier':
        if (!this.hasFunction(t.value)) this.tokens.fail(`function ${quote(t.value)} not defined`)
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
        this.tokens.backup()
        return undefined
    }
  }

  private number(t: Token): ReturnType<typeof parseNumber> {
    try {
      return t.type === 'charConstant' ? parseChar(t.value) : parseNumber(t.value)
    } catch (e) {
      if (e instanceof NumberSyntaxError) this.tokens.fail(e.message)
      throw e
    }
  }

  private parenthesized(): PipeNode {
    if (this.parens >= MAX_PARENS) this.tokens.fail('max expression depth exceeded')
    this.parens++
    const pipe = this.pipeline('parenthesized pipeline', ')')
    this.parens--
    return pipe
  }

  private useVariable(t: Token): VariableNode {
    if (!this.vars.includes(t.value)) this.tokens.fail(`undefined variable ${quote(t.value)}`)
    return this.newVariable(t.pos, t.value)
  }
}
