import { quote } from '../../../apimachinery/go-quote.ts'
import { doubleText } from '../../../apimachinery/number-text.ts'
import { typeOfValue } from '../equality.ts'
import { CelType } from '../types.ts'
import { CelDouble, CelDuration, CelError, CelList, CelMap, CelTimestamp, CelUint, listItems, type Value } from '../values.ts'
import { formatDuration, formatTimestamp } from './time-text.ts'

/** The letter of a clause (`s`, `d`, …) and the digits after its point. */
export interface Clause {
  readonly letter: string
  readonly precision: number | undefined
}

const CLAUSE = /(?:\.(\d*))?(.)?/suy
const DEFAULT_PRECISION = 6
const MOST_DIGITS = 1000

/** The literal texts and clauses of a format string. Throws CelError. */
export function parseFormat(format: string): (string | Clause)[] {
  const parts: (string | Clause)[] = []
  let pos = 0
  while (pos < format.length) {
    const percent = format.indexOf('%', pos)
    if (percent === -1) return [...parts, format.slice(pos)]
    if (percent > pos) parts.push(format.slice(pos, percent))
    if (format[percent + 1] === '%') {
      parts.push('%')
      pos = percent + 2
      continue
    }
    CLAUSE.lastIndex = percent + 1
    const [text, digits, letter] = CLAUSE.exec(format) as RegExpExecArray & [string]
    if (letter === undefined)
      throw new CelError(
        digits === undefined ? 'unexpected end of string' : unparsed('could not find end of precision specifier', true),
      )
    if (digits === '')
      throw new CelError(unparsed('error while converting precision to integer: strconv.Atoi: parsing "": invalid syntax', true))
    if (!'sdfebxXo'.includes(letter)) throw new CelError(unparsed(`unrecognized formatting clause "${letter}"`, false))
    parts.push({ letter, precision: digits === undefined ? undefined : Number(digits) })
    pos = percent + 1 + text.length
  }
  return parts
}

const unparsed = (why: string, precision: boolean): string =>
  `could not parse formatting clause: ${precision ? 'error while parsing precision: ' : ''}${why}`

/** `format.format(args)` */
export function formatString(format: string, args: CelList): string {
  let next = 0
  let out = ''
  for (const part of parseFormat(format)) {
    if (typeof part === 'string') out += part
    else {
      if (next >= args.size) throw new CelError(`index ${next} out of range`)
      out += formatClause(part, args.at(next++))
    }
  }
  return out
}

function formatClause(clause: Clause, value: Value): string {
  const text = FORMATTERS[clause.letter]?.(value, clause)
  if (text === undefined)
    throw new CelError(`error during formatting: ${clauseComplaint(clause.letter)}, was given ${typeOfValue(value).name}`)
  return text
}

const COMPLAINTS: Readonly<Record<string, string>> = {
  s: 'string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps',
  d: 'decimal clause can only be used on integers',
  f: 'fixed-point clause can only be used on doubles',
  e: 'scientific clause can only be used on doubles',
  b: 'only integers and bools can be formatted as binary',
  x: 'only integers, byte buffers, and strings can be formatted as hex',
  o: 'octal clause can only be used on integers',
}

/** What a clause takes, for messages. */
export const clauseComplaint = (letter: string): string => COMPLAINTS[letter.toLowerCase()] as string

type Formatter = (value: Value, clause: Clause) => string | undefined

const FORMATTERS: Readonly<Record<string, Formatter>> = {
  s: (value) => plainText(value),
  d: (value) => specialText(value) ?? (integerOf(value) === undefined ? undefined : String(integerOf(value))),
  f: (value, { precision }) => numeral(value, (number) => inThousands(fixedPoint(number, digits(precision)))),
  e: (value) => numeral(value, (number) => scientific(number)),
  b: (value) => (typeof value === 'boolean' ? String(Number(value)) : integerOf(value)?.toString(2)),
  o: (value) => integerOf(value)?.toString(8),
  x: (value) => hex(value),
  X: (value) => hex(value)?.toUpperCase(),
}

const digits = (precision: number | undefined): number => Math.min(precision ?? DEFAULT_PRECISION, 100, MOST_DIGITS)

function integerOf(value: Value): number | bigint | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return value
  return value instanceof CelUint ? value.value : undefined
}

function specialText(value: Value): string | undefined {
  if (!(value instanceof CelDouble)) return undefined
  if (Number.isNaN(value.value)) return 'NaN'
  return Number.isFinite(value.value) ? undefined : value.value > 0 ? 'Infinity' : '-Infinity'
}

/** Of doubles only, and of texts that name no number; as golang.org/x/text writes numbers in English. */
function numeral(value: Value, format: (number: number) => string): string | undefined {
  const special = typeof value === 'string' ? SPECIAL[value] : undefined
  const number = special ?? (value instanceof CelDouble ? value.value : undefined)
  if (number === undefined || Number.isNaN(number)) return number === undefined ? undefined : 'NaN'
  return Number.isFinite(number) ? format(number) : number > 0 ? '∞' : '-∞'
}

const SPECIAL: Readonly<Record<string, number>> = { NaN: Number.NaN, Infinity: Infinity, '-Infinity': -Infinity }

/** Rounds ties to even, as Go does; toFixed rounds them up. */
function fixedPoint(value: number, precision: number): string {
  if (Math.abs(value) >= 1e21) return BigInt(value) + (precision > 0 ? `.${'0'.repeat(precision)}` : '')
  const exact = Math.abs(value).toFixed(Math.min(100, precision + 40))
  const cut = exact.length - Math.min(100 - precision, 40)
  if (!/^50*$/.test(exact.slice(cut))) return value.toFixed(precision)
  const down = exact.slice(0, cut).replace(/\.$/, '')
  const even = '02468'.includes(down.at(-1) as string)
  return even ? `${value < 0 ? '-' : ''}${down}` : value.toFixed(precision)
}

const inThousands = (text: string): string => text.replace(/^(-?\d+)/, (whole) => whole.replace(/\B(?=(?:\d{3})+$)/g, ','))

/** Its precision is read, but is taken for the width, as the string functions of version 2 do. */
function scientific(value: number): string {
  const [mantissa, exponent] = value.toExponential(DEFAULT_PRECISION).split('e') as [string, string]
  const power = exponent.replace(/[+-]/, '').padStart(2, '0')
  const raised = Array.from(power, (digit) => SUPERSCRIPTS[Number(digit)]).join('')
  return `${mantissa}×10${exponent.startsWith('-') ? '⁻' : ''}${raised}`
}

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹'

function hex(value: Value): string | undefined {
  if (typeof value === 'string') return Buffer.from(value).toString('hex')
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  return integerOf(value)?.toString(16)
}

/** What `%s` writes. undefined for values that have no text. */
function plainText(value: Value): string | undefined {
  if (value === null) return 'null'
  if (typeof value !== 'object') return String(value)
  if (value instanceof CelUint) return String(value.value)
  if (value instanceof CelDouble) return doubleText(value.value)
  if (value instanceof Uint8Array) return utf8Text(value)
  if (value instanceof CelTimestamp) return formatTimestamp(value)
  if (value instanceof CelDuration) return formatDuration(value)
  if (value instanceof CelType) return value.name
  if (value instanceof CelList) return listText(value)
  return value instanceof CelMap ? mapText(value) : undefined
}

function utf8Text(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new CelError(
      'error during formatting: could not convert argument to string: invalid UTF-8 in bytes, cannot convert to string',
    )
  }
}

/** A value inside of a list or map: as a literal of the language. */
function literalText(value: Value): string | undefined {
  if (typeof value === 'string') return quote(value)
  if (value instanceof Uint8Array) return `b${quote(utf8Text(value))}`
  if (value instanceof CelTimestamp) return `timestamp(${quote(formatTimestamp(value))})`
  if (value instanceof CelDuration) return `duration(${quote(formatDuration(value))})`
  if (!(value instanceof CelDouble)) return plainText(value)
  const { value: number } = value
  if (Number.isNaN(number)) return '"NaN"'
  return Number.isFinite(number) ? fixedPoint(number, DEFAULT_PRECISION) : quote(number > 0 ? '+Inf' : '-Inf')
}

function listText(list: CelList): string | undefined {
  const texts = listItems(list).map(literalText)
  return texts.includes(undefined) ? undefined : `[${texts.join(', ')}]`
}

function mapText(map: CelMap): string | undefined {
  const pairs = map.keys().map((key) => [literalText(key), literalText(map.get(key) as Value)] as const)
  if (pairs.some(([key, value]) => key === undefined || value === undefined)) return undefined
  const sorted = (pairs as [string, string][]).toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return `{${sorted.map(([key, value]) => `${key}:${value}`).join(', ')}}`
}
