// strconv.Unquote.

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
