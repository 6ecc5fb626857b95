// Template text to trees: Go's text/template/parse, with its error texts. The statements.

import { quote } from '../../apimachinery/go-quote.ts'
import type { Token } from './lex.ts'
import type { BranchNode, ListNode, MarkerNode, Node, PipeNode, Source, TemplateNode, Tree } from './nodes.ts'
import { print } from './nodes.ts'
import { PipelineParser } from './parse-pipeline.ts'
import { Tokens } from './tokens.ts'

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
  private readonly tokens: Tokens
  private readonly pipelines: PipelineParser
  private rangeDepth = 0
  private readonly trees = new Map<string, Tree>()

  constructor(source: Source, hasFunction: (name: string) => boolean) {
    this.source = source
    this.tokens = new Tokens(source)
    this.pipelines = new PipelineParser(this.tokens, hasFunction)
  }

  parse(name: string): Tree[] {
    const root = this.newList(this.tokens.peek().pos)
    while (this.tokens.peek().type !== 'EOF') {
      if (this.tokens.peek().type === 'left') {
        const delim = this.tokens.next()
        if (this.tokens.next().type === 'define') {
          this.define()
          continue
        }
        this.tokens.backup2(delim)
      }
      const n = this.textOrAction()
      if (n.kind === 'end' || n.kind === 'else') this.tokens.fail(`unexpected ${print(n)}`)
      root.nodes.push(n)
    }
    this.add(name, root)
    return [...this.trees.values()]
  }

  private newList(pos: number): ListNode {
    return { kind: 'list', pos, source: this.source, nodes: [] }
  }
  private add(name: string, root: ListNode): void {
    const old = this.trees.get(name)
    if (!old || isEmptyTree(old.root)) this.trees.set(name, { name, source: this.source, root })
    else if (!isEmptyTree(root)) this.tokens.fail(`template: multiple definition of template ${quote(name)}`)
  }

  /** A body with a scope of its own, up to its end. */
  private body(context: string): ListNode {
    const [vars, action, depth] = [this.pipelines.vars, this.tokens.actionLine, this.rangeDepth]
    this.pipelines.vars = ['$']
    this.tokens.actionLine = 0
    this.rangeDepth = 0
    const [list, end] = this.itemList()
    if (end.kind !== 'end') this.tokens.fail(`unexpected ${print(end)} in ${context}`)
    ;[this.pipelines.vars, this.tokens.actionLine, this.rangeDepth] = [vars, action, depth]
    return list
  }

  private define(): void {
    const context = 'define clause'
    const t = this.tokens.next()
    if (t.type !== 'string' && t.type !== 'rawString') this.tokens.unexpected(t, context)
    const name = this.pipelines.unquote(t.value)
    this.tokens.expect('right', context)
    this.add(name, this.body(context))
  }

  private itemList(): [ListNode, Node] {
    const list = this.newList(this.tokens.peek().pos)
    while (this.tokens.peek().type !== 'EOF') {
      const n = this.textOrAction()
      if (n.kind === 'end' || n.kind === 'else') return [list, n]
      list.nodes.push(n)
    }
    this.tokens.fail('unexpected EOF')
  }

  private textOrAction(): Node {
    const t = this.tokens.next()
    if (t.type === 'text') return { kind: 'text', pos: t.pos, source: this.source, text: t.value }
    if (t.type !== 'left') this.tokens.unexpected(t, 'input')
    this.tokens.actionLine = t.line
    const n = this.action()
    this.tokens.actionLine = 0
    return n
  }

  private action(): Node {
    const t = this.tokens.next()
    switch (t.type) {
      case 'block':
        return this.block()
      case 'break':
      case 'continue':
        return this.loopControl(t, t.type)
      case 'else':
        return this.elseControl()
      case 'end':
        return this.marker('end', this.tokens.expect('right', 'end').pos)
      case 'if':
      case 'range':
      case 'with':
        return this.control(t.type)
      case 'template':
        return this.template()
      default:
    }
    this.tokens.backup()
    const start = this.tokens.peek()
    return { kind: 'action', pos: start.pos, source: this.source, pipe: this.pipelines.pipeline('command', 'right') }
  }

  private marker(kind: MarkerNode['kind'], pos: number): MarkerNode {
    return { kind, pos, source: this.source }
  }

  private loopControl(t: Token, kind: 'break' | 'continue'): Node {
    const next = this.tokens.next()
    if (next.type !== 'right') this.tokens.unexpected(next, `{{${kind}}}`)
    if (this.rangeDepth === 0) this.tokens.fail(`{{${kind}}} outside {{range}}`)
    return this.marker(kind, t.pos)
  }

  private elseControl(): Node {
    const peek = this.tokens.peek()
    if (peek.type === 'if' || peek.type === 'with') return this.marker('else', peek.pos)
    return this.marker('else', this.tokens.expect('right', 'else').pos)
  }

  private control(context: 'if' | 'range' | 'with'): BranchNode {
    const scope = this.pipelines.vars.length
    const pipe = this.pipelines.pipeline(context, 'right')
    if (context === 'range') this.rangeDepth++
    const [list, next] = this.itemList()
    if (context === 'range') this.rangeDepth--
    const elseList = next.kind === 'else' ? this.elseBranch(context, next) : undefined
    this.pipelines.vars.length = scope
    return { kind: context, pos: pipe.pos, source: this.source, pipe, list, elseList }
  }

  private elseBranch(context: 'if' | 'range' | 'with', at: Node): ListNode {
    if (context !== 'range' && this.tokens.peek().type === context) {
      this.tokens.next()
      const list = this.newList(at.pos)
      list.nodes.push(this.control(context))
      return list
    }
    const [list, end] = this.itemList()
    if (end.kind !== 'end') this.tokens.fail(`expected end; found ${print(end)}`)
    return list
  }

  private templateName(t: Token, context: string): string {
    if (t.type !== 'string' && t.type !== 'rawString') this.tokens.unexpected(t, context)
    return this.pipelines.unquote(t.value)
  }

  private block(): TemplateNode {
    const context = 'block clause'
    const t = this.tokens.next()
    const name = this.templateName(t, context)
    const pipe = this.pipelines.pipeline(context, 'right')
    this.add(name, this.body(context))
    return { kind: 'template', pos: t.pos, source: this.source, name, pipe }
  }

  private template(): TemplateNode {
    const context = 'template clause'
    const t = this.tokens.next()
    const name = this.templateName(t, context)
    let pipe: PipeNode | undefined
    if (this.tokens.next().type !== 'right') {
      this.tokens.backup()
      pipe = this.pipelines.pipeline(context, 'right')
    }
    return { kind: 'template', pos: t.pos, source: this.source, name, pipe }
  }
}
