// How Go's values look in JavaScript. A float64 is a number; every integer is an Int (so that int64 beyond 2^53 is kept and
// types print as in Go); a map is a Map (no prototype to pollute); bytes that are no UTF-8 live in strings as lone surrogates
// U+DC80..U+DCFF (see bytes.ts). `undefined` is reflect's invalid value, `null` a nil interface: Go's errors differ for them.

export type Value = undefined | null | boolean | number | string | Int | Complex | Uint8Array | List | ValueMap | GoStruct
export type List = Value[]
export type ValueMap = Map<string, Value>

type IntKind = 'int' | 'int8' | 'int16' | 'int32' | 'int64' | 'uint' | 'uint8' | 'uint16' | 'uint32' | 'uint64' | 'uintptr'

/** An integer of Go with its kind; `type` differs from the kind for named types such as time.Duration. */
export class Int {
  readonly v: bigint
  readonly kind: IntKind
  readonly type: string
  readonly methods: MethodTable | undefined
  constructor(v: bigint, kind: IntKind = 'int', type: string = kind, methods?: MethodTable) {
    this.v = v
    this.kind = kind
    this.type = type
    this.methods = methods
  }
  get isUnsigned(): boolean {
    return this.kind.charCodeAt(0) === 117
  }
}

/** A complex128, which only template constants can make. */
export class Complex {
  readonly re: number
  readonly im: number
  constructor(re: number, im: number) {
    this.re = re
    this.im = im
  }
}

/** A function or method that templates may call. `params` are Go type names; the last repeats when `variadic`. */
export interface GoFunction {
  readonly params: readonly string[]
  readonly variadic: boolean
  readonly call: (...args: never[]) => Value
}
export type MethodTable = { readonly [name: string]: GoFunction }

/** A struct (or pointer to one): exported fields and methods by name. */
export class GoStruct {
  readonly type: string
  readonly fields: ReadonlyMap<string, Value>
  readonly methods: MethodTable
  /** What package fmt prints for it when it is a Stringer. */
  readonly text: (() => string) | undefined
  /** What encoding/json makes of it; undefined: the exported fields. */
  readonly json: (() => Value) | undefined
  readonly printing: StructPrinting
  constructor(
    type: string,
    fields: ReadonlyMap<string, Value>,
    methods: MethodTable = Object.create(null),
    text?: () => string,
    json?: () => Value,
    printing: StructPrinting = {},
  ) {
    this.type = type
    this.fields = fields
    this.methods = methods
    this.text = text
    this.json = json
    this.printing = printing
  }
}

interface StructPrinting {
  /** The text of a Stringer whose method has a pointer receiver: only an action prints it so, not a function. */
  readonly addressText?: () => string
  /** What %v shows where it is not the fields. */
  readonly shown?: readonly Value[]
}

/** A map of a named type or with methods, such as common.Values or engine.files. */
export class TypedMap extends Map<string, Value> {
  readonly type: string
  readonly methods: MethodTable | undefined
  constructor(type: string, entries: Iterable<readonly [string, Value]>, methods?: MethodTable) {
    super(entries)
    this.type = type
    this.methods = methods
  }

  /** What a function gets whose parameter is `map[string]interface {}`: the same map, where Go's assignment drops the named type. */
  get assigned(): ValueMap {
    return this
  }
}

/** A map that is nil: as empty as `{}`, but JSON and YAML write `null`. */
export class NilMap extends TypedMap {
  constructor(type: string) {
    super(type, [])
  }
}

const LIST_TYPE = Symbol('go type')
type TypedList = List & { [LIST_TYPE]?: string }

/** Marks a list as, for example, `[]string`: only its printed type and deepEqual differ from `[]interface {}`. */
export function typedList(list: List, type: string): List {
  Object.defineProperty(list, LIST_TYPE, { value: type })
  return list
}

const METHODS = Symbol('methods')
/** Gives a list of a named type its methods. */
export function withMethods(list: List, methods: MethodTable): List {
  Object.defineProperty(list, METHODS, { value: methods })
  return list
}
export const methodsOfList = (list: List): MethodTable | undefined => (list as List & { [METHODS]?: MethodTable })[METHODS]

const NIL_LIST = Symbol('nil slice')
/** A slice that is nil: as empty as `[]`, but JSON and YAML write `null`. */
export function nilList(type = '[]interface {}'): List {
  const list = typedList([], type)
  Object.defineProperty(list, NIL_LIST, { value: true })
  return list
}
export const isNilList = (v: List): boolean => v.length === 0 && NIL_LIST in v
export const stringList = (list: string[]): List => typedList(list, '[]string')

export const isList = (v: Value): v is List => Array.isArray(v)
export const isMap = (v: Value): v is ValueMap => v instanceof Map
export const int = (n: number | bigint): Int => new Int(BigInt(n))
export const int64 = (n: number | bigint): Int => new Int(BigInt(n), 'int64')

/** Go's name of the value's type, as %T prints it; `nil` where there is none. */
export function typeName(v: Value): string {
  if (v === undefined || v === null) return '<nil>'
  switch (typeof v) {
    case 'string':
      return 'string'
    case 'number':
      return 'float64'
    case 'boolean':
      return 'bool'
    default:
  }
  if (Array.isArray(v)) return (v as TypedList)[LIST_TYPE] ?? '[]interface {}'
  if (v instanceof TypedMap) return v.type
  if (v instanceof Map) return 'map[string]interface {}'
  if (v instanceof Int || v instanceof GoStruct) return v.type
  return v instanceof Uint8Array ? '[]uint8' : 'complex128'
}

/** reflect's kind of the value. */
export function kindName(v: Value): string {
  if (v === undefined || v === null) return 'invalid'
  if (Array.isArray(v) || v instanceof Uint8Array) return 'slice'
  if (v instanceof Map) return 'map'
  if (v instanceof Int) return v.kind
  if (v instanceof GoStruct) return v.type.startsWith('*') ? 'ptr' : 'struct'
  return typeName(v)
}

/** The name of the type in template errors, where a nil found in a map is an `interface {}`. */
export const typeInError = (v: Value): string => (v === null || v === undefined ? 'interface {}' : typeName(v))

/** Go's truth: not the zero value of its type. */
export function isTrue(v: Value): boolean {
  if (v === undefined || v === null) return false
  switch (typeof v) {
    case 'boolean':
      return v
    case 'string':
      return v !== ''
    case 'number':
      return v !== 0
    default:
  }
  if (Array.isArray(v) || v instanceof Uint8Array) return v.length > 0
  if (v instanceof Map) return v.size > 0
  if (v instanceof Int) return v.v !== 0n
  if (v instanceof Complex) return v.re !== 0 || v.im !== 0
  return true
}

/** Orders strings by their UTF-8 bytes, as Go does. */
export function compareStrings(a: string, b: string): number {
  const n = Math.min(a.length, b.length)
  for (let i = 0; i < n; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) {
      // Surrogates stand for code points above U+FFFF but sort below U+E000 as UTF-16.
      const isSurrogate = (c: number) => c >= 0xd800 && c <= 0xdfff
      if (isSurrogate(x) !== isSurrogate(y) && (x > 0xdfff || y > 0xdfff)) return isSurrogate(x) ? 1 : -1
      return x - y
    }
  }
  return a.length - b.length
}

/** The keys of a map in the order in which Go's templates visit them. */
export function sortedKeys(m: ReadonlyMap<string, unknown>): string[] {
  const keys = [...m.keys()]
  return keys.length < 2 ? keys : keys.sort(compareStrings)
}

/** A copy that shares nothing mutable with the original. */
export function deepCopy(v: Value): Value {
  if (Array.isArray(v)) {
    const copy: List = new Array(v.length)
    for (let i = 0; i < v.length; i++) copy[i] = deepCopy(v[i])
    const type = (v as TypedList)[LIST_TYPE]
    return type ? typedList(copy, type) : copy
  }
  if (v instanceof Map) return copyMap(v)
  return v
}

/** deepCopy of a map. */
export function copyMap(m: ValueMap): ValueMap {
  const copy: ValueMap = m instanceof TypedMap ? new TypedMap(m.type, [], m.methods) : new Map()
  for (const [k, v] of m) copy.set(k, typeof v === 'object' && v !== null ? deepCopy(v) : v)
  return copy
}
