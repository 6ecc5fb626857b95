// encoding/json: Marshal (with or without HTML escapes, indented) and Unmarshal into interface{}.
import { formatFloat } from '../gotemplate/float.ts'
import {
  Complex,
  GoStruct,
  Int,
  isNilList,
  type List,
  NilMap,
  sortedKeys,
  type Value,
  type ValueMap,
} from '../gotemplate/value.ts'

import { jsonProblem } from './json-error.ts'

export class JsonError extends Error {}

interface JsonStyle {
  /** Escape <, > and & as \u003c. */
  readonly html: boolean
  /** Indentation of a level; '' writes one line. */
  readonly indent: string
}

/** json.Marshal. Throws JsonError for NaN, infinities and what JSON cannot hold. */
export function toJson(v: Value, style: JsonStyle = { html: true, indent: '' }): string {
  return write(v, style, style.indent === '' ? '' : '\n')
}

const MAX_DEPTH = 1000

function write(v: Value, style: JsonStyle, newline: string): string {
  if (v === null || v === undefined) return 'null'
  switch (typeof v) {
    case 'boolean':
      return String(v)
    case 'number':
      return jsonNumber(v)
    case 'string':
      return jsonString(v, style.html)
    default:
  }
  if (v instanceof Int) return v.v.toString()
  if (v instanceof Uint8Array) return `"${Buffer.from(v).toString('base64')}"`
  if (v instanceof Complex) throw new JsonError('json: unsupported type: complex128')
  if (v instanceof GoStruct) {
    const shown = v.json ? v.json() : new Map(v.fields)
    // The fields of a struct come in the order of their declaration.
    return shown instanceof Map ? writeMap(shown, [...shown.keys()], style, newline) : write(shown, style, newline)
  }
  if (!Array.isArray(v)) return v instanceof NilMap ? 'null' : writeMap(v, sortedKeys(v), style, newline)
  if (v.length === 0) return isNilList(v) ? 'null' : '[]'
  const inner = innerLine(style, newline)
  return `[${inner}${v.map((x) => write(x, style, inner)).join(`,${inner}`)}${newline}]`
}

function writeMap(map: ValueMap, keys: readonly string[], style: JsonStyle, newline: string): string {
  if (keys.length === 0) return '{}'
  const inner = innerLine(style, newline)
  const colon = style.indent === '' ? ':' : ': '
  const entries = keys.map((k) => `${jsonString(k, style.html)}${colon}${write(map.get(k), style, inner)}`)
  return `{${inner}${entries.join(`,${inner}`)}${newline}}`
}

/** The line break before what is one level deeper than `newline`. */
function innerLine(style: JsonStyle, newline: string): string {
  if (newline.length > 1 + MAX_DEPTH * Math.max(1, style.indent.length)) throw new JsonError('json: value is nested too deeply')
  return style.indent === '' ? newline : newline + style.indent
}

/** A float64 as encoding/json writes it. */
export function jsonNumber(n: number): string {
  if (!Number.isFinite(n)) throw new JsonError(`json: unsupported value: ${formatFloat(n, 'g')}`)
  const size = Math.abs(n)
  if (size !== 0 && (size < 1e-6 || size >= 1e21)) return formatFloat(n, 'e').replace(/e-0(\d)$/, 'e-$1')
  return formatFloat(n, 'f')
}

const PLAIN = /^[\x20\x21\x23-\x25\x27-\x3b\x3d\x3f-\x5b\x5d-\x7e]*$/
const SHORT: { readonly [ch: string]: string } = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\b': '\\b',
  '\f': '\\f',
}

function jsonString(s: string, html: boolean): string {
  if (PLAIN.test(s)) return `"${s}"`
  const text = s.isWellFormed() ? s : s.toWellFormed()
  const special = html ? /["\\<>&\x00-\x1f\u2028\u2029]/g : /["\\\x00-\x1f\u2028\u2029]/g
  return `"${text.replace(special, (ch) => SHORT[ch] ?? `\\u${ch.charCodeAt(0).toString(16).padStart(4, '0')}`)}"`
}

/** json.Unmarshal into interface{}: objects as maps, numbers as float64. Throws JsonError in Go's words. */
export function parseJson(text: string): Value {
  if (text.trim() === '') throw new JsonError('unexpected end of JSON input')
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    throw new JsonError(jsonProblem(text))
  }
  return fromPlain(parsed)
}

/** Plain JSON data as values. */
export function fromPlain(v: unknown): Value {
  if (Array.isArray(v)) {
    const list: List = []
    for (const x of v) list.push(fromPlain(x))
    return list
  }
  if (typeof v === 'object' && v !== null) {
    const map: ValueMap = new Map()
    for (const k of Object.keys(v)) map.set(k, fromPlain((v as { [k: string]: unknown })[k]))
    return map
  }
  return v as Value
}

/** Values as plain JSON data; objects have no prototype. */
export function toPlain(v: Value): unknown {
  if (v === undefined || v === null) return null
  if (typeof v !== 'object') return v
  if (v instanceof Int) return Number.isSafeInteger(Number(v.v)) ? Number(v.v) : v.v
  if (Array.isArray(v)) return v.map(toPlain)
  if (v instanceof Uint8Array) return Buffer.from(v).toString('base64')
  if (v instanceof GoStruct) return toPlain(v.json ? v.json() : new Map(v.fields))
  if (v instanceof Complex) return null
  const out: { [k: string]: unknown } = Object.create(null)
  for (const [k, x] of v) out[k] = toPlain(x)
  return out
}
