import { readFileSync } from 'node:fs'

export type Schema = Record<string, unknown>

interface Described {
  readonly description?: string
  readonly properties?: Readonly<Record<string, string>>
}

const facts = new URL('../../../schemas/kubernetes/', import.meta.url)
const read = <T>(name: string): T => JSON.parse(readFileSync(new URL(name, facts), 'utf8')) as T

let made: ReadonlyMap<string, Schema> | undefined

/** The definitions of OpenAPI v2 for the built-in types, with descriptions; read when first asked for. */
export function builtInDefinitions(): ReadonlyMap<string, Schema> {
  if (made) return made
  const { definitions } = read<{ definitions: Record<string, Schema> }>('openapi-definitions.json')
  const descriptions = read<Record<string, Described>>('descriptions.json')
  made = new Map(Object.entries(definitions).map(([name, schema]) => [name, describe(schema, descriptions[name], descriptions)]))
  return made
}

function describe(schema: Schema, described: Described | undefined, all: Readonly<Record<string, Described>>): Schema {
  if (!described) return schema
  const properties = schema.properties as Record<string, Schema> | undefined
  const out: Schema = { ...(described.description ? { description: described.description } : {}), ...schema }
  if (properties) {
    out.properties = Object.fromEntries(
      Object.entries(properties).map(([name, property]) => {
        const description = described.properties?.[name] ?? typeDescription(property, all)
        return [name, description ? { description, ...property } : property]
      }),
    )
  }
  return out
}

/** A field that is a type of its own is described as the type is. */
const typeDescription = ({ $ref }: Schema, all: Readonly<Record<string, Described>>): string | undefined =>
  typeof $ref === 'string' ? all[nameIn($ref)]?.description : undefined

/** Types that v3 can say more of than v2. */
const inV3: Readonly<Record<string, Schema>> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': { oneOf: [{ type: 'string' }, { type: 'number' }] },
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': {
    format: 'int-or-string',
    oneOf: [{ type: 'integer' }, { type: 'string' }],
  },
}

/** The schema of a definition in the words of v3. */
export function schemaV3(name: string, schema: Schema): unknown {
  const better = inV3[name]
  const { type: _, format: __, ...rest } = schema
  return toV3(better ? { ...rest, ...better } : schema)
}

/** The name of the definition of a kind, by its x-kubernetes-group-version-kind. */
export function definitionOf(group: string, version: string, kind: string): string | undefined {
  return kindIndex().get(`${group}/${version}/${kind}`)
}

let byKind: Map<string, string> | undefined

function kindIndex(): ReadonlyMap<string, string> {
  if (byKind) return byKind
  byKind = new Map()
  for (const [name, schema] of builtInDefinitions()) {
    const kinds = (schema['x-kubernetes-group-version-kind'] ?? []) as { group: string; version: string; kind: string }[]
    for (const { group, version, kind } of kinds) byKind.set(`${group}/${version}/${kind}`, name)
  }
  return byKind
}

const v2Prefix = '#/definitions/'
export const v3Prefix = '#/components/schemas/'

/** The definition that a reference of either version means. */
const nameIn = (ref: string): string => ref.slice((ref.startsWith(v3Prefix) ? v3Prefix : v2Prefix).length)

/** Every definition that `roots` need, themselves included, by name in order. */
export function closure(roots: Iterable<string>, definitions: ReadonlyMap<string, Schema>): Map<string, Schema> {
  const found = new Set<string>()
  const queue = [...roots]
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    const schema = definitions.get(name)
    if (!schema || found.has(name)) continue
    found.add(name)
    for (const ref of refsIn(schema)) queue.push(ref)
  }
  return new Map([...found].sort().map((name) => [name, definitions.get(name) as Schema]))
}

function* refsIn(value: unknown): Generator<string> {
  if (Array.isArray(value)) for (const item of value) yield* refsIn(item)
  else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      if (key === '$ref' && typeof item === 'string') yield nameIn(item)
      else yield* refsIn(item)
    }
  }
}

/** A v2 schema in the words of v3: a reference that has siblings is wrapped, and points to components. */
function toV3(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toV3)
  if (typeof value !== 'object' || value === null) return value
  const { $ref, ...rest } = value as Schema
  const out: Schema = {}
  for (const [key, item] of Object.entries(rest)) out[key] = toV3(item)
  if (typeof $ref !== 'string') return out
  const ref = { $ref: v3Prefix + nameIn($ref) }
  return Object.keys(rest).length === 0 ? ref : { ...out, allOf: [ref] }
}
