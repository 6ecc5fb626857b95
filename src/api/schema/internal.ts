import { readFileSync } from 'node:fs'
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

function compile(type: string): Converter {
  if (type.startsWith('*')) return nullOr(converterOf(type.slice(1)))
  if (type.startsWith('[]')) {
    const item = converterOf(type.slice(2))
    return nullOr((list) => (list as unknown[]).map(item))
  }
  const map = /^(?:\([^)]*\))?map<[^>]*>(.+)$/.exec(type)
  if (map) {
    const item = converterOf(map[1] ?? '')
    return nullOr((value) => sorted(value as Record<string, unknown>, item))
  }
  if (type.includes('.') && !type.includes(':')) return structConverter(type)
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
  readonly from: string
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
    for (const { json, from: key, convert, leaveOut } of sources) {
      const converted = convert(from[key])
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
    return [{ json, from: names.get(goName) ?? lowerFirst(goName), convert: converterOf(type), leaveOut }]
  })
}

/** The fields of an embedded struct; where the versioned type has them under a name of their own (metadata), from there. */
function inlined(type: string, name: string | undefined): Source[] {
  const own = sourcesOf(type.replace('*', ''))
  if (!name) return own
  return own.map((s) => ({
    ...s,
    from: name,
    convert: (value) => s.convert((value as Record<string, unknown> | undefined)?.[s.from]),
  }))
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
