// Sprig's string functions.

import { quote } from '../../apimachinery/go-quote.ts'
import { byteLength, fromBytes, sliceBytes, toBytes } from '../gotemplate/bytes.ts'
import { formatValue } from '../gotemplate/format.ts'
import type { Implementation } from '../gotemplate/function-table.ts'
import { FunctionError, LimitError } from '../gotemplate/run.ts'
import { compareStrings, type Int, int, isList, stringList, TypedMap, type Value } from '../gotemplate/value.ts'
import { textOf, textsOf } from './text.ts'

const MAX_LENGTH = 64 << 20
const isNil = (v: Value): v is null | undefined => v === null || v === undefined
/** Go's unicode.IsSpace. */
const SPACES = '\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000'
const LEADING = new RegExp(`^[${SPACES}]+`)
const TRAILING = new RegExp(`[${SPACES}]+$`)

/** strings.TrimSpace. */
const trimSpace = (s: string): string => {
  const t = s.replace(LEADING, '')
  if (t === '' || !isSpaceCode(t.charCodeAt(t.length - 1))) return t
  let end = t.length
  while (end > 0 && isSpaceCode(t.charCodeAt(end - 1))) end--
  return t.slice(0, end)
}
const isSpaceCode = (c: number) => (c < 0x80 ? c === 32 || (c >= 9 && c <= 13) : TRAILING.test(String.fromCharCode(c)))

function trimSet(set: string, s: string): string {
  const chars = new Set(set)
  const all = [...s]
  let from = 0
  let to = all.length
  while (from < to && chars.has(all[from] as string)) from++
  while (to > from && chars.has(all[to - 1] as string)) to--
  return all.slice(from, to).join('')
}

function repeat(count: Int, s: string): string {
  if (count.v < 0n) throw new FunctionError('strings: negative Repeat count')
  if (count.v * BigInt(s.length) > BigInt(MAX_LENGTH))
    throw new LimitError(`repeat makes a text longer than ${MAX_LENGTH >> 20} MiB`)
  return s.repeat(Number(count.v))
}

function indent(spaces: Int, s: string): string {
  const pad = repeat(spaces, ' ')
  return pad + s.replaceAll('\n', `\n${pad}`)
}

function trunc(count: Int, s: string): string {
  const n = Number(count.v)
  const length = byteLength(s)
  if (n < 0 && length + n > 0) return sliceBytes(s, length + n)
  return n >= 0 && length > n ? sliceBytes(s, 0, n) : s
}

function checkedSlice(s: string, from: number, to: number): string {
  const length = byteLength(s)
  if (to > length) throw new FunctionError(`runtime error: slice bounds out of range [:${to}] with length ${length}`)
  if (to < 0) throw new FunctionError(`runtime error: slice bounds out of range [:${to}]`)
  if (from > to) throw new FunctionError(`runtime error: slice bounds out of range [${from}:${to}]`)
  return sliceBytes(s, from, to)
}

function substr(start: Int, end: Int, s: string): string {
  const [from, to] = [Number(start.v), Number(end.v)]
  const length = byteLength(s)
  if (from < 0) return checkedSlice(s, 0, to)
  return to < 0 || to > length ? checkedSlice(s, from, length) : checkedSlice(s, from, to)
}

function abbreviate(s: string, from: number, width: number): string {
  const b = toBytes(s)
  if (b.length <= width || width < 4) return s
  let offset = Math.min(from, b.length)
  if (b.length - offset < width - 3) offset = b.length - (width - 3)
  if (offset <= 4) return `${sliceBytes(s, 0, width - 3)}...`
  if (width < 7) return ''
  if (offset + width - 3 < b.length) return `...${abbreviate(sliceBytes(s, offset), 0, width - 3)}`
  return `...${sliceBytes(s, b.length - (width - 3))}`
}

/** goutils.WrapCustom with long words broken. */
/** Lines of at most `width` bytes, broken at spaces; longer words stay whole, or are cut where `cutsWords`. */
function wrap(width: number, newline: string, text: string, cutsWords: boolean): string {
  const s = toBytes(text).toString('latin1')
  const n = Math.max(1, width)
  const lines: string[] = []
  let offset = 0
  while (s.length - offset > n) {
    if (s[offset] === ' ') {
      offset++
      continue
    }
    const space = s.slice(offset, n + offset + 1).lastIndexOf(' ')
    const next = s.indexOf(' ', n + offset)
    const end = space >= 0 ? offset + space : cutsWords ? n + offset : next < 0 ? s.length : next
    if (end === s.length) break
    lines.push(s.slice(offset, end))
    offset = space < 0 && cutsWords ? end : end + 1
  }
  lines.push(s.slice(offset))
  const separator = newline === '' ? '\n' : newline
  return lines.map((line) => fromBytes(Buffer.from(line, 'latin1'))).join(separator)
}

const isDelimiter = (ch: string) => /\s/u.test(ch)

/** Where there is space, each byte of the rest becomes a character of its own, as in Sprig's library. */
function nospace(s: string): string {
  const characters = toBytes(s).toString('latin1')
  const left = characters.replace(/[\t\n\v\f\r \x85\xa0]/g, '')
  return left.length === characters.length ? s : left
}

function initials(s: string): string {
  let gap = true
  let out = ''
  // Bytes, as in Sprig's library.
  for (const ch of toBytes(s).toString('latin1')) {
    if (isDelimiter(ch)) gap = true
    else if (gap) {
      out += ch
      gap = false
    }
  }
  return out
}

function mapWords(s: string, change: (ch: string) => string): string {
  let next = true
  let out = ''
  for (const ch of s) {
    const delimiter = isDelimiter(ch)
    out += next && !delimiter ? change(ch) : ch
    next = delimiter
  }
  return out
}

/** strings.Title: a letter that follows no letter or digit. */
const title = (s: string) =>
  s.replace(/(?<![\p{L}\p{N}_])\p{L}/gu, (ch) => (ch.toUpperCase().length === ch.length ? ch.toUpperCase() : ch))

function swapcase(s: string): string {
  let out = ''
  for (const ch of s) out += /\p{Lu}|\p{Lt}/u.test(ch) ? ch.toLowerCase() : /\p{Ll}/u.test(ch) ? ch.toUpperCase() : ch
  return out
}

function parts(list: string[]): Value {
  return new TypedMap(
    'map[string]string',
    list.map((p, i) => [`_${i}`, p] as const),
  )
}

/** strings.Split: an empty separator splits into characters. */
const split = (separator: string, s: string) => (separator === '' ? [...s] : s.split(separator))

function splitN(separator: string, n: number, s: string): string[] {
  if (n === 0) return []
  const all = split(separator, s)
  if (n < 0 || all.length <= n) return all
  return [...all.slice(0, n - 1), all.slice(n - 1).join(separator)]
}

function cat(...args: Value[]): string {
  return args
    .filter((a) => !isNil(a))
    .map(formatValue)
    .join(' ')
}

function sortAlpha(v: Value): Value {
  return isList(v) ? stringList(textsOf(v).sort(compareStrings)) : stringList([textOf(v)])
}

function atoi(s: string): Value {
  const n = /^[+-]?\d+$/.test(s) ? BigInt(s.replace('+', '')) : 0n
  const max = 2n ** 63n - 1n
  return int(n > max ? max : n < -max - 1n ? -max - 1n : n)
}

export const strings: { readonly [name: string]: Implementation } = {
  abbrev: (width: Int, s: string) => (width.v < 4n ? s : abbreviate(s, 0, Number(width.v))),
  abbrevboth: (left: Int, right: Int, s: string) =>
    right.v < 4n || (left.v > 0n && right.v < 7n) ? s : abbreviate(s, Number(left.v), Number(right.v)),
  trunc,
  trim: trimSpace,
  upper: (s: string) => s.toUpperCase(),
  lower: (s: string) => s.toLowerCase(),
  title,
  untitle: (s: string) => mapWords(s, (ch) => ch.toLowerCase()),
  substr,
  repeat,
  trimall: trimSet,
  trimAll: trimSet,
  trimSuffix: (end: string, s: string) => (end !== '' && s.endsWith(end) ? s.slice(0, -end.length) : s),
  trimPrefix: (start: string, s: string) => (s.startsWith(start) ? s.slice(start.length) : s),
  nospace,
  initials,
  swapcase,
  wrap: (width: Int, s: string) => wrap(Number(width.v), '\n', s, false),
  wrapWith: (width: Int, newline: string, s: string) => wrap(Number(width.v), newline, s, true),
  contains: (part: string, s: string) => s.includes(part),
  hasPrefix: (start: string, s: string) => s.startsWith(start),
  hasSuffix: (end: string, s: string) => s.endsWith(end),
  quote: (...args: Value[]) =>
    args
      .filter((a) => !isNil(a))
      .map((a) => quote(textOf(a)))
      .join(' '),
  squote: (...args: Value[]) =>
    args
      .filter((a) => !isNil(a))
      .map((a) => `'${formatValue(a)}'`)
      .join(' '),
  cat,
  indent,
  nindent: (spaces: Int, s: string) => `\n${indent(spaces, s)}`,
  replace: (old: string, by: string, s: string) =>
    old === '' ? by + [...s].map((ch) => ch + by).join('') : s.replaceAll(old, () => by),
  plural: (one: string, many: string, count: Int) => (count.v === 1n ? one : many),
  toString: (v: Value) => (isNil(v) ? '<nil>' : textOf(v)),
  hello: () => 'Hello!',
  split: (separator: string, s: string) => parts(split(separator, s)),
  splitList: (separator: string, s: string) => stringList(split(separator, s)),
  splitn: (separator: string, n: Int, s: string) => parts(splitN(separator, Number(n.v), s)),
  toStrings: (v: Value) => stringList(textsOf(v)),
  join: (separator: string, v: Value) => textsOf(v).join(separator),
  sortAlpha,
  atoi,
}
