import { inKeyOrder } from '../../apimachinery/key-order.ts'
import { objectFrom } from './json-syntax.ts'
import { type Canonicalizer, expecting, isObject, Misfit, type SchemaUnion, scalars } from './scalars.ts'
import { type Field, type ScalarKind, type StructType, structType, type Type } from './types.ts'
import { zeros } from './zeros.ts'

/** `held`: as Go has it in memory; `written`: as it writes it; `stored`: as it is after it was kept as protobuf, which has no empty lists. */
export type Mode = 'held' | 'written' | 'stored'

/** Objects that hold empty lists or maps, which Go has in memory but neither writes nor stores: defaults, rules and messages see them. */
const withEmpties = new WeakSet<object>()
/** Read and left by one synchronous call of `canonical`: handed down as an argument it cost each object 5 % more. */
let emptiesSeen = 0

/** Rises with each empty list or map that is kept. */
export const emptiesKept = (): number => emptiesSeen

export const hasEmpties = (value: object): boolean => withEmpties.has(value)

export function markEmpties(value: object): void {
  withEmpties.add(value)
}

const compiled: Record<Mode, WeakMap<Type, Canonicalizer>> = {
  held: new WeakMap(),
  written: new WeakMap(),
  stored: new WeakMap(),
}

/** `value` as Go holds it after reading it: fields in Go's order, optional zeros left out but for empty lists and maps, required ones there
 *  (`"status":{}`), scalars in their canonical text. Throws Misfit on an unknown field or a wrong type. */
export function canonical<T>(type: Type, value: T): T {
  const before = emptiesSeen
  const made = canonicalizerOf(type)(value) as T
  if (emptiesSeen !== before && typeof made === 'object' && made !== null) withEmpties.add(made)
  return made
}

/** As `canonical`, and as Go writes it: without optional empty lists and maps. */
export function asWritten<T>(type: Type, value: T): T {
  return canonicalizerOf(type, 'written')(value) as T
}

/** As `canonical`, and as kube-apiserver's store gives it back: required lists that are empty become null. */
export function asStored<T>(type: Type, value: T): T {
  return canonicalizerOf(type, 'stored')(value) as T
}

export function canonicalizerOf(type: Type, mode: Mode = 'held'): Canonicalizer {
  const known = compiled[mode].get(type)
  if (known) return known
  const made = compile(type, mode)
  compiled[mode].set(type, made)
  return made
}

function compile(type: Type, mode: Mode): Canonicalizer {
  switch (type.kind) {
    case 'scalar':
      return Object.hasOwn(scalars, type.scalar)
        ? scalars[type.scalar as keyof typeof scalars]
        : schemaUnion(type.scalar as SchemaUnion, mode)
    case 'list':
      return list(type.element, mode)
    case 'map':
      return map(type.value, mode)
    case 'struct':
      return struct(type, mode)
  }
}

/** Go's zero value as it is written: what a required field that is absent shows. */
export function zeroOf(type: Type, pointer: boolean): unknown {
  if (pointer) return null
  if (type.kind === 'struct') return canonicalizerOf(type)({})
  if (type.kind !== 'scalar') return null
  return Object.hasOwn(writtenZeros, type.scalar) ? writtenZeros[type.scalar] : null
}

const writtenZeros: Partial<Record<ScalarKind, unknown>> = { ...zeros, JSONSchemaPropsOrBool: false }

/** Whether Go's omitempty leaves `value` out. Structs are never empty, and neither is what a pointer points to; of maps `emptyMapOf` knows. */
function isEmptyFor({ type, pointer }: Field): (value: unknown) => boolean {
  if (pointer || type.kind === 'struct' || type.kind === 'map') return never
  if (type.kind === 'list') return (value) => (value as unknown[]).length === 0
  switch (type.scalar) {
    case 'string':
    case 'bytes':
      return (value) => value === ''
    case 'bool':
      return (value) => value === false
    case 'int32':
    case 'int64':
    case 'float64':
      return (value) => value === 0
    default:
      return never
  }
}

const never = (): boolean => false

/** As `isEmptyFor`, but empty lists stay, and are counted. */
function keptIfEmpty(field: Field): (value: unknown) => boolean {
  const isEmpty = isEmptyFor(field)
  if (field.omit === 'never' && field.type.kind !== 'list') return never
  if (field.pointer || field.type.kind !== 'list') return isEmpty
  return (value) => {
    if (value !== null && isEmpty(value)) emptiesSeen++
    return false
  }
}

/** What becomes of the empty map of a field; undefined: it is left out. */
function emptyMapOf({ pointer, omit }: Field, mode: Mode): (value: unknown) => unknown {
  if (pointer) return itself
  if (mode === 'stored' && omit === 'never') return () => null
  if (mode === 'held') {
    return (value) => {
      emptiesSeen++
      return value
    }
  }
  return omit === 'never' ? itself : () => undefined
}

const itself = (value: unknown): unknown => value

interface CompiledField {
  readonly name: string
  readonly convert: Canonicalizer
  readonly isEmpty: (value: unknown) => boolean
  readonly omit: Field['omit']
  /** Whether nothing stands for an absent or null value: most fields of most objects are absent, so that they must cost little. */
  readonly leftOut: boolean
  /** What stands for an absent or null value that is not left out. */
  readonly zero: () => unknown
}

/** `within`: the struct that has it; `isNested`: that is the metadata of something inside of an object, such as a template. */
function compileField(field: Field, mode: Mode, within: StructType, isNested: boolean): CompiledField {
  const { type, pointer, omit } = field
  const isNilable =
    pointer ||
    type.kind === 'list' ||
    type.kind === 'map' ||
    (type.kind === 'scalar' && (type.scalar === 'bytes' || type.scalar === 'any'))
  const leftOut = omit === 'zero' || (omit === 'empty' && (isNilable || zeroIsEmpty(type)))
  const hasNoEmpty = mode === 'stored' && omit === 'never' && type.kind === 'list'
  const isInner = field.name === 'metadata' && type.kind === 'struct' && !within.byName.has('apiVersion')
  let convert: Canonicalizer | undefined
  return {
    name: field.name,
    omit,
    convert: (value) => {
      convert ??=
        type.kind === 'map'
          ? map(type.value, mode, emptyMapOf(field, mode))
          : isInner
            ? struct(type, mode, true)
            : canonicalizerOf(type, mode)
      const converted = convert(value)
      return hasNoEmpty && isEmptyFor(field)(converted) ? null : converted
    },
    // An empty managedFields asks the server to clear them, so it must survive being read.
    isEmpty:
      mode !== 'stored' && field.name === 'managedFields' && !isNested
        ? never
        : mode === 'held'
          ? keptIfEmpty(field)
          : omit === 'never'
            ? never
            : isEmptyFor(field),
    leftOut,
    zero: () => zeroOf(type, pointer),
  }
}

const zeroIsEmpty = (type: Type): boolean =>
  type.kind === 'scalar' && ['string', 'bool', 'int32', 'int64', 'float64'].includes(type.scalar)

/** `ready`: large values of fields that are converted already. */
export type StructCanonicalizer = (value: unknown, ready?: Ready) => unknown
type Ready = ReadonlyMap<string, unknown>

function struct(type: StructType, mode: Mode, isNested = false): StructCanonicalizer {
  let compiledFields: StructFields | undefined
  return (value, ready) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Misfit(type.goType)
    compiledFields ??= structFields(type, mode, isNested)
    const from = value as Record<string, unknown>
    return inOneGo(from, compiledFields, type, ready)
  }
}

/** Of a type's many fields an object has few: those are visited, and those that show when absent. Those that are not in Go's order are sorted. */
function inOneGo(
  from: Record<string, unknown>,
  compiled: StructFields,
  type: StructType,
  ready: Ready | undefined,
): Record<string, unknown> {
  const { fields, places } = compiled
  const to: Record<string, unknown> = {}
  let next = 0
  for (const key in from) {
    const value = from[key]
    if (value === undefined) continue
    const place = placeIn(places, key, type)
    if (place < next) return sorted(from, compiled, type, { until: key, to }, ready)
    putAbsent(to, compiled, next, place)
    put(to, fields[place] as CompiledField, value, ready)
    next = place + 1
  }
  putAbsent(to, compiled, next, fields.length)
  return to
}

/** The keys before `until` are converted, in `to`: to convert them again would double the work at each level of a deep value. */
interface Begun {
  readonly until: string
  readonly to: Readonly<Record<string, unknown>>
}

/** Objects with defaults come here, at each create: nothing but their places is made anew. */
function sorted(
  from: Record<string, unknown>,
  compiled: StructFields,
  type: StructType,
  begun: Begun,
  ready: Ready | undefined,
): Record<string, unknown> {
  const { fields } = compiled
  const to: Record<string, unknown> = {}
  let next = 0
  for (const entry of inOrder(from, compiled, type, begun)) {
    const place = entry >> 1
    const field = fields[place] as CompiledField
    putAbsent(to, compiled, next, place)
    if (entry & 1) put(to, field, from[field.name], ready)
    else to[field.name] = begun.to[field.name]
    next = place + 1
  }
  putAbsent(to, compiled, next, fields.length)
  return to
}

/** Where the fields that `from` has stand in Go's order, rising: twice their place, and one more for those that are still to be converted. A field
 *  that is there but undefined counts as absent. */
function inOrder(from: Record<string, unknown>, { places }: StructFields, type: StructType, { until, to }: Begun): number[] {
  const order: number[] = []
  let isBegun = true
  for (const key in from) {
    if (key === until) isBegun = false
    if (from[key] === undefined) continue
    const entry = 2 * placeIn(places, key, type) + (isBegun && Object.hasOwn(to, key) ? 0 : 1)
    let i = order.length
    for (; i > 0 && (order[i - 1] as number) > entry; i--) order[i] = order[i - 1] as number
    order[i] = entry
  }
  return order
}

/** Puts the fields from one place up to another that are written when they are absent. */
function putAbsent(to: Record<string, unknown>, { fields, nextShown }: StructFields, from: number, until: number): void {
  for (let place = nextShown[from] as number; place < until; place = nextShown[place + 1] as number)
    put(to, fields[place] as CompiledField, undefined)
}

function placeIn(places: ReadonlyMap<string, number>, key: string, type: StructType): number {
  const place = places.get(key)
  if (place === undefined) throw unknownField(type)
  return place
}

export const unknownField = (type: StructType): Misfit => new Misfit(`unknown field in ${type.goType}`)

interface StructFields {
  readonly fields: readonly CompiledField[]
  readonly places: ReadonlyMap<string, number>
  /** For each place the next one, from there on, of a field that is written when it is absent. */
  readonly nextShown: readonly number[]
}

function structFields(type: StructType, mode: Mode, isNested: boolean): StructFields {
  const fields = type.fields.map((field) => compileField(field, mode, type, isNested))
  const nextShown = new Array<number>(fields.length + 1).fill(fields.length)
  for (let i = fields.length - 1; i >= 0; i--) nextShown[i] = fields[i]?.leftOut ? (nextShown[i + 1] as number) : i
  return { fields, places: new Map(fields.map((field, i) => [field.name, i])), nextShown }
}

function put(to: Record<string, unknown>, field: CompiledField, given: unknown, ready?: Ready): void {
  const isAbsent = given === undefined || given === null
  if (isAbsent && field.leftOut) return
  const converted = isAbsent ? field.zero() : ready?.has(field.name) ? ready.get(field.name) : field.convert(given)
  if (converted === undefined || (converted === null && field.omit === 'zero') || field.isEmpty(converted)) return
  to[field.name] = converted
}

function list(element: Type, mode: Mode): Canonicalizer {
  let convert: Canonicalizer | undefined
  return (value) => {
    if (!Array.isArray(value)) throw new Misfit('list')
    convert ??= canonicalizerOf(element, mode)
    let copy: unknown[] | undefined
    for (let i = 0; i < value.length; i++) {
      const item: unknown = value[i]
      const converted = item === null ? zeroOf(element, false) : convert(item)
      if (converted !== item && !copy) copy = value.slice(0, i)
      if (copy) copy[i] = converted
    }
    return copy ?? value
  }
}

const isBytes = (type: Type): boolean => type.kind === 'scalar' && type.scalar === 'bytes'

export const isNothing = (value: unknown): value is null | undefined => value === null || value === undefined

/** What a map has for null. Protobuf has no null bytes. */
export const nothingIn = (type: Type, mode: Mode): unknown => (mode === 'stored' && isBytes(type) ? '' : zeroOf(type, false))

/** `ofEmpty`: what an empty map becomes. Asking a map of many keys whether it has any takes as long as asking for all: it is told where they are known. */
function map(valueType: Type, mode: Mode, ofEmpty = itself): Canonicalizer {
  let convert: Canonicalizer | undefined
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Misfit('map')
    convert ??= canonicalizerOf(valueType, mode)
    const from = value as Record<string, unknown>
    const given = Object.keys(from)
    if (given.length === 0) return ofEmpty(value)
    const keys = inKeyOrder(given)
    let changed = keys === given ? undefined : new Map<string, unknown>()
    for (const key of keys) {
      const item = from[key]
      const converted = isNothing(item) ? nothingIn(valueType, mode) : convert(item)
      if (converted === item) continue
      changed ??= new Map()
      changed.set(key, converted)
    }
    return changed ? objectFrom(keys.map((key) => [key, changed.has(key) ? changed.get(key) : from[key]] as const)) : value
  }
}

/** What may be a schema, or something simpler: a schema inside is as what it stands in is. */
function schemaUnion(kind: SchemaUnion, mode: Mode): Canonicalizer {
  const schemaProps: Canonicalizer = (value) => canonicalizerOf(structType('apiextensions/v1.JSONSchemaProps'), mode)(value)
  const list = (value: readonly unknown[], item: Canonicalizer): unknown =>
    value.length > 0 ? value.map((one) => item(one)) : null
  switch (kind) {
    case 'JSONSchemaPropsOrBool':
      return (value) => {
        if (typeof value === 'boolean') return value
        if (!isObject(value)) throw new Misfit('boolean or JSON schema expected')
        return schemaProps(value)
      }
    case 'JSONSchemaPropsOrArray':
      return (value) => (Array.isArray(value) ? list(value, schemaProps) : isObject(value) ? schemaProps(value) : null)
    case 'JSONSchemaPropsOrStringArray':
      return (value) => (Array.isArray(value) ? list(value, expecting('string')) : isObject(value) ? schemaProps(value) : null)
  }
}
