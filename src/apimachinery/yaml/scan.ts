// YAML text to tokens, by libyaml's rules of indentation and simple keys. Stops behind the first document.
import { isBlankOrEnd, isBreak } from './characters.ts'
import { YamlError } from './error.ts'
import { scanBlockScalar, scanDoubleQuoted, scanPlain, scanSingleQuoted } from './scan-scalar.ts'

type TokenType =
  | 'block-sequence'
  | 'block-mapping'
  | 'block-end'
  | '['
  | ']'
  | '{'
  | '}'
  | 'entry'
  | ','
  | 'key'
  | 'value'
  | 'alias'
  | 'anchor'
  | 'tag'
  | 'scalar'
  | 'document-start'
  | 'document-end'
  | 'stream-end'

export interface Token {
  readonly type: TokenType
  /** A scalar's text, an anchor's name or a tag's suffix. */
  readonly value: string
  /** Of scalars: not quoted. Of tags: unused. */
  readonly plain: boolean
  /** Of tags: the handle. */
  readonly handle: string
  /** From 0. */
  readonly line: number
}

interface SimpleKey {
  possible: boolean
  required: boolean
  /** No longer waited for, though a `:` still makes it a key. */
  isForgotten: boolean
  token: number
  index: number
  line: number
  column: number
}

const MAX_DEPTH = 2000
const TAB = 9
const NEWLINE = 10
const RETURN = 13
const SPACE = 32
const HASH = 35
const PERCENT = 37
const COMMA = 44
const DASH = 45
const DOT = 46
const COLON = 58
const QUESTION = 63

export class Scanner {
  readonly text: string
  private readonly tokens: Token[] = []
  pos = 0
  line = 0
  lineStart = 0
  indent = -1
  flowLevel = 0
  simpleKeyAllowed = true
  private indents: number[] = []
  private keys: SimpleKey[] = [{ possible: false, required: false, isForgotten: false, token: 0, index: 0, line: 0, column: 0 }]
  private documents = 0
  private ended = false

  constructor(text: string) {
    this.text = text
    if (text.charCodeAt(0) === 0xfeff) {
      this.pos = 1
      this.lineStart = 1
    }
  }

  /** The token at `index`, reading no further than needed: what stands behind the first document's root is never looked at. */
  at(index: number): Token {
    while (!this.ended && (this.tokens.length <= index || this.mayBecomeKey(index))) this.ended = !this.fetch()
    return this.tokens[Math.min(index, this.tokens.length - 1)] as Token
  }

  /** Whether a `:` still to come can make this token the start of a key. */
  private mayBecomeKey(index: number): boolean {
    return this.keys.some((key) => key.possible && !key.isForgotten && key.token === index && this.isKeyValid(key))
  }

  get column(): number {
    return this.pos - this.lineStart
  }

  fail(what: string, line = this.line): never {
    throw new YamlError(what, line > 0 ? line + 1 : 0)
  }

  /** Moves behind a line break. */
  skipBreak(): void {
    const { text } = this
    this.pos += text.charCodeAt(this.pos) === RETURN && text.charCodeAt(this.pos + 1) === NEWLINE ? 2 : 1
    this.line++
    this.lineStart = this.pos
  }

  /** Moves behind a line break and returns it as YAML normalizes it. */
  readBreak(): string {
    const c = this.text.charCodeAt(this.pos)
    this.skipBreak()
    return c === 0x2028 || c === 0x2029 ? String.fromCharCode(c) : '\n'
  }

  /** At `---` or `...` followed by a blank, at the start of a line. */
  atDocumentMark(): boolean {
    if (this.column !== 0) return false
    const c = this.text.charCodeAt(this.pos)
    if (c !== DASH && c !== DOT) return false
    const { text, pos } = this
    return text.charCodeAt(pos + 1) === c && text.charCodeAt(pos + 2) === c && isBlankOrEnd(text.charCodeAt(pos + 3))
  }

  private push(type: TokenType, value = '', plain = false, handle = '', line = this.line): void {
    this.tokens.push({ type, value, plain, handle, line })
  }

  private insert(at: number, type: TokenType, line: number): void {
    this.tokens.splice(at, 0, { type, value: '', plain: false, handle: '', line })
  }

  private skipToToken(): void {
    const { text } = this
    for (;;) {
      let c = text.charCodeAt(this.pos)
      while (c === SPACE || (c === TAB && (this.flowLevel > 0 || !this.simpleKeyAllowed))) c = text.charCodeAt(++this.pos)
      if (c === HASH) while (!Number.isNaN(c) && !isBreak(c)) c = text.charCodeAt(++this.pos)
      if (!isBreak(c)) return
      this.skipBreak()
      if (this.flowLevel === 0) this.simpleKeyAllowed = true
    }
  }

  private fetch(): boolean {
    this.skipToToken()
    this.unrollIndent(this.column)
    const { text, pos } = this
    const c = text.charCodeAt(pos)
    if (Number.isNaN(c)) {
      if (this.column !== 0) this.line++
      this.unrollIndent(-1)
      this.removeSimpleKey()
      this.push('stream-end')
      return false
    }
    if (this.column === 0 && c === PERCENT) return this.directive()
    if (this.atDocumentMark()) return this.documentMark(c === DASH)
    if (this.documents === 0) this.documents = 1
    switch (text[pos]) {
      case '[':
      case '{':
        return this.flowStart(text[pos] as '[' | '{')
      case ']':
      case '}':
        return this.flowEnd(text[pos] as ']' | '}')
      case ',':
        return this.flowEntry()
      case '*':
        return this.anchor('alias')
      case '&':
        return this.anchor('anchor')
      case '!':
        return this.tag()
      case "'":
        return this.scalar(scanSingleQuoted, false)
      case '"':
        return this.scalar(scanDoubleQuoted, false)
      default:
        return this.fetchOther(c)
    }
  }

  private fetchOther(c: number): boolean {
    const blank = isBlankOrEnd(this.text.charCodeAt(this.pos + 1))
    if (c === DASH && blank) return this.blockEntry()
    if (c === QUESTION && (this.flowLevel > 0 || blank)) return this.key()
    if (c === COLON && (this.flowLevel > 0 || blank)) return this.value()
    if ((c === 124 || c === 62) && this.flowLevel === 0) {
      this.removeSimpleKey()
      this.simpleKeyAllowed = true
      const { line } = this
      this.push('scalar', scanBlockScalar(this, c === 124), false, '', line)
      return true
    }
    if (c === TAB || c === PERCENT || c === 64 || c === 96 || c === 124 || c === 62)
      this.fail('found character that cannot start any token')
    return this.scalar(scanPlain, true)
  }

  private scalar(read: (s: Scanner) => string, plain: boolean): boolean {
    this.saveSimpleKey()
    this.simpleKeyAllowed = false
    const { line } = this
    this.push('scalar', read(this), plain, '', line)
    return true
  }

  private saveSimpleKey(): void {
    if (!this.simpleKeyAllowed) return
    this.removeSimpleKey()
    const key = this.keys[this.keys.length - 1] as SimpleKey
    key.possible = true
    key.isForgotten = false
    key.required = this.flowLevel === 0 && this.indent === this.column
    key.token = this.tokens.length
    key.index = this.pos
    key.line = this.line
    key.column = this.column
  }

  private removeSimpleKey(): void {
    const key = this.keys[this.keys.length - 1] as SimpleKey
    if (key.possible && key.required) this.fail("could not find expected ':'")
    key.possible = false
  }

  private rollIndent(column: number, at: number, type: TokenType, line: number): void {
    if (this.flowLevel > 0 || this.indent >= column) return
    this.indents.push(this.indent)
    this.indent = column
    if (this.indents.length > MAX_DEPTH) this.fail(`exceeded max depth of ${MAX_DEPTH}`)
    if (at >= this.tokens.length) this.push(type, '', false, '', line)
    else this.insert(at, type, line)
  }

  private unrollIndent(column: number): void {
    if (this.flowLevel > 0) return
    while (this.indent > column) {
      this.push('block-end')
      this.indent = this.indents.pop() as number
    }
  }

  private directive(): boolean {
    this.unrollIndent(-1)
    this.removeSimpleKey()
    this.simpleKeyAllowed = false
    if (this.documents > 0) {
      this.push('stream-end')
      return false
    }
    const end = /[\r\n\x85\u2028\u2029]|$/g
    end.lastIndex = this.pos
    const to = end.exec(this.text)?.index ?? this.text.length
    const name = this.text.slice(this.pos + 1, to)
    if (!/^(?:YAML[ \t]+1\.[12]|TAG[ \t]+\S+[ \t]+\S+)[ \t]*(?:#.*)?$/.test(name)) {
      this.fail(name.startsWith('YAML') ? 'found incompatible YAML document' : 'found unknown directive name')
    }
    this.pos = to
    return true
  }

  private documentMark(start: boolean): boolean {
    this.unrollIndent(-1)
    this.removeSimpleKey()
    this.simpleKeyAllowed = false
    if (!start || this.documents > 0) {
      this.push(start ? 'document-start' : 'document-end')
      return false
    }
    this.documents = 1
    this.pos += 3
    return true
  }

  private flowStart(type: '[' | '{'): boolean {
    this.saveSimpleKey()
    this.flowLevel++
    if (this.flowLevel > MAX_DEPTH) this.fail(`exceeded max depth of ${MAX_DEPTH}`)
    this.keys.push({
      possible: false,
      required: false,
      isForgotten: false,
      token: this.tokens.length,
      index: 0,
      line: 0,
      column: 0,
    })
    this.simpleKeyAllowed = true
    this.push(type)
    this.pos++
    return true
  }

  private flowEnd(type: ']' | '}'): boolean {
    this.removeSimpleKey()
    if (this.flowLevel > 0) {
      this.flowLevel--
      // go-yaml forgets what the inner level's token is to the outer one: with nothing inside, that is the bracket itself.
      const inner = this.keys.pop()?.token
      for (const key of this.keys) if (key.token === inner) key.isForgotten = true
    }
    this.simpleKeyAllowed = false
    this.push(type)
    this.pos++
    return true
  }

  private flowEntry(): boolean {
    this.removeSimpleKey()
    this.simpleKeyAllowed = true
    this.push(',')
    this.pos++
    return true
  }

  private blockEntry(): boolean {
    if (this.flowLevel === 0) {
      if (!this.simpleKeyAllowed) this.fail('block sequence entries are not allowed in this context')
      this.rollIndent(this.column, this.tokens.length, 'block-sequence', this.line)
    }
    this.removeSimpleKey()
    this.simpleKeyAllowed = true
    this.push('entry')
    this.pos++
    return true
  }

  private key(): boolean {
    if (this.flowLevel === 0) {
      if (!this.simpleKeyAllowed) this.fail('mapping keys are not allowed in this context')
      this.rollIndent(this.column, this.tokens.length, 'block-mapping', this.line)
    }
    this.removeSimpleKey()
    this.simpleKeyAllowed = this.flowLevel === 0
    this.push('key')
    this.pos++
    return true
  }

  private value(): boolean {
    const key = this.keys[this.keys.length - 1] as SimpleKey
    if (this.isKeyValid(key)) {
      this.insert(key.token, 'key', key.line)
      this.rollIndent(key.column, key.token, 'block-mapping', key.line)
      key.possible = false
      this.simpleKeyAllowed = false
    } else {
      if (this.flowLevel === 0) {
        if (!this.simpleKeyAllowed) this.fail('mapping values are not allowed in this context')
        this.rollIndent(this.column, this.tokens.length, 'block-mapping', this.line)
      }
      this.simpleKeyAllowed = this.flowLevel === 0
    }
    this.push('value')
    this.pos++
    return true
  }

  private isKeyValid(key: SimpleKey): boolean {
    if (!key.possible) return false
    if (key.line >= this.line && key.index + 1024 >= this.pos) return true
    if (key.required) this.fail("could not find expected ':'")
    key.possible = false
    return false
  }

  private anchor(type: 'anchor' | 'alias'): boolean {
    this.saveSimpleKey()
    this.simpleKeyAllowed = false
    const { line } = this
    const name = /[\w-]*/y
    name.lastIndex = this.pos + 1
    const value = name.exec(this.text)?.[0] ?? ''
    this.pos += 1 + value.length
    const next = this.text.charCodeAt(this.pos)
    if (value === '' || !(isBlankOrEnd(next) || '?:,]}%@`'.includes(String.fromCharCode(next)))) {
      this.fail('did not find expected alphabetic or numeric character')
    }
    this.push(type, value, false, '', line)
    return true
  }

  private tag(): boolean {
    this.saveSimpleKey()
    this.simpleKeyAllowed = false
    const { line } = this
    const tag = /!<([^\s<>]*)>|(!(?:[\w-]*!)?)([\w\-;/?:@&=+$.,!~*'()[\]%#]*)/y
    tag.lastIndex = this.pos
    const m = tag.exec(this.text)
    if (!m) this.fail('did not find expected tag URI')
    this.pos += m[0].length
    if (!isBlankOrEnd(this.text.charCodeAt(this.pos)) && !(this.flowLevel > 0 && this.text.charCodeAt(this.pos) === COMMA)) {
      this.fail('did not find expected whitespace or line break')
    }
    if (m[1] !== undefined) this.push('tag', m[1], false, '', line)
    else this.push('tag', m[3] ?? '', false, m[2] ?? '', line)
    return true
  }
}
