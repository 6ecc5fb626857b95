import { isSmall } from '../../apimachinery/json-size.ts'
import { memberCopy, setMember } from '../../apimachinery/members.ts'
import type { Steps } from '../../apimachinery/steps.ts'
import {
  asStored,
  asWritten,
  canonical,
  canonicalizerOf,
  emptiesKept,
  isNothing,
  type Mode,
  markEmpties,
  nothingIn,
  type StructCanonicalizer,
  unknownField,
  zeroOf,
} from './canonical.ts'
import { isObject } from './scalars.ts'
import { type StructType, structType, type Type } from './types.ts'

type JsonObject = Record<string, unknown>

const schemaProps = (): StructType => structType('apiextensions/v1.JSONSchemaProps')
const isSchemaUnion = (type: Type): boolean => type.kind === 'scalar' && type.scalar.startsWith('JSONSchemaPropsOr')

/** As `canonical` (or, by `mode`, `asWritten` and `asStored`), in steps. */
export function* canonicalSteps<T>(type: Type, value: T, mode: Mode = 'held'): Steps<T> {
  if (isSmall(value, atOnceValues)) return canonicalAs(type, value, mode)
  const run = new Converting(mode)
  const made = (yield* run.value(type, value)) as T
  if (mode === 'held' && run.sawEmpties && typeof made === 'object' && made !== null) markEmpties(made)
  return made
}

/** Of so many values a whole object is converted at once. */
const atOnceValues = 2000

function canonicalAs<T>(type: Type, value: T, mode: Mode): T {
  if (mode === 'held') return canonical(type, value)
  return mode === 'stored' ? asStored(type, value) : asWritten(type, value)
}

/** So many parts, each small, are converted in one step. */
const stepSize = 100

/** Goes down to what is small, which is converted at once. */
class Converting {
  sawEmpties = false
  readonly #mode: Mode
  #done = 0

  constructor(mode: Mode) {
    this.#mode = mode
  }

  *value(type: Type, value: unknown): Steps<unknown> {
    if (isSmall(value)) return this.#now(() => canonicalizerOf(type, this.#mode)(value))
    yield
    if (type.kind === 'list' && Array.isArray(value)) return yield* this.#list(type.element, value)
    if (type.kind === 'map' && isObject(value)) return yield* this.#map(type.value, value as JsonObject)
    if (type.kind === 'struct' && isObject(value)) return yield* this.#struct(type, value as JsonObject)
    if (isSchemaUnion(type) && isObject(value)) return yield* this.#struct(schemaProps(), value as JsonObject)
    return this.#now(() => canonicalizerOf(type, this.#mode)(value))
  }

  #now<T>(convert: () => T): T {
    const before = emptiesKept()
    const made = convert()
    if (emptiesKept() !== before) this.sawEmpties = true
    return made
  }

  *#struct(type: StructType, from: JsonObject): Steps<unknown> {
    const ready = new Map<string, unknown>()
    for (const key of Object.keys(from)) {
      const inner = from[key]
      if (inner === undefined) continue
      const field = type.byName.get(key)
      // Found here, before all of tens of thousands of fields are asked for again.
      if (!field) throw unknownField(type)
      if (!isSmall(inner)) ready.set(key, yield* this.value(field.type, inner))
    }
    return this.#now(() => (canonicalizerOf(type, this.#mode) as StructCanonicalizer)(from, ready))
  }

  *#list(element: Type, items: readonly unknown[]): Steps<unknown> {
    const convert = canonicalizerOf(element, this.#mode)
    let copy: unknown[] | undefined
    for (const [i, item] of items.entries()) {
      const converted =
        item === null ? zeroOf(element, false) : isSmall(item) ? this.#now(() => convert(item)) : yield* this.value(element, item)
      if (converted !== item) copy ??= items.slice(0, i)
      if (copy) copy[i] = converted
      if (++this.#done % stepSize === 0) yield
    }
    return copy ?? items
  }

  *#map(type: Type, from: JsonObject): Steps<unknown> {
    const convert = canonicalizerOf(type, this.#mode)
    const keys = Object.keys(from)
    yield
    let copy: JsonObject | undefined
    for (const [i, key] of keys.entries()) {
      const item = from[key]
      const converted = isNothing(item)
        ? nothingIn(type, this.#mode)
        : isSmall(item)
          ? this.#now(() => convert(item))
          : yield* this.value(type, item)
      if (converted !== item && !copy) copy = yield* memberCopy(from, keys.slice(0, i))
      if (copy) setMember(copy, key, converted)
      if (++this.#done % stepSize === 0) yield
    }
    return copy ?? from
  }
}
