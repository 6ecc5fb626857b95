import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { compareQuantities, quantityProblem } from '../../apimachinery/quantity.ts'
import { goRows } from './types.ts'
import { zeros } from './zeros.ts'

/**
 * What kube-apiserver's validation sees: its internal structs, which differ from the versioned ones in names, order and a few shapes. Error
 * messages carry their JSON. `internal('core.PodSpec', spec)` gives that JSON as a value; the notation is that of go-types.json, e.g.
 * `*core.SecurityContext`, `[]core.Volume`, `map<string>string`.
 */
export function internal(type: string, value: unknown): unknown {
  return converterOf(type)(value)
}

type Converter = (value: unknown) => unknown
type Row = readonly [goName: string, json: string, type: string, omit: 0 | 1 | 3]

const path = new URL('../../../schemas/kubernetes/internal-types.json', import.meta.url)
let facts: Record<string, Row[]> | undefined
const internalRows = (struct: string): Row[] | undefined => {
  facts ??= JSON.parse(readFileSync(path, 'utf8')) as Record<string, Row[]>
  return Object.hasOwn(facts, struct) ? facts[struct] : undefined
}

const versions: Readonly<Record<string, string>> = { autoscaling: 'v2' }
const converters = new Map<string, Converter>()

function converterOf(type: string): Converter {
  let known = converters.get(type)
  if (!known) {
    known = compile(type)
    converters.set(type, known)
  }
  return known
}

const mapType = /^(?:\([^)]*\))?map<[^>]*>(.+)$/
const isStruct = (type: string): boolean => type.includes('.') && !type.includes(':')

function compile(type: string): Converter {
  if (type.startsWith('*')) return nullOr(converterOf(type.slice(1)))
  if (type.startsWith('[]')) {
    const item = converterOf(type.slice(2))
    return nullOr((list) => (list as unknown[]).map(item))
  }
  const map = mapType.exec(type)
  if (map) {
    const item = converterOf(map[1] ?? '')
    return nullOr((value) => sorted(value as Record<string, unknown>, item))
  }
  if (isStruct(type)) return structConverter(type)
  const zero = zeros[type.replace(/:.*/, '') as keyof typeof zeros] ?? null
  return (value) => value ?? zero
}

const nullOr =
  (convert: Converter): Converter =>
  (value) =>
    value === undefined || value === null ? null : convert(value)

/** Go writes maps in the order of their keys. */
function sorted(map: Record<string, unknown>, convert: Converter): Record<string, unknown> {
  return Object.fromEntries(
    Object.keys(map)
      .sort()
      .map((key) => [key, convert(map[key])]),
  )
}

interface Source {
  readonly json: string
  readonly type: string
  /** The field of a versioned struct. */
  readonly read: (from: unknown) => unknown
  readonly convert: Converter
  readonly leaveOut: (value: unknown) => boolean
}

function structConverter(struct: string): Converter {
  let sources: Source[] | undefined
  const adapt = Object.hasOwn(shapes, struct) ? shapes[struct] : undefined
  return (value) => {
    sources ??= sourcesOf(struct)
    const given = (value ?? {}) as Record<string, unknown>
    const from = adapt ? adapt(given) : given
    const to: Record<string, unknown> = {}
    for (const { json, read, convert, leaveOut } of sources) {
      const converted = convert(read(from))
      if (!leaveOut(converted)) to[json] = converted
    }
    return to
  }
}

/** An internal struct's fields by their Go names lead to the versioned one's, whose JSON names are what `value` has. */
function sourcesOf(struct: string): Source[] {
  const dot = struct.indexOf('.')
  const group = struct.slice(0, dot)
  const versioned = group.includes('/') ? struct : `${group}/${versions[group] ?? 'v1'}${struct.slice(dot)}`
  const names = new Map(goRows(versioned).map(([goName, json]) => [goName, json]))
  const rows = internalRows(struct) ?? (goRows(struct) as unknown as Row[])
  return rows.flatMap(([goName, json, type, omit]): Source[] => {
    if (json === '') return type === 'meta/v1.TypeMeta' ? [] : inlined(type, names.get(goName))
    const leaveOut = omit === 0 ? never : isLeftOut
    return [{ json, type, read: member(names.get(goName) ?? lowerFirst(goName)), convert: converterOf(type), leaveOut }]
  })
}

/** The fields of an embedded struct; where the versioned type has them under a name of their own (metadata), from there. */
function inlined(type: string, name: string | undefined): Source[] {
  const own = sourcesOf(type.replace('*', ''))
  if (!name) return own
  const outer = member(name)
  return own.map((s) => ({ ...s, read: (from) => s.read(outer(from)) }))
}

const member =
  (name: string) =>
  (from: unknown): unknown =>
    (from as Record<string, unknown> | undefined)?.[name]

const structs = new Map<string, Source[]>()

/** Whether two values of a type are the same to Go's semantic equality: empty lists and maps are as none, a pointer to an empty struct is not. */
export function isSameInternal(type: string, a: unknown, b: unknown): boolean {
  if (a === b) return true
  const isPointer = type.startsWith('*')
  if (isPointer || type.startsWith('[]') || mapType.test(type)) {
    const empty = (value: unknown): boolean => value == null || (!isPointer && Object.keys(value).length === 0)
    if (empty(a) || empty(b)) return empty(a) && empty(b)
  }
  if (isPointer) return isSameInternal(type.slice(1), a, b)
  if (type.startsWith('[]')) return sameMembers(type.slice(2), a, b)
  const map = mapType.exec(type)
  if (map) return sameMembers(map[1] ?? '', a, b)
  if (type === 'Quantity') return isSameQuantity(a, b)
  if (!isStruct(type)) return isDeepStrictEqual(internal(type, a), internal(type, b))
  const fields = structs.get(type) ?? sourcesOf(type)
  structs.set(type, fields)
  const adapt = Object.hasOwn(shapes, type) ? shapes[type] : undefined
  const [x, y] = [a, b].map((value) => (adapt ? adapt((value ?? {}) as Record<string, unknown>) : value))
  return fields.every((field) => isSameInternal(field.type, field.read(x), field.read(y)))
}

/** Two texts of one quantity, or of one text. */
export function isSameQuantity(a: unknown, b: unknown): boolean {
  if (a === b) return true
  const areQuantities = [a, b].every((text) => typeof text === 'string' && quantityProblem(text) === undefined)
  return areQuantities && compareQuantities(a as string, b as string) === 0
}

/** Two lists, or two maps, that are not empty. */
function sameMembers(type: string, a: unknown, b: unknown): boolean {
  const [x, y] = [a as Record<string, unknown>, b as Record<string, unknown>]
  const keys = Object.keys(x)
  return (
    keys.length === Object.keys(y).length && keys.every((key) => Object.hasOwn(y, key) && isSameInternal(type, x[key], y[key]))
  )
}

const never = (): boolean => false
const isLeftOut = (value: unknown): boolean =>
  value === null ||
  value === '' ||
  value === false ||
  value === 0 ||
  (typeof value === 'object' && Object.keys(value).length === 0)

const lowerFirst = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1)

const hostFields = ['hostNetwork', 'hostPID', 'hostIPC', 'shareProcessNamespace', 'hostUsers'] as const

/** Where the internal struct is of another shape than the versioned one. */
const shapes: Readonly<Record<string, (value: Record<string, unknown>) => Record<string, unknown>>> = {
  'core.PodSpec': (spec) => {
    const context: Record<string, unknown> = { ...(spec.securityContext as object | undefined) }
    for (const field of hostFields) context[field] = spec[field]
    return { ...spec, securityContext: context }
  },
}
