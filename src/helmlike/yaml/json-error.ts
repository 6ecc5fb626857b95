// What encoding/json says about a text that is no JSON: the first character that cannot stand where it does, and where that is.
import { quote } from '../../apimachinery/go-quote.ts'

const END = 'unexpected end of JSON input'

class Problem extends Error {}

/** Go's error text for `text`, which JSON.parse refused. */
export function jsonProblem(text: string): string {
  try {
    new Scan(text).top()
  } catch (e) {
    if (e instanceof Problem) return e.message
    throw e
  }
  return END
}

class Scan {
  private readonly text: string
  private at = 0
  constructor(text: string) {
    this.text = text
  }

  top(): void {
    this.value()
    if (this.blank() !== '') this.fail('after top-level value')
  }

  /** The next character that is no space; '' at the end. */
  private blank(): string {
    while (' \t\r\n'.includes(this.text[this.at] ?? 'x')) this.at++
    return this.text[this.at] ?? ''
  }

  private fail(where: string): never {
    const ch = this.text[this.at]
    if (ch === undefined) throw new Problem(END)
    // Go looks at bytes.
    const byte = ch > '\x7f' ? String.fromCharCode(Buffer.from(this.text.slice(this.at, this.at + 2))[0] ?? 0) : ch
    const shown = byte === "'" ? "\\'" : byte === '"' ? '"' : quote(byte).slice(1, -1)
    throw new Problem(`invalid character '${shown}' ${where}`)
  }

  private value(): void {
    const ch = this.blank()
    if (ch === '{') this.object()
    else if (ch === '[') this.array()
    else if (ch === '"') this.string()
    else if (ch === '-' || (ch >= '0' && ch <= '9')) this.number()
    else {
      const word = ['true', 'false', 'null'].find((w) => w[0] === ch)
      if (!word) this.fail('looking for beginning of value')
      for (const expected of word) {
        if (this.text[this.at] !== expected) this.fail(`in literal ${word} (expecting '${expected}')`)
        this.at++
      }
    }
  }

  private object(): void {
    this.at++
    for (let first = true; ; first = false) {
      const ch = this.blank()
      if (first && ch === '}') break
      if (ch !== '"') this.fail('looking for beginning of object key string')
      this.string()
      if (this.blank() !== ':') this.fail('after object key')
      this.at++
      this.value()
      const next = this.blank()
      if (next === '}') break
      if (next !== ',') this.fail('after object key:value pair')
      this.at++
    }
    this.at++
  }

  private array(): void {
    this.at++
    if (this.blank() !== ']') {
      for (;;) {
        this.value()
        const next = this.blank()
        if (next === ']') break
        if (next !== ',') this.fail('after array element')
        this.at++
      }
    }
    this.at++
  }

  private string(): void {
    for (this.at++; this.text[this.at] !== '"'; this.at++) {
      const ch = this.text[this.at] ?? ''
      if (ch < ' ') this.fail('in string literal')
      if (ch !== '\\') continue
      const escaped = this.text[++this.at] ?? ''
      if (escaped === '' || !'bfnrt\\/"u'.includes(escaped)) this.fail('in string escape code')
      if (escaped !== 'u') continue
      for (let i = 0; i < 4; i++) {
        this.at++
        if (!/^[0-9a-fA-F]$/.test(this.text[this.at] ?? '')) this.fail('in \\u hexadecimal character escape')
      }
    }
    this.at++
  }

  private digits(where: string): void {
    if (!this.isDigit()) this.fail(where)
    while (this.isDigit()) this.at++
  }

  private isDigit(): boolean {
    const ch = this.text[this.at] ?? ''
    return ch >= '0' && ch <= '9'
  }

  private number(): void {
    if (this.text[this.at] === '-') this.at++
    if (this.text[this.at] === '0') this.at++
    else this.digits('in numeric literal')
    if (this.text[this.at] === '.') {
      this.at++
      this.digits('after decimal point in numeric literal')
    }
    if (this.text[this.at] === 'e' || this.text[this.at] === 'E') {
      this.at++
      if (this.text[this.at] === '+' || this.text[this.at] === '-') this.at++
      this.digits('in exponent of numeric literal')
    }
  }
}
