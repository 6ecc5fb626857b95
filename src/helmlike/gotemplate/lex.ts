// The lexer of template text: text, actions with trim markers, comments. An error is a token too, as in Go.
import { quote } from '../../apimachinery/go-quote.ts'

export type TokenType =
  | 'EOF'
  | 'error'
  | 'text'
  | 'left'
  | 'right'
  | 'assign'
  | 'declare'
  | 'pipe'
  | 'char'
  | 'charConstant'
  | 'complex'
  | 'number'
  | 'string'
  | 'rawString'
  | 'identifier'
  | 'field'
  | 'variable'
  | 'dot'
  | 'bool'
  | 'nil'
  | '('
  | ')'
  | 'block'
  | 'break'
  | 'continue'
  | 'define'
  | 'else'
  | 'end'
  | 'if'
  | 'range'
  | 'template'
  | 'with'

export interface Token {
  readonly type: TokenType
  /** Offset in the text, in UTF-16 units. */
  readonly pos: number
  /** A field has all its names: `.Values.image.tag`. */
  readonly value: string
  readonly line: number
  /** Whether space stands before it in its action. */
  readonly spaced: boolean
}

const KEYWORDS: ReadonlyMap<string, TokenType> = new Map(
  (['block', 'break', 'continue', 'define', 'else', 'end', 'if', 'nil', 'range', 'template', 'with'] as const).map((k) => [k, k]),
)
const WORDS: ReadonlyMap<string, TokenType> = new Map<string, TokenType>([...KEYWORDS, ['true', 'bool'], ['false', 'bool']])
const isSpace = (c: number) => c === 32 || c === 9 || c === 10 || c === 13
const LETTER = /[\p{L}\p{Nd}]/u

/** A token as parse errors name it. */
export function describe(t: Token): string {
  if (t.type === 'EOF') return 'EOF'
  if (t.type === 'error') return t.value
  if (KEYWORDS.has(t.type) || t.type === 'dot') return `<${t.value}>`
  if (t.type === 'field') return describe({ ...t, type: 'char', value: /^\.[^.]*/.exec(t.value)?.[0] ?? '' })
  return t.value.length > 10 ? `${quote([...t.value].slice(0, 10).join(''))}...` : quote(t.value)
}

/** `$x`, `name`, or `.a.b.c`, as far as it is ASCII, before what may end it (see atTerminator). */
const NAME = /(?:[$A-Za-z_][A-Za-z0-9_]*|(?:\.[A-Za-z_][A-Za-z0-9_]*)+)(?=[ \t\r\n.,|:()]|\}\}|$)/y

const PLAIN_STRING = /[^"\\\n]*"/y

export class Lexer {
  private readonly input: string
  private pos = 0
  private start = 0
  private line = 1
  private startLine = 1
  private spaced = false
  private insideAction = false
  private parens = 0
  private done: Token | undefined

  constructor(input: string) {
    this.input = input
  }

  /** The next token; after an error or the end, that one again. */
  next(): Token {
    if (this.done) return this.done
    this.spaced = false
    const t = this.insideAction ? this.action() : this.text()
    if (t.type === 'EOF' || t.type === 'error') this.done = t
    return t
  }

  private emit(type: TokenType): Token {
    const value = this.input.slice(this.start, this.pos)
    const t = { type, pos: this.start, value, line: this.startLine, spaced: this.spaced }
    if (type === 'text' || type === 'rawString') this.line += newlines(value)
    this.ignore()
    return t
  }

  private ignore(): void {
    this.start = this.pos
    this.startLine = this.line
  }

  private fail(message: string): Token {
    return { type: 'error', pos: this.start, value: message, line: this.startLine, spaced: this.spaced }
  }

  private text(): Token {
    const { input } = this
    for (;;) {
      const at = input.indexOf('{{', this.pos)
      if (at < 0) {
        this.pos = input.length
        return this.pos > this.start ? this.emit('text') : this.emit('EOF')
      }
      if (at > this.pos) {
        let end = at
        if (input.charCodeAt(at + 2) === 45 && isSpace(input.charCodeAt(at + 3)))
          while (end > this.start && isSpace(input.charCodeAt(end - 1))) end--
        this.pos = end
        const token = end > this.start ? this.emit('text') : undefined
        this.line += newlines(input.slice(end, at))
        this.pos = at
        this.ignore()
        if (token) return token
      }
      const token = this.leftDelim()
      if (token) return token
    }
  }

  /** `{{`, or undefined after a comment that was skipped. */
  private leftDelim(): Token | undefined {
    const { input } = this
    this.pos += 2
    const trims = input.charCodeAt(this.pos) === 45 && isSpace(input.charCodeAt(this.pos + 1))
    const after = trims ? 2 : 0
    if (input.startsWith('/*', this.pos + after)) {
      this.pos += after
      this.ignore()
      return this.comment()
    }
    const token = { type: 'left' as const, pos: this.start, value: '{{', line: this.startLine, spaced: false }
    this.insideAction = true
    if (trims && input.charCodeAt(this.pos + 1) === 10) this.line++
    this.pos += after
    this.ignore()
    this.parens = 0
    return token
  }

  private comment(): Token | undefined {
    const end = this.input.indexOf('*/', this.pos + 2)
    if (end < 0) return this.fail('unclosed comment')
    this.pos = end + 2
    const isTrimmed = isSpace(this.input.charCodeAt(this.pos)) && this.input.startsWith('-}}', this.pos + 1)
    if (!isTrimmed && !this.input.startsWith('}}', this.pos)) return this.fail('comment ends before closing delimiter')
    this.pos += isTrimmed ? 4 : 2
    if (isTrimmed) this.trimLeft()
    this.line += newlines(this.input.slice(this.start, this.pos))
    this.ignore()
    return undefined
  }

  private trimLeft(): void {
    while (isSpace(this.input.charCodeAt(this.pos))) this.pos++
  }

  private skipSpace(): void {
    const { input } = this
    let { pos } = this
    let c = input.charCodeAt(pos)
    if (!isSpace(c)) return
    while (isSpace(c)) {
      if (c === 10) this.line++
      c = input.charCodeAt(++pos)
    }
    this.pos = pos
    this.spaced = true
    this.ignore()
  }

  /** 2 at `}}`, 3 at `-}}` behind space, else 0. */
  private rightDelimAt(): 0 | 2 | 3 {
    const { input, pos } = this
    const c = input.charCodeAt(pos)
    if (c === 125) return input.charCodeAt(pos + 1) === 125 ? 2 : 0
    return c === 45 && this.spaced && input.startsWith('}}', pos + 1) ? 3 : 0
  }

  private rightDelim(length: 2 | 3): Token {
    if (length === 3) {
      this.pos++
      this.ignore()
    }
    this.pos += 2
    const token = { type: 'right' as const, pos: this.start, value: '}}', line: this.startLine, spaced: this.spaced }
    if (length === 3) {
      const from = this.pos
      this.trimLeft()
      this.line += newlines(this.input.slice(from, this.pos))
    }
    this.ignore()
    this.insideAction = false
    return token
  }

  private action(): Token {
    this.skipSpace()
    const delim = this.rightDelimAt()
    if (delim) return this.parens === 0 ? this.rightDelim(delim) : this.fail('unclosed left paren')
    const { input } = this
    const c = input.charCodeAt(this.pos)
    switch (c) {
      case 34: // "
        this.pos++
        return this.quoted('"', 'string', 'unterminated quoted string')
      case 40: // (
        this.pos++
        this.parens++
        return this.emit('(')
      case 41: // )
        this.pos++
        if (--this.parens < 0) return this.fail('unexpected right paren')
        return this.emit(')')
      case 124: // |
        this.pos++
        return this.emit('pipe')
      default:
    }
    NAME.lastIndex = this.pos
    return NAME.test(input) ? this.simpleName(c, NAME.lastIndex) : this.rare()
  }

  /** What is neither a simple name nor one of the signs that nearly every action has. */
  private rare(): Token {
    const { input } = this
    const code = input.codePointAt(this.pos)
    if (code === undefined) return this.fail('unclosed action')
    const ch = String.fromCodePoint(code)
    this.pos += ch.length
    switch (ch) {
      case '=':
        return this.emit('assign')
      case ':':
        if (input[this.pos++] !== '=') return this.fail('expected :=')
        return this.emit('declare')
      case "'":
        return this.quoted("'", 'charConstant', 'unterminated character constant')
      case '`':
        return this.raw()
      case '$':
        return this.name('variable')
      default:
        return this.word(ch, code)
    }
  }

  private word(ch: string, code: number): Token {
    const next = this.input.charCodeAt(this.pos)
    if (ch === '.' && !Number.isNaN(next) && (next < 48 || next > 57)) return this.name('field')
    if (ch === '.' || ch === '+' || ch === '-' || (code >= 48 && code <= 57)) {
      this.pos -= 1
      return this.number()
    }
    if (isAlphaNumeric(code)) {
      this.pos -= ch.length
      return this.identifier()
    }
    if (code < 0x7f && code > 0x20) return this.emit('char')
    return this.fail(`unrecognized character in action: ${unicode(code)}`)
  }

  /** A name up to `end` that starts with the character `c`. */
  private simpleName(c: number, end: number): Token {
    this.pos = end
    if (c === 46) return this.emit('field')
    if (c === 36) return this.emit('variable')
    return this.emit(WORDS.get(this.input.slice(this.start, end)) ?? 'identifier')
  }

  private quoted(end: string, type: TokenType, message: string): Token {
    PLAIN_STRING.lastIndex = this.pos
    if (type === 'string' && PLAIN_STRING.test(this.input)) {
      this.pos = PLAIN_STRING.lastIndex
      return this.emit(type)
    }
    for (;;) {
      const ch = this.input[this.pos++]
      if (ch === end) return this.emit(type)
      if (ch === undefined || ch === '\n') return this.fail(message)
      if (ch === '\\') {
        const escaped = this.input[this.pos++]
        if (escaped === undefined || escaped === '\n') return this.fail(message)
      }
    }
  }

  private raw(): Token {
    const end = this.input.indexOf('`', this.pos)
    if (end < 0) return this.fail('unterminated raw quoted string')
    this.pos = end + 1
    return this.emit('rawString')
  }

  private skipAlphaNumeric(): void {
    const { input } = this
    for (;;) {
      const c = input.charCodeAt(this.pos)
      if ((c >= 97 && c <= 122) || (c >= 65 && c <= 90) || (c >= 48 && c <= 57) || c === 95) this.pos++
      else {
        const code = c > 127 ? (input.codePointAt(this.pos) as number) : 0
        if (code === 0 || !isAlphaNumeric(code)) return
        this.pos += code > 0xffff ? 2 : 1
      }
    }
  }

  private atTerminator(): boolean {
    const c = this.input.charCodeAt(this.pos)
    if (c === 32 || c === 46 || c === 41 || Number.isNaN(c) || isSpace(c)) return true
    return c === 44 || c === 124 || c === 58 || c === 40 || (c === 125 && this.input.charCodeAt(this.pos + 1) === 125)
  }

  private badCharacter(): Token {
    return this.fail(`bad character ${unicode(this.input.codePointAt(this.pos) as number)}`)
  }

  private name(type: 'field' | 'variable'): Token {
    if (this.atTerminator()) return this.emit(type === 'variable' ? 'variable' : 'dot')
    this.skipAlphaNumeric()
    return this.atTerminator() ? this.emit(type) : this.badCharacter()
  }

  private identifier(): Token {
    this.skipAlphaNumeric()
    const word = this.input.slice(this.start, this.pos)
    if (!this.atTerminator()) return this.badCharacter()
    return this.emit(WORDS.get(word) ?? 'identifier')
  }

  private number(): Token {
    if (!this.scanNumber()) return this.fail(`bad number syntax: ${quote(this.input.slice(this.start, this.pos))}`)
    const sign = this.input[this.pos]
    if (sign !== '+' && sign !== '-') return this.emit('number')
    if (!this.scanNumber() || this.input[this.pos - 1] !== 'i') {
      return this.fail(`bad number syntax: ${quote(this.input.slice(this.start, this.pos))}`)
    }
    return this.emit('complex')
  }

  private scanNumber(): boolean {
    const number =
      /[+-]?(?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?|0[oO][0-7_]*(?:\.[0-7_]*)?|0[bB][01_]*(?:\.[01_]*)?|[0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]*)?)i?/y
    number.lastIndex = this.pos
    this.pos += number.exec(this.input)?.[0].length ?? 0
    const code = this.input.codePointAt(this.pos)
    if (code === undefined || !isAlphaNumeric(code)) return true
    this.pos += code > 0xffff ? 2 : 1
    return false
  }
}

function isAlphaNumeric(c: number): boolean {
  if (c < 128) return (c >= 97 && c <= 122) || (c >= 65 && c <= 90) || (c >= 48 && c <= 57) || c === 95
  return LETTER.test(String.fromCodePoint(c))
}

function newlines(s: string): number {
  let n = 0
  for (let at = s.indexOf('\n'); at >= 0; at = s.indexOf('\n', at + 1)) n++
  return n
}

function unicode(c: number): string {
  return `U+${c.toString(16).toUpperCase().padStart(4, '0')} '${String.fromCodePoint(c)}'`
}
