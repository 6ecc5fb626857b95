// The lexer of template text: text, actions with trim markers, comments. An error is a token too, as in Go.
import { quote } from './quote.ts'

export type TokenType =
  | 'EOF'
  | 'error'
  | 'text'
  | 'left'
  | 'right'
  | 'space'
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
  readonly value: string
  readonly line: number
}

const KEYWORDS: ReadonlyMap<string, TokenType> = new Map(
  (['block', 'break', 'continue', 'define', 'else', 'end', 'if', 'nil', 'range', 'template', 'with'] as const).map((k) => [k, k]),
)
const isSpace = (c: number) => c === 32 || c === 9 || c === 10 || c === 13
const LETTER = /[\p{L}\p{Nd}]/u

/** A token as parse errors name it. */
export function describe(t: Token): string {
  if (t.type === 'EOF') return 'EOF'
  if (t.type === 'error') return t.value
  if (KEYWORDS.has(t.type) || t.type === 'dot') return `<${t.value}>`
  return t.value.length > 10 ? `${quote([...t.value].slice(0, 10).join(''))}...` : quote(t.value)
}

export class Lexer {
  private readonly input: string
  private pos = 0
  private start = 0
  private line = 1
  private startLine = 1
  private insideAction = false
  private parens = 0
  private done: Token | undefined

  constructor(input: string) {
    this.input = input
  }

  /** The next token; after an error or the end, that one again. */
  next(): Token {
    if (this.done) return this.done
    const t = this.insideAction ? this.action() : this.text()
    if (t.type === 'EOF' || t.type === 'error') this.done = t
    return t
  }

  private emit(type: TokenType): Token {
    const value = this.input.slice(this.start, this.pos)
    const t = { type, pos: this.start, value, line: this.startLine }
    if (type === 'text' || type === 'rawString' || type === 'right' || type === 'space' || type === 'string')
      this.line += newlines(value)
    this.ignore()
    return t
  }

  private ignore(): void {
    this.start = this.pos
    this.startLine = this.line
  }

  private fail(message: string): Token {
    return { type: 'error', pos: this.start, value: message, line: this.startLine }
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
    const token = { type: 'left' as const, pos: this.start, value: '{{', line: this.startLine }
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
    const delim = this.rightDelimAt()
    if (!delim) return this.fail('comment ends before closing delimiter')
    this.pos += delim
    if (delim === 4) this.trimLeft()
    this.line += newlines(this.input.slice(this.start, this.pos))
    this.ignore()
    return undefined
  }

  private trimLeft(): void {
    while (isSpace(this.input.charCodeAt(this.pos))) this.pos++
  }

  /** 2 at `}}`, 4 at ` -}}`, else 0. */
  private rightDelimAt(): 0 | 2 | 4 {
    const { input, pos } = this
    const c = input.charCodeAt(pos)
    if (c === 125) return input.charCodeAt(pos + 1) === 125 ? 2 : 0
    return isSpace(c) && input.startsWith('-}}', pos + 1) ? 4 : 0
  }

  private rightDelim(length: 2 | 4): Token {
    if (length === 4) {
      if (this.input.charCodeAt(this.pos) === 10) this.line++
      this.pos += 2
      this.ignore()
    }
    this.pos += 2
    const token = { type: 'right' as const, pos: this.start, value: '}}', line: this.startLine }
    if (length === 4) {
      const from = this.pos
      this.trimLeft()
      this.line += newlines(this.input.slice(from, this.pos))
    }
    this.ignore()
    this.insideAction = false
    return token
  }

  private action(): Token {
    const delim = this.rightDelimAt()
    if (delim) return this.parens === 0 ? this.rightDelim(delim) : this.fail('unclosed left paren')
    const { input } = this
    const code = input.codePointAt(this.pos)
    if (code === undefined) return this.fail('unclosed action')
    if (isSpace(code)) return this.space()
    const ch = String.fromCodePoint(code)
    this.pos += ch.length
    switch (ch) {
      case '=':
        return this.emit('assign')
      case ':':
        if (input[this.pos++] !== '=') return this.fail('expected :=')
        return this.emit('declare')
      case '|':
        return this.emit('pipe')
      case '"':
        return this.quoted('"', 'string', 'unterminated quoted string')
      case "'":
        return this.quoted("'", 'charConstant', 'unterminated character constant')
      case '`':
        return this.raw()
      case '$':
        return this.name('variable')
      case '(':
        this.parens++
        return this.emit('(')
      case ')':
        if (--this.parens < 0) return this.fail('unexpected right paren')
        return this.emit(')')
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

  private space(): Token {
    const { input } = this
    let count = 0
    while (isSpace(input.charCodeAt(this.pos))) {
      this.pos++
      count++
    }
    if (input.startsWith('-}}', this.pos)) {
      this.pos--
      if (count === 1) return this.rightDelim(4)
    }
    return this.emit('space')
  }

  private quoted(end: string, type: TokenType, message: string): Token {
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
    if (Number.isNaN(c) || isSpace(c)) return true
    return '.,|:)('.includes(String.fromCharCode(c)) || this.input.startsWith('}}', this.pos)
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
    const keyword = KEYWORDS.get(word)
    if (keyword) return this.emit(keyword)
    return this.emit(word === 'true' || word === 'false' ? 'bool' : 'identifier')
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
