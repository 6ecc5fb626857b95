// TOML to values: tables as maps, integers as int64, floats as float64, dates as text.
import { quote } from '../../../apimachinery/go-quote.ts'
import { int64, type List, type Value, type ValueMap } from '../../gotemplate/value.ts'

export class TomlError extends Error {}

/** Reads a TOML document. Throws TomlError with the line. */
export function parseToml(text: string): ValueMap {
  return new Reader(text).document()
}

const MAX_DEPTH = 200

class Reader {
  private readonly s: string
  private i = 0
  private depth = 0
  /** For errors in a value: whose it is. */
  private lastKey = ''
  private readonly root: ValueMap = new Map()

  constructor(s: string) {
    this.s = s.replaceAll('\r\n', '\n')
  }

  document(): ValueMap {
    let at = this.root
    for (;;) {
      this.skipLines()
      if (this.i >= this.s.length) return this.root
      if (this.s.startsWith('[[', this.i)) {
        this.i += 2
        at = this.tableItem(this.keyPath(']]'))
      } else if (this.s[this.i] === '[') {
        this.i++
        at = this.open(this.root, this.keyPath(']'))
      } else this.assignment(at)
      this.endOfLine()
    }
  }

  private fail(what: string): never {
    throw new TomlError(`toml: line ${this.s.slice(0, this.i).split('\n').length}${this.lastKey}: ${what}`)
  }

  private skipBlanks(): void {
    while (this.s[this.i] === ' ' || this.s[this.i] === '\t') this.i++
  }

  private skipLines(): void {
    const gap = /(?:[ \t\n]|#[^\n]*)*/y
    gap.lastIndex = this.i
    this.i += gap.exec(this.s)?.[0].length ?? 0
  }

  private endOfLine(): void {
    const end = /[ \t]*(?:#[^\n]*)?(?:\n|$)/y
    end.lastIndex = this.i
    const m = end.exec(this.s)
    if (!m) {
      this.skipBlanks()
      this.fail(`expected a top-level item to end with a newline, comment, or EOF, but got '${this.s[this.i]}' instead`)
    }
    this.i += m[0].length
  }

  private keyPath(end: string): string[] {
    const path: string[] = []
    for (;;) {
      this.skipBlanks()
      path.push(this.key(end))
      this.skipBlanks()
      if (this.s[this.i] === '.') this.i++
      else if (this.s.startsWith(end, this.i)) {
        this.i += end.length
        return path
      } else this.badKeyEnd(end)
    }
  }

  private badKeyEnd(end: string): never {
    const ch = this.s[this.i]
    if (end !== '=') this.fail(`expected '.' or ']' to end table name, but got '${ch ?? '\\x00'}' instead`)
    if (ch === undefined) this.fail("unexpected EOF; expected key separator '='")
    this.fail(`expected '.' or '=', but got '${quote(ch).slice(1, -1)}' instead`)
  }

  private key(end: string): string {
    const ch = this.s[this.i]
    if (ch === '"') return this.basicString()
    if (ch === "'") return this.literalString()
    const bare = /[A-Za-z0-9_-]+/y
    bare.lastIndex = this.i
    const m = bare.exec(this.s)
    if (!m && end === '=' && ch !== '=' && ch !== undefined) this.badKeyEnd(end)
    if (!m) this.fail('expected a key')
    this.i += m[0].length
    return m[0]
  }

  /** The table at a path, made where there is none; of a list of tables its last. */
  private open(from: ValueMap, path: readonly string[]): ValueMap {
    let at = from
    for (const name of path) {
      const found = at.get(name)
      const inner = Array.isArray(found) ? found.at(-1) : found
      if (inner instanceof Map) at = inner
      else if (found === undefined) {
        const made: ValueMap = new Map()
        at.set(name, made)
        at = made
      } else this.fail(`key '${name}' is no table`)
    }
    return at
  }

  private tableItem(path: readonly string[]): ValueMap {
    const parent = this.open(this.root, path.slice(0, -1))
    const name = path.at(-1) as string
    const item: ValueMap = new Map()
    const list = parent.get(name)
    if (list === undefined) parent.set(name, [item])
    else if (Array.isArray(list)) list.push(item)
    else this.fail(`key '${name}' is no array of tables`)
    return item
  }

  private assignment(table: ValueMap): void {
    const path = this.keyPath('=')
    const at = this.open(table, path.slice(0, -1))
    const name = path.at(-1) as string
    if (at.has(name)) this.fail(`key '${name}' has already been defined`)
    this.skipBlanks()
    this.lastKey = ` (last key ${JSON.stringify(path.join('.'))})`
    at.set(name, this.value())
    this.lastKey = ''
  }

  private value(): Value {
    if (++this.depth > MAX_DEPTH) this.fail('nested too deeply')
    const v = this.valueInside()
    this.depth--
    return v
  }

  private valueInside(): Value {
    const { s } = this
    if (s.startsWith('"""', this.i) || s.startsWith("'''", this.i)) return this.multiline(s.slice(this.i, this.i + 3))
    const ch = s[this.i]
    if (ch === '"') return this.basicString()
    if (ch === "'") return this.literalString()
    if (ch === '[') return this.array()
    if (ch === '{') return this.inlineTable()
    const word = /[^\s,\]}#]+(?: \d\d:[\d:.+Z-]+)?/y
    word.lastIndex = this.i
    const m = word.exec(s)
    if (!m)
      this.fail(
        this.i >= s.length ? 'unexpected EOF; expected value' : `expected value but found ${JSON.stringify(s[this.i])} instead`,
      )
    this.i += m[0].length
    return this.scalar(m[0])
  }

  private scalar(word: string): Value {
    if (word === 'true' || word === 'false') return word === 'true'
    if (/^[+-]?(?:inf|nan)$/.test(word))
      return word.endsWith('nan') ? Number.NaN : word.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
    const plain = word.replaceAll('_', '')
    if (/^[+-]?(?:0|[1-9]\d*)$/.test(plain)) return int64(BigInt(plain.replace('+', '')))
    if (/^0(?:x[0-9a-fA-F]+|o[0-7]+|b[01]+)$/.test(plain)) return int64(BigInt(plain))
    if (/^[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(plain)) return Number(plain)
    if (/^\d{4}-\d\d-\d\d|^\d\d:\d\d/.test(word)) return word
    return this.fail(`expected value but found ${JSON.stringify(word[0])} instead`)
  }

  private literalString(): string {
    const end = this.s.indexOf("'", this.i + 1)
    const text = this.s.slice(this.i + 1, end)
    if (end < 0 || text.includes('\n')) this.fail('unterminated string')
    this.i = end + 1
    return text
  }

  private basicString(): string {
    this.i++
    let out = ''
    for (;;) {
      const ch = this.s[this.i]
      if (ch === undefined || ch === '\n') this.fail('unterminated string')
      if (ch === '"') break
      if (ch === '\\') out += this.escape()
      else {
        out += ch
        this.i++
      }
    }
    this.i++
    return out
  }

  private escape(): string {
    const m = /\\(?:([btnfre"\\])|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/y
    m.lastIndex = this.i
    const found = m.exec(this.s)
    if (!found) this.fail('invalid escape')
    this.i += found[0].length
    const short: { readonly [ch: string]: string } = {
      b: '\b',
      t: '\t',
      n: '\n',
      f: '\f',
      r: '\r',
      e: '\x1b',
      '"': '"',
      '\\': '\\',
    }
    if (found[1]) return short[found[1]] as string
    const code = Number.parseInt((found[2] ?? found[3]) as string, 16)
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) this.fail('invalid escape')
    return String.fromCodePoint(code)
  }

  private multiline(quotes: string): string {
    this.i += 3
    if (this.s[this.i] === '\n') this.i++
    let out = ''
    while (!this.s.startsWith(quotes, this.i)) {
      const ch = this.s[this.i]
      if (ch === undefined) this.fail('unterminated string')
      if (ch === '\\' && quotes === '"""') {
        const gap = /\\[ \t]*\n[ \t\n]*/y
        gap.lastIndex = this.i
        const m = gap.exec(this.s)
        if (m) this.i += m[0].length
        else out += this.escape()
      } else {
        out += ch
        this.i++
      }
    }
    this.i += 3
    while (this.s[this.i] === quotes[0]) {
      out += quotes[0]
      this.i++
    }
    return out
  }

  private array(): Value {
    const out: List = []
    this.i++
    for (;;) {
      this.skipLines()
      if (this.s[this.i] === ']') break
      out.push(this.value())
      this.skipLines()
      if (this.s[this.i] === ',') this.i++
      else if (this.s[this.i] !== ']') this.fail("expected ',' or ']'")
    }
    this.i++
    return out
  }

  private inlineTable(): Value {
    const out: ValueMap = new Map()
    this.i++
    this.skipBlanks()
    while (this.s[this.i] !== '}') {
      this.assignment(out)
      this.skipBlanks()
      if (this.s[this.i] === ',') {
        this.i++
        this.skipBlanks()
      } else if (this.s[this.i] !== '}') this.fail("expected ',' or '}'")
    }
    this.i++
    return out
  }
}
