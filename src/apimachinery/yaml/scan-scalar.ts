// Scalars of YAML: plain, quoted and block ones, from the scanner's position on.
import { isBlank, isBlankOrEnd, isBreak } from './characters.ts'
import type { Scanner } from './scan.ts'

const NEWLINE = 10
const SPACE = 32
const TAB = 9

/** The blanks and line breaks between two parts of a flow scalar, folded. */
class Folding {
  blanks = ''
  first = ''
  more = ''
  broken = false

  /** Reads blanks and breaks. `tabsFrom`: a tab left of this column is an error. */
  read(s: Scanner, tabsFrom: number): void {
    let c = s.text.charCodeAt(s.pos)
    while (isBlank(c) || isBreak(c)) {
      if (isBlank(c)) {
        if (this.broken && c === TAB && s.column < tabsFrom) s.fail('found a tab character that violates indentation')
        if (!this.broken) this.blanks += s.text[s.pos]
        s.pos++
      } else if (this.broken) this.more += s.readBreak()
      else {
        this.blanks = ''
        this.first = s.readBreak()
        this.broken = true
      }
      c = s.text.charCodeAt(s.pos)
    }
  }

  /** What stands for them, and forgets them. */
  take(): string {
    let out = this.blanks
    if (this.broken)
      out =
        this.first === '' || this.first === '\n'
          ? this.more === ''
            ? this.first === ''
              ? ''
              : ' '
            : this.more
          : this.first + this.more
    this.blanks = this.first = this.more = ''
    this.broken = false
    return out
  }
}

/** A plain scalar. */
export function scanPlain(s: Scanner): string {
  const { text } = s
  const indent = s.indent + 1
  const inFlow = s.flowLevel > 0
  const folding = new Folding()
  let out = ''
  for (;;) {
    if (s.atDocumentMark()) break
    let c = text.charCodeAt(s.pos)
    if (c === 35) break
    const from = s.pos
    while (!isBlankOrEnd(c)) {
      if (c === 58 && isBlankOrEnd(text.charCodeAt(s.pos + 1))) break
      if (inFlow && (c === 44 || c === 63 || c === 91 || c === 93 || c === 123 || c === 125)) break
      c = text.charCodeAt(++s.pos)
    }
    if (s.pos > from) out += folding.take() + text.slice(from, s.pos)
    if (!isBlank(c) && !isBreak(c)) break
    folding.read(s, indent)
    if (!inFlow && s.column < indent) break
  }
  if (folding.broken) s.simpleKeyAllowed = true
  return out
}

function checkQuoted(s: Scanner, line: number): void {
  if (s.atDocumentMark()) s.fail('found unexpected document indicator', line)
  if (s.pos >= s.text.length) s.fail('found unexpected end of stream', s.line)
}

const ESCAPES: { readonly [ch: string]: string } = {
  '0': '\0',
  a: '\x07',
  b: '\b',
  t: '\t',
  '\t': '\t',
  n: '\n',
  v: '\v',
  f: '\f',
  r: '\r',
  e: '\x1b',
  ' ': ' ',
  '"': '"',
  "'": "'",
  '\\': '\\',
  '/': '/',
  N: '\x85',
  _: '\xa0',
  L: '\u2028',
  P: '\u2029',
}
const HEX_DIGITS: { readonly [ch: string]: number } = { x: 2, u: 4, U: 8 }

/** What an escape stands for; a line break that is escaped is only folded. */
function readEscape(s: Scanner, folding: Folding): string {
  if (isBreak(s.text.charCodeAt(s.pos + 1))) {
    s.pos++
    s.skipBreak()
    folding.broken = true
    return ''
  }
  const ch = s.text[s.pos + 1] ?? ''
  s.pos += 2
  if (ch !== '/' && Object.hasOwn(ESCAPES, ch)) return ESCAPES[ch] as string
  const digits = Object.hasOwn(HEX_DIGITS, ch) ? (HEX_DIGITS[ch] as number) : s.fail('found unknown escape character')
  const hex = s.text.slice(s.pos, s.pos + digits)
  if (hex.length !== digits || !/^[0-9a-fA-F]+$/.test(hex)) s.fail('did not find expected hexdecimal number')
  const code = Number.parseInt(hex, 16)
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) s.fail('found invalid Unicode character escape code')
  s.pos += digits
  return String.fromCodePoint(code)
}

const SINGLE = 39
const DOUBLE = 34
const BACKSLASH = 92

/** 'It''s': one of two quotes escapes the other. */
export const scanSingleQuoted = (s: Scanner): string => scanQuoted(s, SINGLE, SINGLE)

/** "a\n" */
export const scanDoubleQuoted = (s: Scanner): string => scanQuoted(s, DOUBLE, BACKSLASH)

function scanQuoted(s: Scanner, quote: number, escaping: number): string {
  const { text, line } = s
  s.pos++
  const folding = new Folding()
  let out = ''
  for (;;) {
    checkQuoted(s, line)
    let from = s.pos
    let c = text.charCodeAt(s.pos)
    while (!isBlankOrEnd(c)) {
      if (c === escaping && (escaping !== quote || text.charCodeAt(s.pos + 1) === quote)) {
        out += text.slice(from, s.pos) + readEscape(s, folding)
        from = s.pos
        c = text.charCodeAt(from)
        if (folding.broken) break
      } else if (c === quote) break
      else c = text.charCodeAt(++s.pos)
    }
    out += text.slice(from, s.pos)
    if (c === quote) break
    folding.read(s, -1)
    out += folding.take()
  }
  s.pos++
  return out
}

interface Header {
  readonly chomping: -1 | 0 | 1
  readonly increment: number
}

function blockHeader(s: Scanner): Header {
  const { text } = s
  const m = /[|>](?:([+-])(\d)?|(\d)([+-])?)?/y
  m.lastIndex = s.pos
  const found = m.exec(text) as RegExpExecArray
  s.pos += found[0].length
  const sign = found[1] ?? found[4]
  const digit = found[2] ?? found[3]
  if (digit === '0') s.fail('found an indentation indicator equal to 0')
  while (isBlank(text.charCodeAt(s.pos))) s.pos++
  if (text.charCodeAt(s.pos) === 35) while (s.pos < text.length && !isBreak(text.charCodeAt(s.pos))) s.pos++
  if (s.pos < text.length) {
    if (!isBreak(text.charCodeAt(s.pos))) s.fail('did not find expected comment or line break')
    s.skipBreak()
  }
  return { chomping: sign === '+' ? 1 : sign === '-' ? -1 : 0, increment: Number(digit ?? 0) }
}

/** A literal (|) or folded (>) scalar. */
export function scanBlockScalar(s: Scanner, literal: boolean): string {
  const { text, line } = s
  const { chomping, increment } = blockHeader(s)
  let indent = increment > 0 ? (s.indent >= 0 ? s.indent + increment : increment) : 0
  let out = ''
  let leadingBreak = ''
  let trailing = ''
  let leadingBlank = false
  const breaks = () => {
    let deepest = 0
    for (;;) {
      while ((indent === 0 || s.column < indent) && text.charCodeAt(s.pos) === SPACE) s.pos++
      deepest = Math.max(deepest, s.column)
      const c = text.charCodeAt(s.pos)
      if ((indent === 0 || s.column < indent) && c === TAB)
        s.fail('found a tab character where an indentation space is expected', line)
      if (!isBreak(c)) break
      trailing += s.readBreak()
    }
    if (indent === 0) indent = Math.max(deepest, s.indent + 1, 1)
  }
  breaks()
  while (s.column === indent && s.pos < text.length) {
    const blank = isBlank(text.charCodeAt(s.pos))
    if (!literal && !leadingBlank && !blank && leadingBreak === '\n') out += trailing === '' ? ' ' : ''
    else out += leadingBreak
    out += trailing
    leadingBreak = trailing = ''
    leadingBlank = blank
    const from = s.pos
    let c = text.charCodeAt(s.pos)
    while (c !== NEWLINE && !Number.isNaN(c) && !isBreak(c)) c = text.charCodeAt(++s.pos)
    out += text.slice(from, s.pos)
    if (s.pos < text.length) leadingBreak = s.readBreak()
    breaks()
  }
  if (chomping !== -1) out += leadingBreak
  if (chomping === 1) out += trailing
  return out
}
