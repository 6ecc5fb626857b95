import { startsOperand } from './expected.ts'
import type { Token } from './lexer.ts'
import type { Issue } from './source.ts'

/** Where parsing cannot go on. What follows in the source is not looked at. */
export class Stop extends Error {}

/** Walks over tokens and tells of those that do not fit, in ANTLR's words. */
export class TokenReader {
  protected readonly tokens: readonly Token[]
  protected readonly issues: Issue[]
  protected index = 0
  /** Since the last error no token was understood: what follows from it is not reported. */
  protected recovering = false

  constructor(tokens: readonly Token[], issues: Issue[]) {
    this.tokens = tokens
    this.issues = issues
  }

  protected get token(): Token {
    return this.tokens[this.index] as Token
  }

  protected get after(): Token {
    return this.tokens[Math.min(this.index + 1, this.tokens.length - 1)] as Token
  }

  protected is(text: string): boolean {
    return this.token.kind === 'punct' && this.token.text === text
  }

  protected take(text: string): Token | undefined {
    return this.is(text) ? this.next() : undefined
  }

  protected next(): Token {
    this.recovering = false
    return this.tokens[this.index++] as Token
  }

  protected expect(text: string, expected = `'${text}'`): Token {
    const token = this.take(text)
    if (token !== undefined) return token
    if (this.after.kind !== 'punct' || this.after.text !== text) {
      // One token alone is expected, and what is there may come after it.
      const isAlone = expected === `'${text}'`
      if (isAlone && /[)\]}]/.test(text) && this.token.kind === 'eof') this.syntaxError(`missing '${text}' at '<EOF>'`)
      if (isAlone && text === ':' && startsOperand(this.token)) this.syntaxError(`missing ':' at '${this.token.text}'`)
      return this.unexpected('mismatched', expected)
    }
    this.complain('extraneous', expected)
    this.index++
    return this.next()
  }

  protected unexpected(how: 'extraneous' | 'mismatched', expected: string): never {
    this.complain(how, expected)
    throw new Stop()
  }

  protected complain(how: 'extraneous' | 'mismatched', expected: string): void {
    this.syntaxIssue(`${how} input '${this.token.text}' expecting ${expected}`)
  }

  protected syntaxError(message: string): never {
    this.syntaxIssue(message)
    throw new Stop()
  }

  protected syntaxIssue(message: string): void {
    if (!this.recovering) this.issues.push({ pos: this.token.pos, message: `Syntax error: ${message}` })
    this.recovering = true
  }
}
