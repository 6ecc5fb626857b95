import { jsonText } from './json.ts'
import { sortedKeys, startsWithDigit } from './key-order.ts'

// Text as Go writes it: strconv.Quote and encoding/json.

/** Whether Go's strconv.IsPrint holds for the code point. */
export function isPrint(c: number): boolean {
  if (c < 0x7f) return c >= 0x20
  if (c < 0xa1) return false
  if (c === 0xad) return false
  return /^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u.test(String.fromCodePoint(c))
}

const SHORT: { readonly [code: number]: string } = { 7: '\\a', 8: '\\b', 9: '\\t', 10: '\\n', 11: '\\v', 12: '\\f', 13: '\\r' }
const hex = (n: number, width: number) => n.toString(16).padStart(width, '0')

/** One code point inside quotes `quote`, escaped as strconv does. */
export function quoteRune(c: number, quote: string, asciiOnly = false): string {
  if (c >= 0xdc80 && c <= 0xdcff) return `\\x${hex(c - 0xdc00, 2)}`
  const ch = String.fromCodePoint(c)
  if (ch === quote || ch === '\\') return `\\${ch}`
  if (c < 0x80 ? isPrint(c) : !asciiOnly && isPrint(c)) return ch
  const short = SHORT[c]
  if (short) return short
  if (c < 0x20 || c === 0x7f) return `\\x${hex(c, 2)}`
  return c > 0xffff ? `\\U${hex(c, 8)}` : `\\u${hex(c, 4)}`
}

const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/

/** strconv.Quote. */
export function quote(s: string, asciiOnly = false): string {
  if (PLAIN.test(s)) return `"${s}"`
  let out = '"'
  for (const ch of s) out += quoteRune(ch.codePointAt(0) as number, '"', asciiOnly)
  return `${out}"`
}

/** Package time's own quoting, as its errors have it: every byte outside ASCII, and every control character, in hexadecimal. */
export function timeQuote(s: string): string {
  if (PLAIN.test(s)) return `"${s}"`
  let out = '"'
  for (const ch of s) {
    const c = ch.codePointAt(0) as number
    if (ch === '"' || ch === '\\') out += `\\${ch}`
    else if (c >= 0x20 && c < 0x80) out += ch
    else if (c >= 0xdc80 && c <= 0xdcff) out += `\\x${hex(c - 0xdc00, 2)}`
    else for (const byte of Buffer.from(ch)) out += `\\x${hex(byte, 2)}`
  }
  return `${out}"`
}

/** A text that Go holds behind a pointer: messages show it as JSON does, not quoted as other texts. */
export const pointedText = (text: string): object => ({ toJSON: () => text })

/** encoding/json's text of a value: HTML's special characters are escaped, and keys that are numbers stand where they do in Go. */
export function goJson(value: unknown, indent?: number): string {
  const text = jsonText(value, indent) ?? 'null'
  const ordered = (indent === undefined ? numberFirst : indentedNumberFirst).test(text) ? orderedText(value, indent, '\n') : text
  return escapeHtml(ordered)
}

/** JSON with HTML's special characters escaped, as encoding/json writes them. */
export function escapeHtml(json: string): string {
  return /[<>&\u2028\u2029]/.test(json) ? json.replace(/[<>&\u2028\u2029]/g, (c) => `\\u${hex(c.charCodeAt(0), 4)}`) : json
}

/** An object whose first key starts with a digit: JavaScript lists keys that are numbers first, by their value. */
const numberFirst = /\{"\d/
const indentedNumberFirst = /\{\s*"\d/

function orderedText(value: unknown, indent: number | undefined, pad: string): string {
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return jsonText(value) ?? 'null'
  const inner = indent === undefined ? '' : pad + ' '.repeat(indent)
  const end = indent === undefined ? '' : pad
  const nested = (item: unknown) => orderedText(item, indent, inner)
  if (Array.isArray(value)) return value.length === 0 ? '[]' : `[${inner}${value.map(nested).join(`,${inner}`)}${end}]`
  const from = value as Record<string, unknown>
  const keys = Object.keys(from).filter((key) => from[key] !== undefined)
  const ordered = startsWithDigit(keys[0]) ? sortedKeys(keys) : keys
  const colon = indent === undefined ? ':' : ': '
  const written = ordered.map((key) => `${jsonText(key)}${colon}${nested(from[key])}`)
  return written.length === 0 ? '{}' : `{${inner}${written.join(`,${inner}`)}${end}}`
}
