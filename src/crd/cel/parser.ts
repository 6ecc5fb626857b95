import { atOnce, type Steps } from '../../apimachinery/steps.ts'
import { type Call, type Expr, type FieldEntry, type MapEntry, OP } from './ast.ts'
import {
  FIRST_ARGUMENT,
  FIRST_ELEMENT,
  FIRST_ENTRY,
  FIRST_INDEX,
  OPERAND,
  OPERAND_AFTER_UNARY,
  startsOperand,
} from './expected.ts'
import { type Token, tokenize } from './lexer.ts'
import { literalValue } from './literals.ts'
import { findMacro, MacroError, type Macros, NodeFactory } from './macros.ts'
import { CompileError, type Issue } from './source.ts'
import { Stop, TokenReader } from './token-reader.ts'
import { CelError } from './values.ts'

const MAX_DEPTH = 250
const MAX_SIZE = 100_000

const RESERVED = new Set(
  'as break const continue else false for function if import in let loop package namespace null return true var void while'.split(
    ' ',
  ),
)
const RELATIONS: Readonly<Record<string, string>> = {
  '<': OP.less,
  '<=': OP.lessEquals,
  '>': OP.greater,
  '>=': OP.greaterEquals,
  '==': OP.equals,
  '!=': OP.notEquals,
  in: OP.in,
}
const SUMS: Readonly<Record<string, string>> = { '+': OP.add, '-': OP.subtract }
const PRODUCTS: Readonly<Record<string, string>> = { '*': OP.multiply, '/': OP.divide, '%': OP.modulo }

/** What of the syntax differs between environments. */
interface Syntax {
  readonly macros: Macros
  readonly escapedNames: boolean
}

/** The syntax tree of `source`, macros expanded. Throws CompileError. */
export const parse = (source: string, syntax: Syntax): Expr => atOnce(parseSteps(source, syntax))

/** As `parse`, in steps. */
export function* parseSteps(source: string, syntax: Syntax): Steps<Expr> {
  const size = source.length <= MAX_SIZE ? source.length : Array.from(source).length
  if (size > MAX_SIZE) {
    throw new CompileError(source, [
      { pos: -1, message: `expression code point size exceeds limit: size: ${size}, limit ${MAX_SIZE}` },
    ])
  }
  const { tokens, issues } = yield* tokenize(source)
  yield
  const parser = new Parser(source, tokens, syntax, issues)
  const expr = parser.start()
  if (issues.length > 0 || expr === undefined) throw new CompileError(source, issues)
  return expr
}

class Parser extends TokenReader {
  private readonly source: string
  private readonly syntax: Syntax
  private readonly make: NodeFactory = new NodeFactory()
  private depth = 0
  /** What may come at the start of the expression being read. */
  private firstOperand = OPERAND

  constructor(source: string, tokens: readonly Token[], syntax: Syntax, issues: Issue[]) {
    super(tokens, issues)
    this.source = source
    this.syntax = syntax
  }

  start(): Expr | undefined {
    try {
      const expr = this.expression()
      if (this.token.kind !== 'eof') {
        this.unexpected(this.after.kind === 'eof' ? 'extraneous' : 'mismatched', '<EOF>')
      }
      return expr
    } catch (error) {
      if (error instanceof Stop) return undefined
      throw error
    }
  }

  /** No operand here: one token too many is passed over; else what comes may be an operator that goes on. */
  private noOperand(expected: string): Expr {
    const { token } = this
    if (token.kind !== 'eof' && this.startsOperand(this.after)) {
      this.complain('extraneous', expected)
      this.index++
      return this.primary(expected)
    }
    const again = this.recovering
    this.complain('mismatched', expected)
    if (again || (token.kind !== 'eof' && token.kind !== 'punct')) throw new Stop()
    return this.make.literal(token.pos, null)
  }

  /** A name that cannot be used, a literal out of range: reported, and parsing goes on. */
  private report(pos: number, message: string): Expr {
    this.issues.push({ pos, message })
    return this.make.literal(pos, null)
  }

  private expression(expected = OPERAND): Expr {
    if (++this.depth > MAX_DEPTH) {
      this.issues.push({ pos: -1, message: `expression recursion limit exceeded: ${MAX_DEPTH}` })
      throw new Stop()
    }
    this.firstOperand = expected
    const condition = this.logical('||')
    const question = this.take('?')
    if (question === undefined) {
      this.depth--
      return condition
    }
    const ifTrue = this.logical('||')
    this.expect(':')
    const ifFalse = this.expression()
    this.depth--
    return this.make.call(question.pos, OP.conditional, [condition, ifTrue, ifFalse])
  }

  private logical(op: '||' | '&&'): Expr {
    const terms = [op === '||' ? this.logical('&&') : this.relation()]
    const positions: number[] = []
    for (let token = this.take(op); token !== undefined; token = this.take(op)) {
      positions.push(token.pos)
      terms.push(op === '||' ? this.logical('&&') : this.relation())
    }
    return this.balanced(op === '||' ? OP.or : OP.and, terms, positions, 0, positions.length - 1)
  }

  /** A long chain becomes a balanced tree, so that its depth stays small. */
  private balanced(fn: string, terms: readonly Expr[], positions: readonly number[], low: number, high: number): Expr {
    if (positions.length === 0) return terms[0] as Expr
    const middle = Math.floor((low + high + 1) / 2)
    const left = middle === low ? (terms[middle] as Expr) : this.balanced(fn, terms, positions, low, middle - 1)
    const right = middle === high ? (terms[middle + 1] as Expr) : this.balanced(fn, terms, positions, middle + 1, high)
    return this.make.call(positions[middle] as number, fn, [left, right])
  }

  private relation(): Expr {
    return this.leftAssociative(RELATIONS, () =>
      this.leftAssociative(SUMS, () => this.leftAssociative(PRODUCTS, () => this.unary())),
    )
  }

  private leftAssociative(operators: Readonly<Record<string, string>>, operand: () => Expr): Expr {
    let left = operand()
    for (let links = 1; this.token.kind === 'punct' && Object.hasOwn(operators, this.token.text); links++) {
      this.limitLinks(links)
      const token = this.token
      this.next()
      left = this.make.call(token.pos, operators[token.text] as string, [left, operand()])
    }
    return left
  }

  private unary(): Expr {
    const first = this.token
    for (const [text, fn] of [
      ['!', OP.not],
      ['-', OP.negate],
    ] as const) {
      if (!this.is(text)) continue
      if (text === '-' && (this.after.kind === 'int' || this.after.kind === 'float')) break
      let count = 0
      while (this.is(text) && !(text === '-' && count > 0 && (this.after.kind === 'int' || this.after.kind === 'float'))) {
        this.next()
        count++
      }
      if (this.token.kind === 'eof') this.unaryOfNothing(text)
      const operand = this.member(OPERAND_AFTER_UNARY)
      return count % 2 === 0 ? operand : this.make.call(first.pos, fn, [operand])
    }
    return this.member(this.firstOperand)
  }

  private member(expected: string): Expr {
    let expr = this.primary(expected)
    this.firstOperand = OPERAND
    for (let links = 0; ; links++) {
      this.limitLinks(links)
      const open = this.take('[')
      if (open !== undefined) {
        const optional = this.take('?') !== undefined
        const index = this.expression(optional ? OPERAND : FIRST_INDEX)
        this.expect(']')
        expr = this.make.call(open.pos, optional ? OP.optIndex : OP.index, [expr, index])
        continue
      }
      const dot = this.take('.')
      if (dot === undefined) return expr
      expr = this.dotted(expr, dot)
    }
  }

  /** Each link of a chain that is read from the left is one level more of the tree. */
  private limitLinks(links: number): void {
    if (links <= MAX_DEPTH) return
    this.issues.push({ pos: -1, message: 'max recursion depth exceeded' })
    throw new Stop()
  }

  private dotted(operand: Expr, dot: Token): Expr {
    const optional = this.take('?') !== undefined
    const name = this.token
    if (name.kind !== 'ident' && name.kind !== 'escaped') {
      if (optional) this.noOptionalName(name)
      const reserved = name.kind === 'punct' && ['true', 'false', 'null'].includes(name.text)
      this.syntaxError(reserved ? `mismatched input '${name.text}' expecting IDENTIFIER` : this.noAlternative(dot))
    }
    this.next()
    const field = this.fieldName(name)
    if (optional) return this.make.call(dot.pos, OP.optSelect, [operand, this.make.literal(name.pos, field)])
    const open = name.kind === 'ident' ? this.take('(') : undefined
    if (open === undefined) return this.make.select(dot.pos, operand, field)
    return this.expand(this.make.call(open.pos, field, this.args(), operand))
  }

  private noOptionalName(token: Token): never {
    const names = '{IDENTIFIER, ESC_IDENTIFIER}'
    this.syntaxIssue(`mismatched input '${token.kind === 'eof' ? '<EOF>' : token.text}' expecting ${names}`)
    this.report(token.pos, 'unsupported ident kind')
    throw new Stop()
  }

  /** What ANTLR says of a dot that the token after it cannot follow. */
  private noAlternative(dot: Token): string {
    const { token } = this
    const end = token.kind === 'eof' ? token.pos : token.pos + token.text.length
    return `no viable alternative at input '${this.source.slice(dot.pos, end)}'`
  }

  private fieldName(token: Token): string {
    if (token.kind !== 'escaped') return token.text
    if (!this.syntax.escapedNames) this.report(token.pos, "unsupported syntax: '`'")
    return token.text.slice(1, -1)
  }

  private args(): Expr[] {
    const args: Expr[] = []
    if (this.take(')') !== undefined) return args
    do args.push(this.expression(args.length === 0 ? FIRST_ARGUMENT : OPERAND))
    while (this.take(',') !== undefined)
    this.expect(')')
    return args
  }

  private expand(call: Call): Expr {
    const macro = findMacro(this.syntax.macros, call)
    if (macro === undefined) return call
    try {
      return macro(this.make.at(call.pos), call.target, call.args) ?? call
    } catch (error) {
      if (error instanceof MacroError) return this.report(error.pos, error.message)
      throw error
    }
  }

  private primary(expected: string): Expr {
    const token = this.token
    switch (token.kind) {
      case 'ident':
        return this.named(undefined)
      case 'int':
      case 'uint':
      case 'float':
      case 'string':
      case 'bytes':
        this.next()
        return this.literal(token.pos, token)
      case 'punct':
        return this.punctuated(token, expected)
      default:
        return this.noOperand(expected)
    }
  }

  private punctuated(token: Token, expected: string): Expr {
    switch (token.text) {
      case 'true':
      case 'false':
      case 'null':
        this.next()
        return this.make.literal(token.pos, token.text === 'null' ? null : token.text === 'true')
      case '-':
        this.next()
        if (this.token.kind !== 'int' && this.token.kind !== 'float') return this.unexpected('mismatched', '{NUM_FLOAT, NUM_INT}')
        this.next()
        return this.literal(token.pos, this.tokens[this.index - 1] as Token, '-')
      case '(': {
        this.next()
        const inner = this.expression()
        this.expect(')')
        return inner
      }
      case '[':
        return this.list()
      case '{':
        return this.map()
      case '.':
        this.next()
        if (this.token.kind !== 'ident') this.syntaxError(this.noAlternative(token))
        return this.named(token)
      default:
        return this.noOperand(expected)
    }
  }

  private startsOperand(token: Token): boolean {
    if (token.kind === 'punct') return ['[', '{', '(', '.', '-', '!', 'true', 'false', 'null'].includes(token.text)
    return token.kind !== 'eof' && token.kind !== 'escaped'
  }

  private literal(pos: number, token: Token, sign: '' | '-' = ''): Expr {
    try {
      return this.make.literal(pos, literalValue(token, sign))
    } catch (error) {
      if (error instanceof CelError) return this.report(pos, error.message)
      throw error
    }
  }

  /** An identifier, a call, or a message: `a`, `a(…)`, `a.b.C{…}`. */
  private named(leadingDot: Token | undefined): Expr {
    const token = this.token
    const message = this.messageName()
    if (message !== undefined) return this.struct(leadingDot === undefined ? message : `.${message}`)
    this.next()
    const name = leadingDot === undefined ? token.text : `.${token.text}`
    const open = this.take('(')
    if (open !== undefined) {
      const args = this.args()
      if (RESERVED.has(token.text)) return this.report(token.pos, `reserved identifier: ${token.text}`)
      return this.expand(this.make.call(open.pos, name, args))
    }
    if (RESERVED.has(token.text)) return this.report((leadingDot ?? token).pos, `reserved identifier: ${token.text}`)
    return this.make.ident(token.pos, name)
  }

  /** The name before `{`, when what follows is a message; moves to the brace. */
  private messageName(): string | undefined {
    let ahead = this.index
    let name = ''
    for (;;) {
      const token = this.tokens[ahead] as Token
      if (token.kind !== 'ident') return undefined
      name += token.text
      const next = this.tokens[ahead + 1] as Token
      if (next.kind !== 'punct') return undefined
      if (next.text === '{') {
        this.index = ahead + 1
        return name
      }
      if (next.text !== '.') return undefined
      name += '.'
      ahead += 2
    }
  }

  /** ANTLR cannot tell a minus from the sign of a number before it sees what follows. */
  private unaryOfNothing(operator: '!' | '-'): never {
    if (operator === '!') return this.unexpected('extraneous', OPERAND)
    this.syntaxIssue("no viable alternative at input '-'")
    this.recovering = false
    return this.unexpected('mismatched', OPERAND)
  }

  /** Takes the comma before another member of a list, map or message; the one before the end is no such. */
  private anotherFollows(): boolean {
    if (!this.is(',') || !startsOperand(this.after)) return false
    this.next()
    return true
  }

  /** The end of a list, map or message, which may have a comma before it. */
  private close(text: ']' | '}', hasMembers: boolean): void {
    const mayGoOn = hasMembers && this.take(',') === undefined
    if (!hasMembers) this.take(',')
    this.expect(text, mayGoOn ? `{'${text}', ','}` : `'${text}'`)
  }

  private struct(typeName: string): Expr {
    const open = this.expect('{')
    const fields: FieldEntry[] = []
    while (!this.is('}') && !this.is(',')) {
      const optional = this.take('?') !== undefined
      const name = this.token
      if (name.kind !== 'ident' && name.kind !== 'escaped')
        this.unexpected('mismatched', "{'}', ',', '?', IDENTIFIER, ESC_IDENTIFIER}")
      this.next()
      const colon = this.expect(':')
      const field = this.fieldName(name)
      fields.push(this.make.field(colon.pos, field, this.expression(), optional))
      if (!this.anotherFollows()) break
    }
    this.close('}', fields.length > 0)
    return this.make.struct(open.pos, typeName, fields)
  }

  private list(): Expr {
    const open = this.expect('[')
    const elements: Expr[] = []
    const optional = new Set<number>()
    while (!this.is(']') && !(this.is(',') && elements.length === 0)) {
      const isOptional = this.take('?') !== undefined
      if (isOptional) optional.add(elements.length)
      elements.push(this.expression(elements.length === 0 && !isOptional ? FIRST_ELEMENT : OPERAND))
      if (!this.anotherFollows()) break
    }
    this.close(']', elements.length > 0)
    return this.make.list(open.pos, elements, optional)
  }

  private map(): Expr {
    const open = this.expect('{')
    const entries: MapEntry[] = []
    while (!this.is('}') && !(this.is(',') && entries.length === 0)) {
      const optional = this.take('?') !== undefined
      const key = this.expression(entries.length === 0 && !optional ? FIRST_ENTRY : OPERAND)
      const colon = this.expect(':')
      entries.push(this.make.entry(colon.pos, key, this.expression(), optional))
      if (!this.anotherFollows()) break
    }
    this.close('}', entries.length > 0)
    return this.make.map(open.pos, entries)
  }
}
