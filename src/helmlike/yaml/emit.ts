// Values to YAML, byte for byte as sigs.k8s.io/yaml (go-yaml v2, through JSON) writes them; `pretty` as go-yaml v3 does.

import { compareKeys } from '../../apimachinery/yaml/key-order.ts'
import { resolve } from '../../apimachinery/yaml/resolve.ts'
import { hasBreak, styled } from '../../apimachinery/yaml/scalar-text.ts'
import { toBytes } from '../gotemplate/bytes.ts'
import { formatFloat } from '../gotemplate/float.ts'
import { Complex, GoStruct, Int, isNilList, NilMap, type Value } from '../gotemplate/value.ts'

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
    if (v instanceof NilMap) return null
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
    // It becomes JSON first, with as few digits as tell it; YAML reads those as an integer of 64 bits where they are one.
    if (!this.pretty && Number.isInteger(n) && n < 2 ** 64 && n > -(2 ** 63)) return Object.is(n, -0) ? '0' : String(n)
    return formatFloat(n, 'g')
  }

  private text(s: string, indent: number, column: number, key: boolean): void {
    if (SAFE.test(s)) {
      this.out += s
      return
    }
    const text = s.isWellFormed() ? s : this.pretty ? `!!binary ${toBytes(s).toString('base64')}` : replaceInvalid(s)
    const { pretty } = this
    const place = { indent, column, key, width: pretty ? Number.POSITIVE_INFINITY : WIDTH, pretty }
    this.out += styled(text, place, isText(text, pretty))
  }
}

const replaceInvalid = (s: string) =>
  s.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd')
/** Texts that are plain whatever stands around them and are never a number or a word of YAML. */
const SAFE = /^[A-Za-z_/][A-Za-z0-9_./-]{5,60}$/
const isCollection = (v: Value): v is Value[] | Map<string, Value> => Array.isArray(v) || v instanceof Map
const isEmpty = (v: Value[] | ReadonlyMap<string, Value>) => (Array.isArray(v) ? v.length === 0 : v.size === 0)
const BASE60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/
const OLD_BOOL = /^(?:y|Y|yes|Yes|YES|on|On|ON|n|N|no|No|NO|off|Off|OFF)$/

/** Whether YAML reads nothing else than a text from it. */
function isText(s: string, pretty: boolean): boolean {
  if (s.includes('\n')) return true
  const [tag] = resolve(s)
  return (tag === 'str' || tag === 'merge') && !BASE60.test(s) && !(pretty && OLD_BOOL.test(s))
}
