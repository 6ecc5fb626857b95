import type { Token } from './lexer.ts'
import { isIntInRange, isUintInRange, toInt } from './numbers.ts'
import { CelDouble, CelError, CelUint, type Value } from './values.ts'

const SIMPLE: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  '\\': 92,
  "'": 39,
  '"': 34,
  '`': 96,
  '?': 63,
}

/** The text of a string token, quotes and escapes resolved. Throws CelError on a code point that does not exist. */
function unquoteString(token: string): string {
  const { body, raw } = stripQuotes(token)
  if (raw || !body.includes('\\')) return body
  let out = ''
  for (const part of escapedParts(body)) {
    if (typeof part === 'string') out += part
    else {
      if (part.code > 0x10ffff || (part.code >= 0xd800 && part.code <= 0xdfff)) throw new CelError('invalid unicode code point')
      out += String.fromCodePoint(part.code)
    }
  }
  return out
}

/** The bytes of a bytes token: text as UTF-8, \x and octal escapes as single bytes. */
function unquoteBytes(token: string): Uint8Array {
  const { body, raw } = stripQuotes(token.slice(1))
  if (raw || !body.includes('\\')) return Buffer.from(body)
  const chunks: Uint8Array[] = []
  for (const part of escapedParts(body)) {
    if (typeof part === 'string') chunks.push(Buffer.from(part))
    else {
      if (part.unicode) throw new CelError('unable to unescape string')
      chunks.push(Uint8Array.of(part.code))
    }
  }
  return Buffer.concat(chunks)
}

function stripQuotes(token: string): { body: string; raw: boolean } {
  const raw = /^[rR]/.test(token)
  const text = raw ? token.slice(1) : token
  const width = text.length >= 6 && (text.startsWith("'''") || text.startsWith('"""')) ? 3 : 1
  return { body: text.slice(width, -width), raw }
}

function* escapedParts(body: string): Generator<string | { code: number; unicode: boolean }> {
  let pos = 0
  while (pos < body.length) {
    const slash = body.indexOf('\\', pos)
    if (slash === -1) {
      yield body.slice(pos)
      return
    }
    if (slash > pos) yield body.slice(pos, slash)
    const char = body[slash + 1] as string
    const simple = SIMPLE[char]
    if (simple !== undefined) {
      yield { code: simple, unicode: false }
      pos = slash + 2
      continue
    }
    const width = { x: 2, X: 2, u: 4, U: 8 }[char]
    if (width === undefined) {
      yield { code: Number.parseInt(body.slice(slash + 1, slash + 4), 8), unicode: false }
      pos = slash + 4
    } else {
      yield { code: Number.parseInt(body.slice(slash + 2, slash + 2 + width), 16), unicode: width > 2 }
      pos = slash + 2 + width
    }
  }
}

/** What the token of a literal means; `-` before a number is part of it. Throws CelError for what is out of range or ill-formed. */
export function literalValue(token: Token, sign: '' | '-'): Value {
  switch (token.kind) {
    case 'string':
      return unquoteString(token.text)
    case 'bytes':
      return unquoteBytes(token.text)
    case 'float': {
      const double = Number(sign + token.text)
      if (Number.isFinite(double)) return new CelDouble(double)
      throw new CelError('invalid double literal')
    }
    case 'uint': {
      const value = BigInt(token.text.slice(0, -1))
      if (isUintInRange(value)) return new CelUint(value)
      throw new CelError('invalid uint literal')
    }
    default: {
      const value = BigInt(token.text)
      const signed = sign === '-' ? -value : value
      if (isIntInRange(signed)) return toInt(signed)
      throw new CelError('invalid int literal')
    }
  }
}
