// The functions every Go template has.

import { isPrint } from '../../apimachinery/go-quote.ts'
import { byteLength, sliceBytes, toBytes } from './bytes.ts'
import { equals, lessOrEqual, lessThan } from './compare.ts'
import { zeroOf } from './field.ts'
import { sprint, sprintf } from './format.ts'
import type { Implementation } from './function-table.ts'
import { FunctionError } from './run.ts'
import { Int, int, isList, isMap, isTrue, TypedMap, typedList, typeName, type Value } from './value.ts'

export const BUILTIN_SIGNATURES: { readonly [name: string]: string } = {
  and: 'value,...value',
  or: 'value,...value',
  not: 'value',
  call: 'value,...value',
  html: '...any',
  js: '...any',
  urlquery: '...any',
  index: 'value,...value',
  slice: 'value,...value',
  len: 'value',
  print: '...any',
  printf: 'string,...any',
  println: '...any',
  eq: 'value,...value',
  ne: 'value,value',
  lt: 'value,value',
  le: 'value,value',
  gt: 'value,value',
  ge: 'value,value',
}

function indexNumber(index: Value, cap: number): number {
  if (index === undefined || index === null) throw new FunctionError('cannot index slice/array with nil')
  if (!(index instanceof Int)) throw new FunctionError(`cannot index slice/array with type ${typeName(index)}`)
  if (index.v < 0n || index.v > BigInt(cap)) throw new FunctionError(`index out of range: ${index.v}`)
  return Number(index.v)
}

function indexOne(item: Value, key: Value): Value {
  if (isMap(item)) {
    if (key === undefined || key === null) throw new FunctionError('value is nil; should be of type string')
    if (typeof key !== 'string') throw new FunctionError(`value has type ${typeName(key)}; should be string`)
    const v = item.get(key)
    if (v !== undefined) return v
    return item instanceof TypedMap ? zeroOf(item.type) : null
  }
  if (isList(item)) return item[inRange(indexNumber(key, item.length), item.length)] ?? null
  if (typeof item === 'string') {
    const bytes = toBytes(item)
    return new Int(BigInt(bytes[inRange(indexNumber(key, bytes.length), bytes.length, 'string')] as number), 'uint8')
  }
  if (item instanceof Uint8Array)
    return new Int(BigInt(item[inRange(indexNumber(key, item.length), item.length)] as number), 'uint8')
  if (item === null || item === undefined) throw new FunctionError('index of nil pointer')
  throw new FunctionError(`can't index item of type ${typeName(item)}`)
}

function inRange(i: number, length: number, kind = 'slice'): number {
  if (i >= length) throw new FunctionError(`reflect: ${kind} index out of range`)
  return i
}

function index(item: Value, ...keys: Value[]): Value {
  if (item === null || item === undefined) throw new FunctionError('index of untyped nil')
  let v: Value = item
  for (const key of keys) v = indexOne(v, key)
  return v
}

function slice(item: Value, ...indexes: Value[]): Value {
  if (item === null || item === undefined) throw new FunctionError('slice of untyped nil')
  if (indexes.length > 3) throw new FunctionError(`too many slice indexes: ${indexes.length}`)
  if (typeof item !== 'string' && !isList(item) && !(item instanceof Uint8Array))
    throw new FunctionError(`can't slice item of type ${typeName(item)}`)
  if (typeof item === 'string' && indexes.length === 3) throw new FunctionError('cannot 3-index slice a string')
  const length = typeof item === 'string' ? byteLength(item) : item.length
  const bounds = indexes.map((i) => indexNumber(i, length))
  const [from = 0, to = length, cap = length] = bounds
  if (from > to) throw new FunctionError(`invalid slice index: ${from} > ${to}`)
  if (to > cap) throw new FunctionError(`invalid slice index: ${to} > ${cap}`)
  if (typeof item === 'string') return sliceBytes(item, from, to)
  return item instanceof Uint8Array ? item.subarray(from, to) : typedList(item.slice(from, to), typeName(item))
}

function length(item: Value): Value {
  if (typeof item === 'string') return int(byteLength(item))
  if (isList(item) || item instanceof Uint8Array) return int(item.length)
  if (isMap(item)) return int(item.size)
  if (item === undefined) throw new FunctionError('reflect: call of reflect.Value.Type on zero Value')
  if (item === null) throw new FunctionError('len of nil pointer')
  if (item === undefined) throw new FunctionError('reflect: call of reflect.Value.Type on zero Value')
  throw new FunctionError(`len of type ${typeName(item)}`)
}

function call(fn: Value): Value {
  if (fn === null || fn === undefined) throw new FunctionError('call of nil')
  throw new FunctionError(`non-function of type ${typeName(fn)}`)
}

const printed = (args: Value[]): string => sprint(args.map((a) => (a === undefined || a === null ? '<no value>' : a)))
const single = (args: Value[]): string => (args.length === 1 && typeof args[0] === 'string' ? args[0] : printed(args))

const HTML: { readonly [ch: string]: string } = {
  '"': '&#34;',
  "'": '&#39;',
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '\0': '\ufffd',
}
const JS: { readonly [ch: string]: string } = {
  '\\': '\\\\',
  "'": "\\'",
  '"': '\\"',
  '<': '\\u003C',
  '>': '\\u003E',
  '&': '\\u0026',
  '=': '\\u003D',
}

function escapeJs(s: string): string {
  let out = ''
  for (const ch of s) {
    const code = ch.codePointAt(0) as number
    if (Object.hasOwn(JS, ch)) out += JS[ch]
    else if (code >= 32 && (code < 128 || isPrint(code))) out += ch
    else out += `\\u${code.toString(16).toUpperCase().padStart(4, '0')}`
  }
  return out
}

/** url.QueryEscape. */
function queryEscape(s: string): string {
  let out = ''
  for (const b of toBytes(s)) {
    const ch = String.fromCharCode(b)
    if (/[A-Za-z0-9\-_.~]/.test(ch)) out += ch
    else out += ch === ' ' ? '+' : `%${b.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return out
}

export const BUILTINS: { readonly [name: string]: Implementation } = {
  not: (v: Value) => !isTrue(v),
  call,
  html: (...args: Value[]) => single(args).replace(/["'&<>\0]/g, (ch) => HTML[ch] as string),
  js: (...args: Value[]) => escapeJs(single(args)),
  urlquery: (...args: Value[]) => queryEscape(single(args)),
  index,
  slice,
  len: length,
  print: (...args: Value[]) => sprint(args),
  printf: (format: string, ...args: Value[]) => sprintf(format, args),
  println: (...args: Value[]) => `${args.map((a) => sprint([a])).join(' ')}\n`,
  eq: (a: Value, ...others: Value[]) => equals(a, others),
  ne: (a: Value, b: Value) => !equals(a, [b]),
  lt: lessThan,
  le: lessOrEqual,
  gt: (a: Value, b: Value) => !lessOrEqual(a, b),
  ge: (a: Value, b: Value) => !lessThan(a, b),
}
