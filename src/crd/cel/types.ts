export type CelKind =
  | 'dyn'
  | 'error'
  | 'null'
  | 'bool'
  | 'int'
  | 'uint'
  | 'double'
  | 'string'
  | 'bytes'
  | 'timestamp'
  | 'duration'
  | 'any'
  | 'list'
  | 'map'
  | 'struct'
  | 'opaque'
  | 'type'
  | 'param'

/** A CEL type. `name` is the runtime name that `type(x)` shows, e.g. 'google.protobuf.Timestamp'. Immutable. */
export class CelType {
  readonly kind: CelKind
  readonly name: string
  readonly params: readonly CelType[]
  /** A protobuf wrapper type, such as google.protobuf.Int64Value: assignable from null too. */
  readonly nullable: boolean
  private text: string | undefined

  constructor(kind: CelKind, name: string, params: readonly CelType[] = [], nullable = false) {
    this.kind = kind
    this.name = name
    this.params = params
    this.nullable = nullable
  }

  /** As error messages write it: 'map(string, int)', 'timestamp', 'wrapper(int)'. */
  toString(): string {
    this.text ??= formatType(this)
    return this.text
  }
}

export const DYN = new CelType('dyn', 'dyn')
export const ERROR = new CelType('error', 'error')
export const NULL = new CelType('null', 'null_type')
export const BOOL = new CelType('bool', 'bool')
export const INT = new CelType('int', 'int')
export const UINT = new CelType('uint', 'uint')
export const DOUBLE = new CelType('double', 'double')
export const STRING = new CelType('string', 'string')
export const BYTES = new CelType('bytes', 'bytes')
export const TIMESTAMP = new CelType('timestamp', 'google.protobuf.Timestamp')
export const DURATION = new CelType('duration', 'google.protobuf.Duration')
export const ANY = new CelType('any', 'google.protobuf.Any')
/** The type of types, without saying of which. */
export const TYPE = new CelType('type', 'type')

export const listOf = (element: CelType): CelType => new CelType('list', 'list', [element])
export const mapOf = (key: CelType, value: CelType): CelType => new CelType('map', 'map', [key, value])
export const optionalOf = (value: CelType): CelType => new CelType('opaque', 'optional_type', [value])
export const typeOf = (type: CelType): CelType => new CelType('type', 'type', [type])
export const structType = (name: string): CelType => new CelType('struct', name)
export const opaqueType = (name: string, ...params: CelType[]): CelType => new CelType('opaque', name, params)
export const typeParam = (name: string): CelType => new CelType('param', name)
export const wrapperOf = (type: CelType): CelType => new CelType(type.kind, type.name, [], true)

export const LIST = listOf(DYN)
export const MAP = mapOf(DYN, DYN)

/** The identifiers that name types in every environment. */
export const TYPE_NAMES: ReadonlyMap<string, CelType> = new Map(
  [BOOL, BYTES, DOUBLE, DURATION, INT, LIST, MAP, NULL, STRING, TIMESTAMP, TYPE, UINT].map((type) => [type.name, type]),
)

export function isDyn(type: CelType): boolean {
  return type.kind === 'dyn' || type.kind === 'any'
}

export function isOptional(type: CelType): boolean {
  return type.kind === 'opaque' && type.name === 'optional_type'
}

/** Same structure, parameters included. */
export function sameType(a: CelType, b: CelType): boolean {
  if (a === b) return true
  if (a.kind !== b.kind || a.name !== b.name || a.nullable !== b.nullable || a.params.length !== b.params.length) return false
  return a.params.every((param, i) => sameType(param, b.params[i] as CelType))
}

/** Same structure, where type parameters match each other and a 'type' matches any 'type'. */
export function isEquivalentType(a: CelType, b: CelType): boolean {
  if (a === b) return true
  if (a.kind === 'type' && b.kind === 'type') return true
  if (a.kind !== b.kind || a.name !== b.name || a.params.length !== b.params.length) return false
  return a.params.every((param, i) => isEquivalentType(param, b.params[i] as CelType))
}

const SHORT_NAMES: Partial<Record<CelKind, string>> = {
  any: 'any',
  duration: 'duration',
  error: '!error!',
  null: 'null',
  timestamp: 'timestamp',
}

function formatType(type: CelType): string {
  const short = SHORT_NAMES[type.kind]
  if (short !== undefined) return short
  if (type.nullable) return `wrapper(${type.name})`
  if (type.params.length === 0) return type.name
  return `${type.name}(${type.params.map(String).join(', ')})`
}
