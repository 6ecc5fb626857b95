// The nodes of a parsed template and how errors print them.

/** The text a node came from: what an error needs to say where. */
export interface Source {
  /** The name given when the text was parsed: a file's path in the chart, or `gotpl` for tpl. */
  readonly name: string
  readonly text: string
}

interface Base {
  readonly pos: number
  readonly source: Source
}
export interface ListNode extends Base {
  readonly kind: 'list'
  readonly nodes: Node[]
}
export interface TextNode extends Base {
  readonly kind: 'text'
  readonly text: string
}
export interface PipeNode extends Base {
  readonly kind: 'pipe'
  isAssign: boolean
  readonly decl: VariableNode[]
  readonly cmds: CommandNode[]
}
export interface ActionNode extends Base {
  readonly kind: 'action'
  readonly pipe: PipeNode
}
export interface CommandNode extends Base {
  readonly kind: 'command'
  readonly args: Node[]
}
export interface IdentifierNode extends Base {
  readonly kind: 'identifier'
  readonly name: string
}
export interface VariableNode extends Base {
  readonly kind: 'variable'
  readonly ident: readonly string[]
}
interface DotNode extends Base {
  readonly kind: 'dot'
}
interface NilNode extends Base {
  readonly kind: 'nil'
}
export interface FieldNode extends Base {
  readonly kind: 'field'
  readonly ident: readonly string[]
}
interface ChainNode extends Base {
  readonly kind: 'chain'
  readonly node: Node
  readonly fields: readonly string[]
}
interface BoolNode extends Base {
  readonly kind: 'bool'
  readonly value: boolean
}
export interface NumberNode extends Base {
  readonly kind: 'number'
  readonly text: string
  readonly int: bigint | undefined
  readonly uint: bigint | undefined
  readonly float: number | undefined
  readonly complex: { re: number; im: number } | undefined
}
interface StringNode extends Base {
  readonly kind: 'string'
  readonly quoted: string
  readonly text: string
}
export interface BranchNode extends Base {
  readonly kind: 'if' | 'range' | 'with'
  readonly pipe: PipeNode
  readonly list: ListNode
  readonly elseList: ListNode | undefined
}
export interface TemplateNode extends Base {
  readonly kind: 'template'
  readonly name: string
  readonly pipe: PipeNode | undefined
}
export interface MarkerNode extends Base {
  readonly kind: 'break' | 'continue' | 'end' | 'else'
}
export type Node =
  | ListNode
  | TextNode
  | PipeNode
  | ActionNode
  | CommandNode
  | IdentifierNode
  | VariableNode
  | DotNode
  | NilNode
  | FieldNode
  | ChainNode
  | BoolNode
  | NumberNode
  | StringNode
  | BranchNode
  | TemplateNode
  | MarkerNode

/** A named template: what `define`, `block` or a file gave. */
export interface Tree {
  readonly name: string
  readonly source: Source
  readonly root: ListNode
}

/** The node as Go's String() prints it in errors. */
export function print(n: Node): string {
  switch (n.kind) {
    case 'list':
      return n.nodes.map(print).join('')
    case 'text':
      return n.text
    case 'pipe':
      return printPipe(n)
    case 'action':
      return `{{${print(n.pipe)}}}`
    case 'command':
      return n.args.map((a) => (a.kind === 'pipe' ? `(${print(a)})` : print(a))).join(' ')
    case 'identifier':
      return n.name
    case 'variable':
      return n.ident.join('.')
    case 'dot':
      return '.'
    case 'nil':
      return 'nil'
    case 'field':
      return n.ident.map((i) => `.${i}`).join('')
    case 'chain':
      return (n.node.kind === 'pipe' ? `(${print(n.node)})` : print(n.node)) + n.fields.map((i) => `.${i}`).join('')
    case 'bool':
      return String(n.value)
    case 'number':
      return n.text
    case 'string':
      return n.quoted
    case 'template':
      return `{{template ${JSON.stringify(n.name)}${n.pipe ? ` ${print(n.pipe)}` : ''}}}`
    case 'break':
    case 'continue':
    case 'end':
    case 'else':
      return `{{${n.kind}}}`
    default:
      return `{{${n.kind} ${print(n.pipe)}}}${print(n.list)}${n.elseList ? `{{else}}${print(n.elseList)}` : ''}{{end}}`
  }
}

function printPipe(n: PipeNode): string {
  const decl = n.decl.length > 0 ? `${n.decl.map(print).join(', ')} ${n.isAssign ? '=' : ':='} ` : ''
  return decl + n.cmds.map(print).join(' | ')
}

/** Line from 1 and column from 0 in bytes, as Go's errors count. */
export function placeOf(n: { pos: number; source: Source }): { line: number; column: number } {
  const before = n.source.text.slice(0, n.pos)
  const newline = before.lastIndexOf('\n')
  return { line: before.split('\n').length, column: Buffer.byteLength(before.slice(newline + 1)) }
}
