import { numberText } from '../apimachinery/number-text.ts'
import { goJson, isJsonArray, isJsonObject, type Json, own } from './schema/json-schema.ts'

/** The text is no JSONPath template, or it does not fit the data. */
export class JsonPathError extends Error {}

type Node =
  | { readonly kind: 'text' | 'field' | 'identifier'; readonly value: string }
  | { readonly kind: 'literal'; readonly value: number | boolean }
  | { readonly kind: 'wildcard' | 'recursive' }
  | {
      readonly kind: 'slice'
      readonly params: readonly [number | undefined, number | undefined, number | undefined]
      readonly single: boolean
    }
  | { readonly kind: 'union'; readonly lists: readonly (readonly Node[])[] }
  | { readonly kind: 'filter'; readonly left: readonly Node[]; readonly right: readonly Node[]; readonly operator: string }
  | { readonly kind: 'list'; readonly nodes: readonly Node[] }

/** A parsed template such as `{.spec.containers[*].image}`. */
interface JsonPath {
  /** The results of each part of the template. Throws JsonPathError. */
  find(data: Json): Json[][]
}

/** Parses a template of Kubernetes' JSONPath dialect. With `allowMissing`, fields that are not there give no result. */
export function parseJsonPath(template: string, options: { allowMissing?: boolean } = {}): JsonPath {
  const nodes = new Parser(template).text()
  const allowMissing = options.allowMissing === true
  return { find: (data) => new Evaluation(allowMissing).template(nodes, data) }
}

/** The path of one field, `.spec.replicas`, as columns and selectable fields give it. */
export const parseFieldPath = (path: string): JsonPath => parseJsonPath(`{${path}}`, { allowMissing: true })

/** Results as text, separated by spaces: objects and lists as JSON. */
export const resultText = (results: readonly Json[]): string => results.map(valueText).join(' ')

function valueText(value: Json): string {
  if (value === null) return '<nil>'
  if (typeof value === 'object') return goJson(value)
  return typeof value === 'number' ? numberText(value) : String(value)
}

const SLICE = /^(-?\d*)(:-?\d*)?(:-?\d*)?$/
const TERMINATORS = new Set([' ', '\t', '\r', '\n', '.', ',', '[', ']', '$', '@', '{', '}'])

class Parser {
  private readonly input: string
  private pos = 0

  constructor(input: string) {
    this.input = input
  }

  text(): Node[] {
    const nodes: Node[] = []
    while (this.pos < this.input.length) {
      const open = this.input.indexOf('{', this.pos)
      const end = open === -1 ? this.input.length : open
      if (end > this.pos) nodes.push({ kind: 'text', value: this.input.slice(this.pos, end) })
      this.pos = end
      if (open === -1) break
      this.pos++
      nodes.push({ kind: 'list', nodes: this.action() })
    }
    return nodes
  }

  private action(): Node[] {
    const nodes: Node[] = []
    for (;;) {
      const rest = this.input.slice(this.pos)
      const char = rest[0]
      if (char === '}') {
        this.pos++
        return nodes
      }
      if (rest.startsWith('[?(')) nodes.push(this.filter())
      else if (rest.startsWith('..')) nodes.push(...this.recursive(nodes.at(-1)))
      else if (char === undefined || char === '\r' || char === '\n') throw new JsonPathError('unclosed action')
      else if (char === ' ' || char === '@' || char === '$') this.pos++
      else if (char === '[') nodes.push(...this.array())
      else if (char === '"' || char === "'") nodes.push({ kind: 'text', value: this.quoted(char) })
      else if (char === '.') nodes.push(this.field(1))
      else if (/[+\-\d]/.test(char)) nodes.push(this.number())
      else if (/[\p{L}_]/u.test(char)) nodes.push(this.identifier())
      else throw new JsonPathError(`unrecognized character in action: ${unicodeName(char)}`)
    }
  }

  private field(skip: number): Node {
    this.pos += skip
    const start = this.pos
    while (this.pos < this.input.length) {
      const char = this.input[this.pos] as string
      if (char === '\\') this.pos++
      else if (TERMINATORS.has(char)) break
      this.pos++
    }
    const name = this.input.slice(start, this.pos)
    return name === '*' ? { kind: 'wildcard' } : { kind: 'field', value: name.replaceAll('\\', '') }
  }

  private recursive(before: Node | undefined): Node[] {
    if (before?.kind === 'recursive') throw new JsonPathError('invalid multiple recursive descent')
    this.pos += 2
    const next = this.input[this.pos] ?? ''
    return /[\p{L}\p{Nd}_]/u.test(next) ? [{ kind: 'recursive' }, this.field(0)] : [{ kind: 'recursive' }]
  }

  private number(): Node {
    const text = /^[+-]?[\d.]*/.exec(this.input.slice(this.pos))?.[0] as string
    this.pos += text.length
    if (text === '' || Number.isNaN(Number(text))) throw new JsonPathError(`cannot parse number ${text}`)
    return { kind: 'literal', value: Number(text) }
  }

  private identifier(): Node {
    const start = this.pos
    while (this.pos < this.input.length && !TERMINATORS.has(this.input[this.pos] as string)) this.pos++
    const name = this.input.slice(start, this.pos)
    return name === 'true' || name === 'false' ? { kind: 'literal', value: name === 'true' } : { kind: 'identifier', value: name }
  }

  private quoted(quote: string): string {
    const start = this.pos++
    for (;;) {
      const char = this.input[this.pos++]
      if (char === undefined || char === '\n') throw new JsonPathError('unterminated quoted string')
      if (char === quote && this.input[this.pos - 2] !== '\\') break
    }
    const body = this.input.slice(start + 1, this.pos - 1)
    return body.replace(/\\(.)/gs, (_all, char: string) => ({ n: '\n', t: '\t', r: '\r' })[char] ?? char)
  }

  private array(): Node[] {
    const close = this.input.indexOf(']', this.pos)
    const newline = this.input.indexOf('\n', this.pos)
    if (close === -1 || (newline !== -1 && newline < close)) throw new JsonPathError('unterminated array')
    const body = this.input.slice(this.pos + 1, close)
    this.pos = close + 1
    return indexNodes(body === '*' ? ':' : body)
  }

  private filter(): Node {
    const start = this.pos + 3
    let end = start
    for (let quote = ''; ; end++) {
      const char = this.input[end]
      if (char === undefined || char === '\n') throw new JsonPathError('unterminated filter')
      if (quote === '' && (char === '"' || char === "'")) quote = char
      else if (char === quote && this.input[end - 1] !== '\\') quote = ''
      else if (char === ')' && quote === '') break
    }
    if (this.input[end + 1] !== ']') throw new JsonPathError('unclosed array expect ]')
    this.pos = end + 2
    const body = this.input.slice(start, end)
    const compared = /^([^!<>=]+)([!<>=]+)(.+?)$/.exec(body)
    if (compared === null) return { kind: 'filter', left: actionOf(body), right: [], operator: 'exists' }
    return {
      kind: 'filter',
      left: actionOf(compared[1] as string),
      right: actionOf(compared[3] as string),
      operator: compared[2] as string,
    }
  }
}

function actionOf(body: string): readonly Node[] {
  const [first] = new Parser(`{${body}}`).text()
  return first?.kind === 'list' ? first.nodes : []
}

function indexNodes(body: string): Node[] {
  const parts = body.split(',')
  if (parts.length > 1) return [{ kind: 'union', lists: parts.map((part) => actionOf(`[${part.trim()}]`)) }]
  const key = /^'([^']*)'$/.exec(body)?.[1]
  if (key !== undefined) return [...actionOf(`.${key}`)]
  const match = SLICE.exec(body)
  if (match === null) throw new JsonPathError(`invalid array index ${body}`)
  const parse = (text: string | undefined): number | undefined => {
    const digits = (text ?? '').replace(':', '')
    if (digits === '') return undefined
    if (digits === '-') throw new JsonPathError(`array index ${digits} is not a number`)
    return Number(digits)
  }
  const params = [parse(match[1]), parse(match[2]), parse(match[3])] as const
  return [{ kind: 'slice', params, single: match[2] === undefined || match[2] === '' }]
}

const unicodeName = (char: string): string =>
  `U+${(char.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0')} '${char}'`

class Evaluation {
  private readonly allowMissing: boolean

  constructor(allowMissing: boolean) {
    this.allowMissing = allowMissing
  }

  template(nodes: readonly Node[], data: Json): Json[][] {
    const results: Json[][] = []
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i] as Node
      const range = rangeOf(node)
      if (range === undefined) {
        results.push(this.walk([data], node))
        continue
      }
      const end = endOfRange(nodes, i)
      for (const item of this.list([data], range)) results.push(...this.template(nodes.slice(i + 1, end), item))
      i = end
    }
    return results
  }

  private list(values: readonly Json[], nodes: readonly Node[]): Json[] {
    return nodes.reduce<Json[]>((current, node) => this.walk(current, node), [...values])
  }

  private walk(values: readonly Json[], node: Node): Json[] {
    switch (node.kind) {
      case 'list':
        return this.list(values, node.nodes)
      case 'text':
        return [node.value]
      case 'literal':
        return values.map(() => node.value)
      case 'field':
        return this.field(values, node.value)
      case 'wildcard':
        return values.flatMap((value) => (typeof value === 'string' ? [...Buffer.from(value)] : contents(value)))
      case 'recursive':
        return values.flatMap((value) => descendants(value))
      case 'slice':
        return values.flatMap((value) => (value === null ? [] : slice(value, node)))
      case 'union':
        return node.lists.flatMap((list) => this.list(values, list))
      case 'filter':
        return values.flatMap((value) => this.filter(value, node))
      case 'identifier':
        throw new JsonPathError(node.value === 'end' ? 'not in range, nothing to end' : `unrecognized identifier ${node.value}`)
    }
  }

  private field(values: readonly Json[], name: string): Json[] {
    const found = values.flatMap((value) => {
      const field = isJsonObject(value) ? own(value, name) : undefined
      return field === undefined ? [] : [field]
    })
    if (found.length === 0 && values.length > 0 && !this.allowMissing) throw new JsonPathError(`${name} is not found`)
    return found
  }

  private filter(value: Json, node: Node & { kind: 'filter' }): Json[] {
    if (!isJsonArray(value)) throw new JsonPathError(`${valueText(value)} is not array or slice and cannot be filtered`)
    return value.filter((item) => {
      if (node.operator === 'exists') return this.exists(item, node.left)
      const [left, right] = [this.list([item], node.left), this.list([item], node.right)]
      if (left.length > 1 || right.length > 1) throw new JsonPathError('can only compare one element at a time')
      return left.length === 1 && right.length === 1 && compared(left[0] as Json, right[0] as Json, node.operator)
    })
  }

  private exists(item: Json, nodes: readonly Node[]): boolean {
    try {
      return this.list([item], nodes).length > 0
    } catch (error) {
      if (error instanceof JsonPathError) return false
      throw error
    }
  }
}

/** What is looped over, when `node` is `{range …}`. */
function rangeOf(node: Node): readonly Node[] | undefined {
  const first = node.kind === 'list' ? node.nodes[0] : undefined
  return first?.kind === 'identifier' && first.value === 'range' ? (node as { nodes: readonly Node[] }).nodes.slice(1) : undefined
}

function endOfRange(nodes: readonly Node[], start: number): number {
  let depth = 0
  for (let i = start; i < nodes.length; i++) {
    const node = nodes[i] as Node
    if (rangeOf(node) !== undefined) depth++
    const first = node.kind === 'list' ? node.nodes[0] : undefined
    if (first?.kind === 'identifier' && first.value === 'end' && --depth === 0) return i
  }
  return nodes.length
}

const contents = (value: Json): Json[] => (isJsonArray(value) ? [...value] : isJsonObject(value) ? Object.values(value) : [])

function descendants(value: Json): Json[] {
  const inner = contents(value)
  return inner.length === 0 ? [] : [value, ...inner.flatMap(descendants)]
}

function slice(value: Json, node: Node & { kind: 'slice' }): Json[] {
  if (!isJsonArray(value))
    throw new JsonPathError(`${isJsonObject(value) ? 'map[string]interface {}' : typeof value} is not array or slice`)
  const { length } = value
  const first = node.params[0] ?? 0
  const start = first < 0 ? first + length : first
  const given = node.single ? first + 1 : (node.params[1] ?? length)
  const end = given < 0 || (given === 0 && node.single) ? given + length : given
  if (start === end) return []
  if (start >= length || start < 0) throw new JsonPathError(`array index out of bounds: index ${start}, length ${length}`)
  if (end > length || end < 0) throw new JsonPathError(`array index out of bounds: index ${end - 1}, length ${length}`)
  if (start > end) throw new JsonPathError(`starting index ${start} is greater than ending index ${end}`)
  const step = node.params[2] ?? 1
  if (step <= 0) throw new JsonPathError('step must be > 0')
  return value.slice(start, end).filter((_item, i) => i % step === 0)
}

function compared(left: Json, right: Json, operator: string): boolean {
  if (left === null || right === null || typeof left === 'object' || typeof right === 'object') {
    throw new JsonPathError('invalid type for comparison')
  }
  if (typeof left !== typeof right) throw new JsonPathError('incompatible types for comparison')
  switch (operator) {
    case '==':
      return left === right
    case '!=':
      return left !== right
    case '<':
      return left < right
    case '<=':
      return left <= right
    case '>':
      return left > right
    case '>=':
      return left >= right
    default:
      throw new JsonPathError(`unrecognized filter operator ${operator}`)
  }
}
