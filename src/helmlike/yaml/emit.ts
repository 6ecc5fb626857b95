// Values to YAML, byte for byte as sigs.k8s.io/yaml (go-yaml v2, through JSON) writes them; `pretty` as go-yaml v3 does.

import { toBytes } from '../gotemplate/bytes.ts'
import { formatFloat } from '../gotemplate/float.ts'
import { Complex, GoStruct, Int, isNilList, type Value } from '../gotemplate/value.ts'
import { compareKeys } from './key-order.ts'
import { resolve } from './resolve.ts'

export class UnmarshalableError extends Error {}

const WIDTH = 80
const MAX_SIMPLE_KEY = 128
const MAX_DEPTH = 1000
/** In place of a column: the key stands behind `?`, its value behind `:` on a line of its own. */
const EXPLICIT = -1

/** The value as YAML, ending in a newline. Throws UnmarshalableError for what JSON cannot hold. */
export function toYaml(v: Value): string {
  return emit(v, false)
}

/** The value as toYamlPretty writes it: lists are indented, lines never folded. */
export function toYamlPretty(v: Value): string {
  return emit(v, true)
}

function emit(v: Value, pretty: boolean): string {
  const emitter = new Emitter(pretty)
  emitter.root(v)
  return emitter.out
}

class Emitter {
  out = ''
  private readonly pretty: boolean
  private depth = 0
  constructor(pretty: boolean) {
    this.pretty = pretty
  }

  root(v: Value): void {
    const x = this.plain(v)
    if (isCollection(x) && !isEmpty(x)) this.collection(x, 0, true)
    else {
      this.scalar(x, 2, 0, false)
      this.out += '\n'
    }
  }

  /** Structs and bytes as JSON sees them. */
  private plain(v: Value): Value {
    if (v instanceof Uint8Array) return this.pretty ? [...v].map((b) => b) : Buffer.from(v).toString('base64')
    if (v instanceof GoStruct) return v.json ? v.json() : new Map(v.fields)
    if (v instanceof Complex) throw new UnmarshalableError('json: unsupported type: complex128')
    return v
  }

  private collection(v: Value[] | ReadonlyMap<string, Value>, indent: number, inline: boolean): void {
    if (++this.depth > MAX_DEPTH) throw new UnmarshalableError('value is nested too deeply')
    if (Array.isArray(v)) this.sequence(v, indent, inline)
    else this.mapping(v, indent, inline)
    this.depth--
  }

  private mapping(m: ReadonlyMap<string, Value>, indent: number, inline: boolean): void {
    const pad = ' '.repeat(indent)
    let first = inline
    const keys = [...m.keys()].sort(compareKeys(this.pretty))
    for (const key of keys) {
      if (!first) this.out += pad
      first = false
      const column = this.key(key, indent)
      this.value(m.get(key), indent, column)
    }
  }

  /** Writes a key and its colon and returns the column behind them. */
  private key(key: string, indent: number): number {
    const simple = !hasBreak(key) && Buffer.byteLength(key) <= MAX_SIMPLE_KEY
    const from = this.out.length
    if (simple) {
      this.scalar(key, indent + 2, indent, true)
      this.out += ':'
      return indent + this.out.length - from
    }
    this.out += '? '
    this.scalar(key, indent + 2, indent + 2, false)
    this.out += `\n${' '.repeat(indent)}:`
    return EXPLICIT
  }

  private value(value: Value, indent: number, column: number): void {
    const v = this.plain(value)
    if (!isCollection(v) || isEmpty(v)) {
      this.out += ' '
      this.scalar(v, indent + 2, column === EXPLICIT ? indent + 2 : column + 1, false)
      this.out += '\n'
      return
    }
    if (column === EXPLICIT) {
      this.out += ' '
      this.collection(v, indent + 2, true)
      return
    }
    this.out += '\n'
    this.collection(v, Array.isArray(v) && !this.pretty ? indent : indent + 2, false)
  }

  private sequence(list: readonly Value[], indent: number, inline: boolean): void {
    const pad = ' '.repeat(indent)
    let first = inline
    for (const item of list) {
      if (!first) this.out += pad
      first = false
      this.out += '- '
      const v = this.plain(item)
      if (isCollection(v) && !isEmpty(v)) this.collection(v, indent + 2, true)
      else {
        this.scalar(v, indent + 2, indent + 2, false)
        this.out += '\n'
      }
    }
  }

  /** `indent`: of continuation lines; `column`: where the text starts. */
  private scalar(v: Value, indent: number, column: number, key: boolean): void {
    if (v === null || v === undefined) this.out += 'null'
    else if (typeof v === 'boolean') this.out += String(v)
    else if (typeof v === 'number') this.out += this.number(v)
    else if (v instanceof Int)
      this.out += this.pretty && v.methods?.String ? (v.methods.String.call as () => string)() : v.v.toString()
    else if (typeof v === 'string') this.text(v, indent, column, key)
    else this.out += Array.isArray(v) ? (isNilList(v) && !this.pretty ? 'null' : '[]') : '{}'
  }

  private number(n: number): string {
    if (!Number.isFinite(n)) {
      if (this.pretty) return Number.isNaN(n) ? '.nan' : n > 0 ? '.inf' : '-.inf'
      throw new UnmarshalableError(`json: unsupported value: ${formatFloat(n, 'g')}`)
    }
    if (!this.pretty && Number.isInteger(n) && Math.abs(n) < 1.8446744073709552e19)
      return Object.is(n, -0) ? '0' : BigInt(n).toString()
    return formatFloat(n, 'g')
  }

  private text(s: string, indent: number, column: number, key: boolean): void {
    if (SAFE.test(s)) {
      this.out += s
      return
    }
    const text = s.isWellFormed() ? s : this.pretty ? `!!binary ${toBytes(s).toString('base64')}` : replaceInvalid(s)
    this.out += styled(text, { indent, column, key, width: this.pretty ? Number.POSITIVE_INFINITY : WIDTH, pretty: this.pretty })
  }
}

const replaceInvalid = (s: string) =>
  s.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd')
/** Texts that are plain whatever stands around them and are never a number or a word of YAML. */
const SAFE = /^[A-Za-z_/][A-Za-z0-9_./-]{5,60}$/
const isCollection = (v: Value): v is Value[] | Map<string, Value> => Array.isArray(v) || v instanceof Map
const isEmpty = (v: Value[] | ReadonlyMap<string, Value>) => (Array.isArray(v) ? v.length === 0 : v.size === 0)
const hasBreak = (s: string) => /[\n\r\x85\u2028\u2029]/.test(s)
const BASE60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/
const OLD_BOOL = /^(?:y|Y|yes|Yes|YES|on|On|ON|n|N|no|No|NO|off|Off|OFF)$/

interface Place {
  readonly indent: number
  readonly column: number
  readonly key: boolean
  readonly width: number
  readonly pretty: boolean
}

function styled(s: string, place: Place): string {
  const shape = analyze(s, place.pretty)
  const style = pickStyle(s, shape, place)
  if (style === 'plain') return fold(s, place, 0)
  if (style === 'single') return `'${fold(s.replaceAll("'", "''"), { ...place, column: place.column + 1 }, 1)}'`
  return style === 'literal' ? literal(s, place.indent) : doubleQuoted(s, place)
}

function pickStyle(s: string, shape: Shape, place: Place): 'plain' | 'single' | 'double' | 'literal' {
  if (s.includes('\n')) return shape.block && !place.key ? 'literal' : 'double'
  const [tag] = resolve(s)
  const plain = (tag === 'str' || tag === 'merge') && !BASE60.test(s) && !(place.pretty && OLD_BOOL.test(s))
  if (!plain) return 'double'
  if (shape.plain) return 'plain'
  return shape.single && !(place.key && shape.multiline) ? 'single' : 'double'
}

interface Shape {
  readonly plain: boolean
  readonly single: boolean
  readonly block: boolean
  readonly multiline: boolean
}

/** In which styles the text can be written (libyaml's analysis). */
function analyze(s: string, tabsInBlocks: boolean): Shape {
  const unprintable = /[^\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]/.test(s)
  const special = unprintable && !(tabsInBlocks && !/[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]/.test(s))
  const multiline = hasBreak(s)
  const indicators =
    /^(?:---|\.\.\.)/.test(s) || /^[#,[\]{}&*!|>'"%@`]/.test(s) || /^[?:-](?:[ \t]|$)/.test(s) || /:(?:[ \t]|$)|\s#/.test(s)
  const spaceBreak = / [\n\r\x85\u2028\u2029]/.test(s)
  const breakSpace = /[\n\r\x85\u2028\u2029] /.test(s)
  const edges = /^[ \n\r\x85\u2028\u2029]|[ \n\r\x85\u2028\u2029]$/.test(s)
  return {
    plain: !unprintable && !multiline && !indicators && !edges,
    single: !unprintable && !spaceBreak && !breakSpace,
    block: !special && !spaceBreak && !s.endsWith(' '),
    multiline,
  }
}

/** Breaks lines behind the width at single spaces. */
function fold(s: string, place: Place, from: number): string {
  if (place.key || place.column + s.length <= place.width) return s
  const pad = `\n${' '.repeat(place.indent)}`
  let out = ''
  let { column } = place
  let spaces = false
  const chars = [...s]
  for (let i = 0; i < chars.length; i++) {
    const ch = chars[i] as string
    if (ch === ' ') {
      const inside = from === 0 || (i > 0 && i < chars.length - 1)
      if (!spaces && column > place.width && inside && chars[i + 1] !== ' ') {
        out += pad
        column = place.indent
      } else {
        out += ch
        column++
      }
      spaces = true
    } else {
      out += ch
      column++
      spaces = false
    }
  }
  return out
}

function literal(s: string, indent: number): string {
  const pad = ' '.repeat(indent)
  const hint = /^[ \n\r\x85\u2028\u2029]/.test(s) ? '2' : ''
  const chomp = !s.endsWith('\n') ? '-' : s.length === 1 || s.endsWith('\n\n') ? '+' : ''
  const body = s.endsWith('\n') ? s.slice(0, -1) : s
  const lines = body.split('\n').map((line) => (line === '' ? '' : pad + line))
  return `|${hint}${chomp}\n${lines.join('\n')}`
}

const ESCAPES: { readonly [code: number]: string } = {
  0: '\\0',
  7: '\\a',
  8: '\\b',
  9: '\\t',
  10: '\\n',
  11: '\\v',
  12: '\\f',
  13: '\\r',
  27: '\\e',
  34: '\\"',
  92: '\\\\',
  133: '\\N',
  160: '\\_',
  8232: '\\L',
  8233: '\\P',
}

function doubleQuoted(s: string, place: Place): string {
  const pad = `\n${' '.repeat(place.indent)}`
  let out = '"'
  let column = place.column + 1
  let spaces = false
  const chars = [...s]
  for (let i = 0; i < chars.length; i++) {
    const ch = chars[i] as string
    const code = ch.codePointAt(0) as number
    if (ch === ' ') {
      if (!place.key && !spaces && column > place.width && i > 0 && i < chars.length - 1) {
        out += pad
        column = place.indent
        if (chars[i + 1] === ' ') {
          out += '\\'
          column++
        }
      } else {
        out += ' '
        column++
      }
      spaces = true
      continue
    }
    spaces = false
    const text = escaped(code, ch)
    out += text
    column += text === ch ? 1 : text.length
  }
  return `${out}"`
}

function escaped(code: number, ch: string): string {
  const short = code === 0xa0 ? undefined : ESCAPES[code]
  if (short) return short
  const printable = (code >= 0x20 && code <= 0x7e) || (code >= 0xa0 && code <= 0xfffd && code !== 0xfeff)
  if (printable) return ch
  if (code <= 0xff) return `\\x${code.toString(16).toUpperCase().padStart(2, '0')}`
  return code <= 0xffff
    ? `\\u${code.toString(16).toUpperCase().padStart(4, '0')}`
    : `\\U${code.toString(16).toUpperCase().padStart(8, '0')}`
}
