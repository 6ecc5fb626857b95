// The tokens of one text with Go's three tokens of look-ahead, and errors that say where.
import { describe, Lexer, type Token, type TokenType } from './lex.ts'
import type { Source } from './nodes.ts'

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

export class Tokens {
  readonly source: Source
  /** The line of the action that is being read; 0 outside. */
  actionLine = 0
  private readonly lexer: Lexer
  private readonly token: Token[] = []
  private peeked = 0

  constructor(source: Source) {
    this.source = source
    this.lexer = new Lexer(source.text)
  }

  fail(what: string): never {
    throw new TemplateParseError(this.source.name, this.token[0]?.line ?? 1, what)
  }

  unexpected(t: Token, context: string): never {
    if (t.type !== 'error') this.fail(`unexpected ${describe(t)} in ${context}`)
    let extra = ''
    if (this.actionLine !== 0 && this.actionLine !== t.line) {
      extra = ` in action started at ${this.source.name}:${this.actionLine}`
      if (t.value.endsWith(' action')) extra = extra.slice(' in action'.length)
    }
    this.fail(t.value + extra)
  }

  next(): Token {
    if (this.peeked > 0) this.peeked--
    else this.token[0] = this.lexer.next()
    return this.token[this.peeked] as Token
  }
  backup(): void {
    this.peeked++
  }
  backup2(t1: Token): void {
    this.token[1] = t1
    this.peeked = 2
  }
  peek(): Token {
    if (this.peeked > 0) return this.token[this.peeked - 1] as Token
    this.peeked = 1
    const t = this.lexer.next()
    this.token[0] = t
    return t
  }
  expect(type: TokenType, context: string): Token {
    const t = this.next()
    if (t.type !== type) this.unexpected(t, context)
    return t
  }
}
