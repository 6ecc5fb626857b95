import { readFileSync } from 'node:fs'
import type { Schema } from './definitions.ts'

/** A parameter as OpenAPI v2 has it; its key in the document's `parameters` has a hash in it, where it is shared. */
interface Parameter {
  readonly name: string
  readonly in: 'query' | 'path' | 'body'
  readonly description?: string
  readonly type?: string
  readonly uniqueItems?: boolean
  readonly required?: boolean
  readonly schema?: Schema
}

interface Facts {
  /** By key; those whose key is their name are written out where they are used (kubectl looks for them there). */
  readonly parameters: Readonly<Record<string, Parameter>>
  /** Keys of the query parameters that the fields of an options kind are. */
  readonly options: Readonly<Record<string, readonly string[]>>
}

const file = new URL('../../../schemas/kubernetes/openapi-parameters.json', import.meta.url)
let made: (Facts & { readonly ranks: ReadonlyMap<string, number>; readonly shared: ReadonlyMap<string, string> }) | undefined

/** With the order of the keys, and the keys by name and place. */
function facts(): NonNullable<typeof made> {
  if (made) return made
  const read = JSON.parse(readFileSync(file, 'utf8')) as Facts
  const places = Object.entries(read.parameters).map(([key, p]) => [`${p.name} ${p.in}`, key] as const)
  const sorted = [...places, ['name path', nameKey] as const].sort(([a], [b]) => (a < b ? -1 : 1))
  made = { ...read, ranks: new Map(sorted.map(([, key], i) => [key, i])), shared: new Map(places) }
  return made
}

/** The keys of the query parameters that an options kind has: `ListOptions`, `PodExecOptions`. */
export const optionsOf = (kind: string): readonly string[] => facts().options[kind] ?? []

/** The key of the parameter of this name and place that every path shares, e.g. `pretty-tJGM1-ng`. */
export function sharedKey(name: 'namespace' | 'path' | 'pretty' | 'resourceVersion', place: 'path' | 'query'): string {
  const key = facts().shared.get(`${name} ${place}`)
  if (key === undefined) throw new Error(`openapi-parameters.json has no ${name}`)
  return key
}

/** Keys by name, then by place. */
export function inOrder(keys: Iterable<string>): string[] {
  const { ranks } = facts()
  return [...keys].sort((a, b) => (ranks.get(a) ?? 0) - (ranks.get(b) ?? 0))
}

/** The parameters that a v2 document has once for all paths. */
export const sharedParameters = (): Readonly<Record<string, Parameter>> =>
  Object.fromEntries(Object.entries(facts().parameters).filter(([key, p]) => key !== p.name))

/** What stands for the key of the parameter `name`, which says which kind it is the name of. */
export const nameKey = 'name'

/** The parameter of a key; `kind` is what {name} names. */
function parameterOf(key: string, kind: string): Parameter {
  if (key === nameKey) {
    return { name: 'name', in: 'path', description: `name of the ${kind}`, type: 'string', uniqueItems: true, required: true }
  }
  const found = facts().parameters[key]
  if (!found) throw new Error(`openapi-parameters.json has no ${key}`)
  return found
}

/** As a path or an operation of v2 lists it. */
export function parameterV2(key: string, kind: string): Parameter | { $ref: string } {
  const parameter = parameterOf(key, kind)
  return key === parameter.name ? parameter : { $ref: `#/parameters/${key}` }
}

/** As a path or an operation of v3 lists it. */
export function parameterV3(key: string, kind: string): object {
  const { type, uniqueItems, ...rest } = parameterOf(key, kind)
  return { ...rest, schema: { type, uniqueItems } }
}

/** The body of a v2 operation. */
export function bodyV2(definition: string, isRequired: boolean): Parameter | { $ref: string } {
  const $ref = `#/definitions/${definition}`
  const shared = Object.entries(facts().parameters).find(([, p]) => p.in === 'body' && p.schema?.$ref === $ref)
  if (shared) return { $ref: `#/parameters/${shared[0]}` }
  return { name: 'body', in: 'body', ...(isRequired ? { required: true } : {}), schema: { $ref } }
}
