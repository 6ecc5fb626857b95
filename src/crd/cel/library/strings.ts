import { actualSize, type CallEstimator, type Operand } from '../cost-estimate.ts'
import { add, multiply, type Range, STRING_TRAVERSAL, scale, UNBOUNDED, ZERO } from '../cost-range.ts'
import type { Library } from '../environment.ts'
import { DYN, INT, listOf, STRING } from '../types.ts'
import { ArrayList, CelError, type CelInt, type CelList, listItems, type Value } from '../values.ts'
import { elementOf, traversal, walkOver } from './costs.ts'
import { method, overload } from './signature.ts'
import { formatString } from './string-format.ts'

const listOfString = listOf(STRING)
const outOfRange = (index: CelInt): CelError => new CelError(`index out of range: ${index}`)

/** The code points of a text; a plain array of units where that is the same. */
const points = (text: string): string[] => Array.from(text)

function charAt(text: string, index: CelInt): string {
  const chars = points(text)
  if (index < 0 || index > chars.length) throw outOfRange(index)
  return chars[Number(index)] ?? ''
}

function indexOf(text: string, part: string, offset: CelInt = 0): CelInt {
  if (part === '') return offset
  const chars = points(text)
  if (offset < 0) throw outOfRange(offset)
  if (offset >= chars.length) return -1
  const found = chars.slice(Number(offset)).join('').indexOf(part)
  if (found === -1) return -1
  return Number(offset) + points(chars.slice(Number(offset)).join('').slice(0, found)).length
}

function lastIndexOf(text: string, part: string, offset?: CelInt): CelInt {
  const chars = points(text)
  if (part === '') return offset ?? chars.length
  if (offset === undefined && text.length < part.length) return -1
  const from = Number(offset ?? chars.length - 1)
  if (from < 0) throw outOfRange(from)
  if (from >= chars.length) return -1
  const wanted = points(part)
  for (let i = Math.min(from, chars.length - wanted.length); i >= 0; i--) {
    if (wanted.every((char, j) => chars[i + j] === char)) return i
  }
  return -1
}

function substring(text: string, start: CelInt, end?: CelInt): string {
  const chars = points(text)
  if (end !== undefined && start > end) throw new CelError(`invalid substring range. start: ${start}, end: ${end}`)
  if (start < 0 || start > chars.length) throw outOfRange(start)
  if (end !== undefined && (end < 0 || end > chars.length)) throw outOfRange(end)
  return chars.slice(Number(start), end === undefined ? undefined : Number(end)).join('')
}

function replace(text: string, old: string, by: string, times: CelInt = -1): string {
  if (times < 0) return replaceAll(text, old, by)
  const limit = Number(times)
  if (old === '') {
    const chars = points(text)
    if (limit > chars.length) return replaceAll(text, old, by)
    return `${chars
      .slice(0, limit)
      .map((char) => by + char)
      .join('')}${chars.slice(limit).join('')}`
  }
  const parts = text.split(old)
  if (parts.length - 1 <= limit) return parts.join(by)
  return [...parts.slice(0, limit), parts.slice(limit).join(old)].join(by)
}

function replaceAll(text: string, old: string, by: string): string {
  return old === ''
    ? `${by}${points(text)
        .map((char) => char + by)
        .join('')}`
    : text.split(old).join(by)
}

function split(text: string, separator: string, limit: CelInt = -1): CelList {
  if (limit === 0) return new ArrayList([])
  const parts = separator === '' ? points(text) : text.split(separator)
  if (limit < 0 || parts.length <= limit) return new ArrayList(parts)
  const kept = Number(limit) - 1
  return new ArrayList([...parts.slice(0, kept), parts.slice(kept).join(separator)])
}

function join(list: CelList, separator = ''): string {
  const items = listItems(list)
  for (const item of items) if (typeof item !== 'string') throw new CelError(`join: invalid input: ${String(item)}`)
  return items.join(separator)
}

const WHITE = '[\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+'
const EDGES = new RegExp(`^${WHITE}|${WHITE}$`, 'g')
const ESCAPES: Readonly<Record<string, string>> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
}

const quote = (text: string): string =>
  `"${text.toWellFormed().replace(/[\u0007\b\f\n\r\t\v\\"]/g, (char) => ESCAPES[char] as string)}"`

const lower = (text: string): string => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
const upper = (text: string): string => text.replace(/[a-z]+/g, (letters) => letters.toUpperCase())

/** The longest and the shortest that a text can become when `old` is replaced. */
const estimateReplace: CallEstimator = (operands, sizes) => {
  const [text, old, by] = operands.slice(0, 3).map((operand) => sizes.of(operand)) as [Range, Range, Range]
  const most = replaced(text.max, old.min, by.max <= old.min)
  const least = replaced(text.min, old.max, old.max <= by.min)
  const count = { min: least.count, max: most.count }
  const retained = { min: least.retained, max: most.retained }
  return { cost: scale(text, 2 * STRING_TRAVERSAL), size: add(multiply(count, by), retained) }
}

function replaced(text: number, old: number, keepsLength: boolean): { count: number; retained: number } {
  if (old === 0) return { count: Math.min(text + 1, UNBOUNDED), retained: text }
  if (keepsLength) return { count: 0, retained: text }
  return { count: Math.ceil(text / old), retained: 0 }
}

const estimateSplit: CallEstimator = (operands, sizes) => {
  const text = sizes.of(operands[0] as Operand)
  const limit = operands[2]?.expr
  const max = limit?.kind === 'literal' && typeof limit.value === 'number' ? limit.value : text.max
  return { cost: scale(text, 2 * STRING_TRAVERSAL), size: { min: 0, max: max < 0 ? UNBOUNDED : max } }
}

const estimateJoin: CallEstimator = (operands, sizes) => {
  const list = operands[0] as Operand
  const count = sizes.of(list)
  const element = elementOf(list)
  const texts = element === undefined ? ZERO : multiply(count, sizes.of(element))
  const separators = { min: Math.max(0, count.min - 1), max: Math.max(0, count.max - 1) }
  const separator = operands[1]
  const size = separator === undefined ? texts : add(texts, multiply(sizes.of(separator), separators))
  return { cost: scale(size, STRING_TRAVERSAL), size }
}

const twice = traversal(0, { times: 2 }).cost
const replaceCosts = { cost: twice, estimate: estimateReplace }
const splitCosts = { cost: twice, estimate: estimateSplit }
const joinCosts = {
  cost: (_args: readonly Value[], result: Value) => Math.ceil(actualSize(result) * 2 * STRING_TRAVERSAL),
  estimate: estimateJoin,
}
const oneWalk = traversal(0, { sized: true })
const quoting = {
  ...traversal(0),
  estimate: ((operands, sizes) => {
    const size = sizes.of(operands[0] as Operand)
    return { cost: scale(size, STRING_TRAVERSAL), size: { min: size.min + 2, max: Math.min(UNBOUNDED, size.max * 2 + 2) } }
  }) as CallEstimator,
}

/** cel-go's strings extension, version 2. */
export const strings: Library = {
  functions: {
    charAt: [method('string_char_at_int', [STRING, INT], STRING, charAt)],
    indexOf: [
      method('string_index_of_string', [STRING, STRING], INT, indexOf, walkOver),
      method('string_index_of_string_int', [STRING, STRING, INT], INT, indexOf, walkOver),
    ],
    lastIndexOf: [
      method('string_last_index_of_string', [STRING, STRING], INT, lastIndexOf, walkOver),
      method('string_last_index_of_string_int', [STRING, STRING, INT], INT, lastIndexOf, walkOver),
    ],
    lowerAscii: [method('string_lower_ascii', [STRING], STRING, lower, oneWalk)],
    upperAscii: [method('string_upper_ascii', [STRING], STRING, upper, oneWalk)],
    replace: [
      method('string_replace_string_string', [STRING, STRING, STRING], STRING, replace, replaceCosts),
      method('string_replace_string_string_int', [STRING, STRING, STRING, INT], STRING, replace, replaceCosts),
    ],
    split: [
      method('string_split_string', [STRING, STRING], listOfString, split, splitCosts),
      method('string_split_string_int', [STRING, STRING, INT], listOfString, split, splitCosts),
    ],
    substring: [
      method('string_substring_int', [STRING, INT], STRING, substring, oneWalk),
      method('string_substring_int_int', [STRING, INT, INT], STRING, substring, oneWalk),
    ],
    trim: [method('string_trim', [STRING], STRING, (text: string) => text.replace(EDGES, ''), oneWalk)],
    join: [
      method('list_join', [listOfString], STRING, join, joinCosts),
      method('list_join_string', [listOfString, STRING], STRING, join, joinCosts),
    ],
    format: [method('string_format', [STRING, listOf(DYN)], STRING, formatString, traversal(0))],
    'strings.quote': [overload('strings_quote', [STRING], STRING, quote, quoting)],
  },
}
