// strconv.Quote and Unquote.

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

export class UnquoteError extends Error {}

const SIMPLE: { readonly [ch: string]: string } = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '\\': '\\' }

/** strconv.Unquote of a "…", `…` or '…' literal. Throws UnquoteError (`invalid syntax`). */
export function unquote(literal: string): string {
  const q = literal[0]
  const body = literal.slice(1, -1)
  if (literal.length < 2 || q !== literal.at(-1)) throw new UnquoteError('invalid syntax')
  if (q === '`') return body.replaceAll('\r', '')
  if (!body.includes('\\')) return body
  const bytes: Buffer[] = []
  let out = ''
  let i = 0
  const flush = () => {
    bytes.push(Buffer.from(out, 'utf8'))
    out = ''
  }
  while (i < body.length) {
    const ch = body[i] as string
    if (ch !== '\\') {
      out += ch
      i++
      continue
    }
    const [text, byte, used] = unescapeAt(body, i + 1, q as string)
    i += 1 + used
    if (byte === undefined) out += text
    else {
      flush()
      bytes.push(Buffer.from([byte]))
    }
  }
  if (bytes.length === 0) return out
  flush()
  return decode(Buffer.concat(bytes))
}

function decode(bytes: Buffer): string {
  const text = bytes.toString('utf8')
  if (!text.includes('\ufffd')) return text
  return Array.from(bytes, (b) => (b < 0x80 ? String.fromCharCode(b) : String.fromCharCode(0xdc00 + b))).join('')
}

/** What the escape after a backslash at `i` stands for: [text, single byte, characters used]. */
function unescapeAt(s: string, i: number, q: string): [string, number | undefined, number] {
  const ch = s[i]
  if (ch === undefined) throw new UnquoteError('invalid syntax')
  const simple = SIMPLE[ch]
  if (simple !== undefined) return [simple, undefined, 1]
  if (ch === q) return [ch, undefined, 1]
  const digits = { x: 2, u: 4, U: 8 }[ch]
  if (digits) {
    const text = s.slice(i + 1, i + 1 + digits)
    if (text.length !== digits || !/^[0-9a-fA-F]+$/.test(text)) throw new UnquoteError('invalid syntax')
    const code = Number.parseInt(text, 16)
    if (ch === 'x') return code < 0x80 ? [String.fromCharCode(code), undefined, 3] : ['', code, 3]
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) throw new UnquoteError('invalid syntax')
    return [String.fromCodePoint(code), undefined, 1 + digits]
  }
  const octal = /^[0-7]{3}/.exec(s.slice(i, i + 3))?.[0]
  if (!octal) throw new UnquoteError('invalid syntax')
  const code = Number.parseInt(octal, 8)
  if (code > 255) throw new UnquoteError('invalid syntax')
  return code < 0x80 ? [String.fromCharCode(code), undefined, 3] : ['', code, 3]
}
