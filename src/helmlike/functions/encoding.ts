// Base64, Base32, JSON and YAML.

import { YamlError } from '../../apimachinery/yaml/error.ts'
import { fromBytes, toBytes } from '../gotemplate/bytes.ts'
import type { Implementation } from '../gotemplate/function-table.ts'
import { FunctionError } from '../gotemplate/run.ts'
import type { List, Value, ValueMap } from '../gotemplate/value.ts'
import { toYaml, toYamlPretty, UnmarshalableError } from '../yaml/emit.ts'
import { JsonError, parseJson, toJson } from '../yaml/json.ts'
import { parseYaml } from '../yaml/parse.ts'

/** Where encoding/base64 finds a fault, in bytes, once the line breaks it skips are gone. */
function base64Fault(bytes: Buffer): number {
  let filled = 0
  let at = 0
  for (; at < bytes.length; at++) {
    const ch = String.fromCharCode(bytes[at] as number)
    if (ch === '\n' || ch === '\r') continue
    if (/[A-Za-z0-9+/]/.test(ch)) filled = (filled + 1) % 4
    else if (ch !== '=' || filled < 2) return at
    else break
  }
  if (at === bytes.length) return at - filled
  const skip = (from: number) => {
    let i = from
    while (bytes[i] === 10 || bytes[i] === 13) i++
    return i
  }
  if (filled === 3) return skip(at + 1)
  const second = skip(at + 1)
  if (second === bytes.length) return second
  return bytes[second] === 61 ? skip(second + 1) : second - 1
}

/** encoding/base64's strict decoding (line breaks are skipped); the error text where it fails. */
function base64Decode(s: string): string {
  return base64Problem(s) ?? fromBytes(Buffer.from(s, 'base64'))
}

/** What encoding/base64 says of a text that it does not decode. */
export function base64Problem(s: string): string | undefined {
  const text = s.replace(/[\r\n]/g, '')
  if (/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) return undefined
  return `illegal base64 data at input byte ${base64Fault(toBytes(s))}`
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

function base32Encode(s: string): string {
  let bits = 0
  let size = 0
  let out = ''
  for (const b of toBytes(s)) {
    bits = (bits << 8) | b
    size += 8
    while (size >= 5) {
      out += BASE32[(bits >> (size - 5)) & 31]
      size -= 5
      bits &= (1 << size) - 1
    }
  }
  if (size > 0) out += BASE32[(bits << (5 - size)) & 31]
  return out.padEnd(Math.ceil(out.length / 8) * 8, '=')
}

function base32Decode(s: string): string {
  const text = s.replace(/[\r\n]/g, '')
  const bad = /[^A-Z2-7=]/.exec(text)
  if (bad || text.length % 8 !== 0)
    return `illegal base32 data at input byte ${bad ? bad.index : text.length - (text.length % 8)}`
  const bytes: number[] = []
  let bits = 0
  let size = 0
  for (const ch of text.replace(/=+$/, '')) {
    bits = (bits << 5) | BASE32.indexOf(ch)
    size += 5
    if (size >= 8) {
      bytes.push((bits >> (size - 8)) & 255)
      size -= 8
      bits &= (1 << size) - 1
    }
  }
  return fromBytes(Uint8Array.from(bytes))
}

function isMarshalError(e: unknown): e is Error {
  return e instanceof JsonError || e instanceof UnmarshalableError
}

/** The text `write` makes, '' where the value cannot be written; `must`: an error. */
function written(write: (v: Value) => string, must: boolean) {
  return (v: Value): Value => {
    try {
      return write(v)
    } catch (e) {
      if (!isMarshalError(e)) throw e
      if (must) throw new FunctionError(e.message)
      return ''
    }
  }
}

const yaml = (v: Value) => toYaml(v).slice(0, -1)
const pretty = (v: Value) => toYamlPretty(v).slice(0, -1)
const json = (v: Value) => toJson(v)
const prettyJson = (v: Value) => toJson(v, { html: true, indent: '  ' })
const rawJson = (v: Value) => toJson(v, { html: false, indent: '' })

/** Reads into a map (or list): what Go's typed Unmarshal accepts; errors become a value, as Helm has it. */
function read<T extends ValueMap | List>(
  parse: (s: string) => Value,
  isRight: (v: Value) => v is T,
  empty: () => T,
  failed: (e: string, empty: T) => T,
  kind: string,
) {
  return (s: string): Value => {
    try {
      const v = parse(s)
      if (v === null || v === undefined) return empty()
      if (isRight(v)) return v
      return failed(
        `${kind} cannot unmarshal ${jsonKind(v)} into Go value of type ${isListReader(failed('', empty())) ? '[]interface {}' : 'map[string]interface {}'}`,
        empty(),
      )
    } catch (e) {
      if (!(e instanceof YamlError) && !(e instanceof JsonError)) throw e
      return failed(e instanceof YamlError ? `error converting YAML to JSON: ${e.message}` : e.message, empty())
    }
  }
}

const isListReader = (v: Value) => Array.isArray(v)
const jsonKind = (v: Value) =>
  Array.isArray(v) ? 'array' : v instanceof Map ? 'object' : typeof v === 'boolean' ? 'bool' : (typeof v as string)
const isMap = (v: Value): v is ValueMap => v instanceof Map
const isList = (v: Value): v is List => Array.isArray(v)
const errorMap = (e: string) => new Map<string, Value>([['Error', e]])
const emptyMap = () => new Map<string, Value>()
const errorList = (e: string): List => [e]
const emptyList = (): List => []

const FROM_YAML = 'error unmarshaling JSON: while decoding JSON: json:'

export const encoding: { readonly [name: string]: Implementation } = {
  b64enc: (s: string) => toBytes(s).toString('base64'),
  b64dec: base64Decode,
  b32enc: base32Encode,
  b32dec: base32Decode,
  toJson: written(json, false),
  mustToJson: written(json, true),
  toPrettyJson: written(prettyJson, false),
  mustToPrettyJson: written(prettyJson, true),
  toRawJson: written(rawJson, true),
  mustToRawJson: written(rawJson, true),
  fromJson: read(parseJson, isMap, emptyMap, errorMap, 'json:'),
  mustFromJson: (s: string) => {
    try {
      return parseJson(s)
    } catch (e) {
      throw e instanceof JsonError ? new FunctionError(e.message) : e
    }
  },
  fromJsonArray: read(parseJson, isList, emptyList, errorList, 'json:'),
  toYaml: written(yaml, false),
  mustToYaml: written(yaml, true),
  toYamlPretty: written(pretty, false),
  fromYaml: read(parseYaml, isMap, emptyMap, errorMap, FROM_YAML),
  fromYamlArray: read(parseYaml, isList, emptyList, errorList, FROM_YAML),
}
