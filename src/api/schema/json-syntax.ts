/** A JSON reader that keeps what JSON.parse drops: duplicate keys, their order, and how numbers were written. It reports errors as
 *  Go's encoding/json does. Slow, so it runs only where JSON.parse's answer is not enough. */

import { numberOf, WrittenNumber } from '../../apimachinery/json.ts'
import type { Steps } from '../../apimachinery/steps.ts'

export type Node =
  | { readonly kind: 'object'; readonly entries: readonly (readonly [key: string, value: Node])[] }
  | { readonly kind: 'array'; readonly items: readonly Node[] }
  | { readonly kind: 'string'; readonly value: string; readonly written?: string }
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'null' }

export class JsonSyntaxError extends Error {}

/** Deeper documents are refused: every walk over a document is recursive. kube-apiserver's limit is 10,000. */
export const maxDepth = 1000

const utf8 = new TextEncoder()

/** `'x'` as Go quotes a byte in a syntax error. */
function quoteByte(char: string, isByte: boolean): string {
  if (char === "'") return "'\\''"
  if (char === '"') return `'"'`
  const byte = isByte ? char.charCodeAt(0) : (utf8.encode(char)[0] ?? 0)
  if ((byte >= 0x80 && byte <= 0xa0) || byte === 0xad) return `'\\u00${byte.toString(16)}'`
  const shown = JSON.stringify(String.fromCharCode(byte)).slice(1, -1)
  return `'${shown.replace(/^\\u00(..)$/, '\\x$1')}'`
}

const breaksAtSpace = /in literal |numeric literal|escape/

class Reader {
  readonly text: string
  readonly isBytes: boolean
  at = 0
  depth = 0

  constructor(text: string, isBytes: boolean) {
    this.text = text
    this.isBytes = isBytes
  }

  fail(context: string): never {
    if (this.at >= this.text.length) {
      // Go tries a space at the end, which breaks what is within a word, a number or an escape.
      throw new JsonSyntaxError(breaksAtSpace.test(context) ? `invalid character ' ' ${context}` : 'unexpected end of JSON input')
    }
    const char = String.fromCodePoint(this.text.codePointAt(this.at) ?? 0)
    throw new JsonSyntaxError(`invalid character ${quoteByte(char, this.isBytes)} ${context}`)
  }

  space(): void {
    while (this.at < this.text.length) {
      const c = this.text.charCodeAt(this.at)
      if (c !== 32 && c !== 10 && c !== 13 && c !== 9) return
      this.at++
    }
  }

  value(): Node {
    this.space()
    switch (this.text[this.at]) {
      case '{':
        return this.object()
      case '[':
        return this.array()
      case '"':
        return this.quoted()
      case 't':
        return this.literal('true', { kind: 'bool', value: true })
      case 'f':
        return this.literal('false', { kind: 'bool', value: false })
      case 'n':
        return this.literal('null', { kind: 'null' })
      default:
        return this.number()
    }
  }

  enter(): void {
    if (++this.depth > maxDepth) this.fail('exceeded max depth')
    this.at++
    this.space()
  }

  leave(): void {
    this.depth--
    this.at++
  }

  object(): Node {
    const entries: [string, Node][] = []
    this.enter()
    if (this.text[this.at] !== '}') {
      for (;;) {
        this.space()
        if (this.text[this.at] !== '"') this.fail('looking for beginning of object key string')
        const key = this.string()
        this.space()
        if (this.text[this.at] !== ':') this.fail('after object key')
        this.at++
        entries.push([key, this.value()])
        this.space()
        if (this.text[this.at] === '}') break
        if (this.text[this.at] !== ',') this.fail('after object key:value pair')
        this.at++
      }
    }
    this.leave()
    return { kind: 'object', entries }
  }

  array(): Node {
    const items: Node[] = []
    this.enter()
    if (this.text[this.at] !== ']') {
      for (;;) {
        items.push(this.value())
        this.space()
        if (this.text[this.at] === ']') break
        if (this.text[this.at] !== ',') this.fail('after array element')
        this.at++
      }
    }
    this.leave()
    return { kind: 'array', items }
  }

  quoted(): Node {
    const start = this.at
    const value = this.string()
    return { kind: 'string', value, written: this.text.slice(start, this.at) }
  }

  string(): string {
    const start = this.at++
    let isEscaped = false
    for (; ; this.at++) {
      const c = this.text.charCodeAt(this.at)
      if (c === 34) break
      if (c === 92) {
        isEscaped = true
        this.escape()
      } else if (!(c >= 32)) this.fail('in string literal')
    }
    this.at++
    if (!isEscaped) return this.text.slice(start + 1, this.at - 1).toWellFormed()
    return (JSON.parse(this.text.slice(start, this.at)) as string).toWellFormed()
  }

  escape(): void {
    this.at++
    const c = this.text[this.at]
    if (c === 'u') {
      for (let i = 0; i < 4; i++) {
        this.at++
        if (!/[0-9a-fA-F]/.test(this.text[this.at] ?? '')) this.fail('in \\u hexadecimal character escape')
      }
    } else if (c === undefined || !'"\\/bfnrt'.includes(c)) this.fail('in string escape code')
  }

  literal(word: string, node: Node): Node {
    for (const char of word) {
      if (this.text[this.at] !== char) this.fail(`in literal ${word} (expecting '${char}')`)
      this.at++
    }
    return node
  }

  number(): Node {
    const start = this.at
    if (this.text[this.at] === '-') {
      this.at++
      if (!this.isDigit()) this.fail('in numeric literal')
    } else if (!this.isDigit()) this.fail('looking for beginning of value')
    if (this.text[this.at] === '0') this.at++
    else this.digits()
    if (this.text[this.at] === '.') {
      this.at++
      if (!this.isDigit()) this.fail('after decimal point in numeric literal')
      this.digits()
    }
    if (this.text[this.at] === 'e' || this.text[this.at] === 'E') {
      this.at++
      if (this.text[this.at] === '+' || this.text[this.at] === '-') this.at++
      if (!this.isDigit()) this.fail('in exponent of numeric literal')
      this.digits()
    }
    return { kind: 'number', text: this.text.slice(start, this.at) }
  }

  isDigit(): boolean {
    const c = this.text.charCodeAt(this.at)
    return c >= 48 && c <= 57
  }

  digits(): void {
    while (this.isDigit()) this.at++
  }
}

/** Reads one JSON document. `isBytes`: each character is a byte of what is no UTF-8. Throws JsonSyntaxError with Go's text. */
export function readJson(text: string, isBytes = false): Node {
  const reader = new Reader(text, isBytes)
  const node = reader.value()
  reader.space()
  if (reader.at < text.length) reader.fail('after top-level value')
  return node
}

/** The node of a parsed value; numbers are written as JSON.stringify writes them. */
export function nodeOf(value: unknown): Node {
  if (value === null || value === undefined) return { kind: 'null' }
  if (typeof value === 'string') return { kind: 'string', value }
  if (typeof value === 'number') return { kind: 'number', text: JSON.stringify(value) }
  if (typeof value === 'bigint') return { kind: 'number', text: String(value) }
  if (typeof value === 'boolean') return { kind: 'bool', value }
  if (value instanceof WrittenNumber) return { kind: 'number', text: value.text }
  if (Array.isArray(value)) return { kind: 'array', items: value.map(nodeOf) }
  return { kind: 'object', entries: Object.entries(value as object).map(([k, v]) => [k, nodeOf(v)] as const) }
}

/** The value of a node as `parseJson` gives it. */
export const plainValue = (node: Node): unknown => nodeValue(node, numberOf)

/** The value of a node: the last of duplicate keys counts, and numbers are what `ofNumber` makes of their text. */
export function nodeValue(node: Node, ofNumber: (text: string) => unknown): unknown {
  switch (node.kind) {
    case 'object':
      return objectFrom(node.entries.map(([k, v]) => [k, nodeValue(v, ofNumber)] as const))
    case 'array':
      return node.items.map((item) => nodeValue(item, ofNumber))
    case 'number':
      return ofNumber(node.text)
    case 'null':
      return null
    default:
      return node.value
  }
}

/** An object with exactly these own properties, `__proto__` included. */
export function objectFrom(entries: Iterable<readonly [string, unknown]>): Record<string, unknown> {
  return Object.fromEntries(entries)
}

/** Whether objects and lists in `value` are nested deeper than a document may be. */
export function isTooDeep(value: unknown, left = maxDepth): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (left === 0) return true
  for (const inner of Object.values(value)) if (isTooDeep(inner, left - 1)) return true
  return false
}

/** So many values are looked at in one step. */
const stepSize = 2000

/** As `isTooDeep`, in steps. */
export function* isTooDeepSteps(value: unknown, left = maxDepth, count = { values: 0 }): Steps<boolean> {
  if (typeof value !== 'object' || value === null) return false
  if (left === 0) return true
  const keys = Array.isArray(value) ? undefined : Object.keys(value)
  const length = keys ? keys.length : (value as unknown[]).length
  for (let i = 0; i < length; i++) {
    if (++count.values % stepSize === 0) yield
    const inner = (value as Record<string | number, unknown>)[keys ? (keys[i] as string) : i]
    if (typeof inner === 'object' && inner !== null && (yield* isTooDeepSteps(inner, left - 1, count))) return true
  }
  return false
}

/** Whether JSON.parse tells all there is to know about `text`, which gave `value`: no duplicate key, no number that is not a plain
 *  integer, no lone surrogate, not too deep. One pass over the text. */
export function isPlainJson(text: string, value: unknown): boolean {
  let colons = 0
  let depth = 0
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === 34) i = endOfString(text, i)
    else if (c === 58) colons++
    else if (c === 123 || c === 91) {
      if (++depth > maxDepth) return false
    } else if (c === 125 || c === 93) depth--
    else if ((c >= 48 && c <= 57) || c === 45) {
      const end = endOfInteger(text, i + 1)
      const next = text.charCodeAt(end)
      // 15 digits are exact in a double.
      if (end - i > 15 || next === 46 || next === 101 || next === 69 || (c === 45 && text.charCodeAt(i + 1) === 48)) return false
      i = end - 1
    }
  }
  return countKeys(value) === colons && !/\\u[dD][89a-fA-F]/.test(text)
}

/** Where the quote stands that ends the text beginning at `start`; -1: nowhere. */
export function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (text.charCodeAt(end - 1) === 92) {
    let slashes = 1
    while (text.charCodeAt(end - 1 - slashes) === 92) slashes++
    if (slashes % 2 === 0) break
    end = text.indexOf('"', end + 1)
  }
  return end
}

function endOfInteger(text: string, at: number): number {
  for (; ; at++) {
    const c = text.charCodeAt(at)
    if (!(c >= 48 && c <= 57)) return at
  }
}

function countKeys(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  let count = 0
  if (Array.isArray(value)) {
    for (const item of value) count += countKeys(item)
    return count
  }
  const object = value as Record<string, unknown>
  for (const key of Object.keys(object)) count += 1 + countKeys(object[key])
  return count
}
