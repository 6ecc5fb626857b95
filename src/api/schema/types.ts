import { readFileSync } from 'node:fs'

/** What a Go value that is one JSON token (or opaque JSON) is; the special ones have their own JSON forms. */
export type ScalarKind =
  | 'string'
  | 'bool'
  | 'int32'
  | 'int64'
  | 'float64'
  | 'bytes'
  | 'Time'
  | 'MicroTime'
  | 'Duration'
  | 'Quantity'
  | 'IntOrString'
  | 'RawExtension'
  | 'FieldsV1'
  | 'JSON'
  | 'any'
  | 'JSONSchemaPropsOrBool'
  | 'JSONSchemaPropsOrArray'
  | 'JSONSchemaPropsOrStringArray'

export interface ScalarType {
  readonly kind: 'scalar'
  readonly scalar: ScalarKind
  /** As Go's reflection prints it, e.g. `int32`, `v1.Protocol`: it stands in error messages. */
  readonly goType: string
}
export interface ListType {
  readonly kind: 'list'
  readonly goType: string
  readonly element: Type
}
export interface MapType {
  readonly kind: 'map'
  readonly goType: string
  readonly value: Type
}
export interface StructType {
  readonly kind: 'struct'
  readonly goType: string
  /** `DeploymentSpec` */
  readonly name: string
  /** `apps/v1.DeploymentSpec`: the key in go-types.json. */
  readonly path: string
  /** In Go's order, with the fields of embedded structs in their places. */
  readonly fields: readonly Field[]
  readonly byName: ReadonlyMap<string, Field>
}
export type Type = ScalarType | ListType | MapType | StructType

export interface Field {
  readonly name: string
  readonly type: Type
  /** Go holds it behind a pointer: absent differs from zero. */
  readonly pointer: boolean
  readonly omit: 'never' | 'empty' | 'zero'
  /** Go names of the embedded structs the field comes from, outermost first. */
  readonly embedded: readonly string[]
  readonly patchStrategy: readonly string[]
  readonly patchMergeKey: string | undefined
}

type FieldRow = [
  goName: string,
  json: string,
  type: string,
  omit: 0 | 1 | 3,
  number: number,
  patchStrategy?: string,
  mergeKey?: string,
]
interface GoTypes {
  readonly kinds: Record<string, string>
  readonly structs: Record<string, FieldRow[]>
}

const factsPath = new URL('../../../schemas/kubernetes/go-types.json', import.meta.url)
let facts: GoTypes | undefined
const goTypes = (): GoTypes => (facts ??= JSON.parse(readFileSync(factsPath, 'utf8')) as GoTypes)

const structs = new Map<string, StructType>()
const kinds = new Map<string, StructType | undefined>()

/** The type of a built-in kind, or undefined. Group '' is the core group; meta kinds (DeleteOptions, Status, WatchEvent …) are in
 *  every group, Table and PartialObjectMetadata in `meta.k8s.io`. Compiled on first use. */
export function typeOf(group: string, version: string, kind: string): StructType | undefined {
  const key = kindKey(group, version, kind)
  if (kinds.has(key)) return kinds.get(key)
  const path = hasType(group, version, kind) ? goTypes().kinds[key] : undefined
  const type = path === undefined ? undefined : structType(path)
  kinds.set(key, type)
  return type
}

/** Whether `typeOf` has one, without compiling it. */
export const hasType = (group: string, version: string, kind: string): boolean =>
  Object.hasOwn(goTypes().kinds, kindKey(group, version, kind))

const kindKey = (group: string, version: string, kind: string): string =>
  group === '' ? `${version}/${kind}` : `${group}/${version}/${kind}`

/** The struct of a path in go-types.json, e.g. `core/v1.PodSpec`. Throws when there is none. */
export function structType(path: string): StructType {
  const known = structs.get(path)
  if (known) return known
  const rows = goTypes().structs[path]
  if (!rows) throw new Error(`go-types.json has no struct ${path}`)
  const fields: Field[] = []
  const byName = new Map<string, Field>()
  const type: StructType = {
    kind: 'struct',
    name: path.slice(path.lastIndexOf('.') + 1),
    goType: goTypeOf(path),
    path,
    fields,
    byName,
  }
  structs.set(path, type)
  fill(rows, [], fields)
  for (const field of fields) byName.set(field.name, field)
  return type
}

/** As `structType`, but undefined when there is none. */
export function findStruct(path: string): StructType | undefined {
  return structs.get(path) ?? (Object.hasOwn(goTypes().structs, path) ? structType(path) : undefined)
}

/** The fields of a struct as go-types.json has them; none when it has no such struct. */
export function goRows(path: string): readonly FieldRow[] {
  const { structs: rows } = goTypes()
  return (Object.hasOwn(rows, path) ? rows[path] : undefined) ?? []
}

function fill(rows: readonly FieldRow[], embedded: readonly string[], fields: Field[]): void {
  for (const [goName, name, text, omit, , strategy, mergeKey] of rows) {
    if (name === '') {
      fill(goTypes().structs[text.replace(/^\*/, '')] ?? [], [...embedded, goName], fields)
      continue
    }
    const pointer = text.startsWith('*')
    fields.push({
      name,
      type: parseType(pointer ? text.slice(1) : text),
      pointer,
      omit: omit === 0 ? 'never' : omit === 1 ? 'empty' : 'zero',
      embedded,
      patchStrategy: strategy ? strategy.split(',') : [],
      patchMergeKey: mergeKey,
    })
  }
}

/** A field as protobuf has it: fields of an embedded struct are in a message of their own. */
interface MessageField {
  readonly number: number
  /** '' for an embedded struct. */
  readonly name: string
  readonly type: Type
  readonly pointer: boolean
}

/** The fields of a struct that protobuf knows, in the order of their numbers. */
export function messageFields(struct: StructType): MessageField[] {
  const fields: MessageField[] = []
  for (const [, name, text, , number] of goTypes().structs[struct.path] ?? []) {
    const pointer = text.startsWith('*')
    if (number > 0) fields.push({ number, name, pointer, type: parseType(pointer ? text.slice(1) : text) })
  }
  return fields.sort((a, b) => a.number - b.number)
}

/** `apps/v1.DeploymentSpec` → `v1.DeploymentSpec`. */
const goTypeOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

const scalars = new Map<string, ScalarType>()
const special: Record<string, string> = {
  Time: 'v1.Time',
  MicroTime: 'v1.MicroTime',
  Duration: 'v1.Duration',
  FieldsV1: 'v1.FieldsV1',
  Quantity: 'resource.Quantity',
  IntOrString: 'intstr.IntOrString',
  RawExtension: 'runtime.RawExtension',
  bytes: '[]uint8',
  interface: 'interface {}',
}

/** Reads the type notation of go-types.json: `[]core/v1.Container`, `(v1.ResourceList)map<v1.ResourceName>Quantity`, `string:v1.Protocol`. */
function parseType(text: string): Type {
  const named = /^\(([^)]*)\)(.*)$/.exec(text)
  const goName = named?.[1]
  const plain = named?.[2] ?? text
  if (plain.startsWith('*')) return parseType(plain.slice(1))
  if (plain.startsWith('[]')) {
    const element = parseType(plain.slice(2))
    return { kind: 'list', goType: goName ?? `[]${pointerMark(plain.slice(2))}${element.goType}`, element }
  }
  const map = /^map<([^>]*)>(.*)$/.exec(plain)
  if (map) {
    const value = parseType(map[2] ?? '')
    return { kind: 'map', goType: goName ?? `map[${map[1]}]${pointerMark(map[2] ?? '')}${value.goType}`, value }
  }
  if (plain.includes('/')) return structType(plain)
  return scalarType(plain)
}

const pointerMark = (text: string): string => (text.startsWith('*') ? '*' : '')

function scalarType(text: string): ScalarType {
  const known = scalars.get(text)
  if (known) return known
  const colon = text.indexOf(':')
  const base = colon < 0 ? text : text.slice(0, colon)
  const kind = base === 'interface' ? 'any' : (base as ScalarKind)
  const goType = colon >= 0 ? text.slice(colon + 1) : (special[base] ?? (base.startsWith('JSON') ? `v1.${base}` : base))
  const type: ScalarType = { kind: 'scalar', scalar: kind, goType }
  scalars.set(text, type)
  return type
}
