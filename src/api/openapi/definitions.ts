import { readFileSync } from 'node:fs'

export type Schema = Record<string, unknown>

interface Described {
  readonly description?: string
  readonly properties?: Readonly<Record<string, string>>
}

const facts = new URL('../../../schemas/kubernetes/', import.meta.url)
const read = <T>(name: string): T => JSON.parse(readFileSync(new URL(name, facts), 'utf8')) as T

let made: ReadonlyMap<string, Schema> | undefined

let texts: Readonly<Record<string, Described>> | undefined

/** The definitions of OpenAPI v2 for the built-in types, without descriptions; read when first asked for. */
export function builtInDefinitions(): ReadonlyMap<string, Schema> {
  made ??= new Map(Object.entries(read<{ definitions: Record<string, Schema> }>('openapi-definitions.json').definitions))
  return made
}

/** Definitions as documents show them, one by one: the built-in ones with their descriptions. */
export function* described(definitions: Iterable<readonly [string, Schema]>): Generator<readonly [string, Schema]> {
  const own = builtInDefinitions()
  texts ??= read<Record<string, Described>>('openapi-texts.json')
  for (const [name, schema] of definitions) {
    yield [name, own.get(name) === schema ? describe(schema, texts[name] ?? {}) : schema]
  }
}

function describe(schema: Schema, { description, properties: texts = {} }: Described): Schema {
  const properties = schema.properties as Record<string, Schema> | undefined
  const out: Schema = { ...(description ? { description } : {}), ...schema }
  if (properties) {
    out.properties = Object.fromEntries(
      Object.entries(properties).map(([name, property]) => {
        const text = Object.hasOwn(texts, name) ? texts[name] : undefined
        return [name, text === undefined ? property : { description: text, ...property }]
      }),
    )
  }
  return out
}

/** Types that v3 can say more of than v2. */
const inV3: Readonly<Record<string, Schema>> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': { oneOf: [{ type: 'string' }, { type: 'number' }] },
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': {
    format: 'int-or-string',
    oneOf: [{ type: 'integer' }, { type: 'string' }],
  },
}

/** Defaults, which only v3 has, by definition and place in it: `replicas`, `versions[]`, `data{}`. */
type Defaults = Readonly<Record<string, unknown>>
let defaults: Readonly<Record<string, Defaults>> | undefined

/** The schema of a definition in the words of v3. */
export function schemaV3(name: string, schema: Schema): unknown {
  defaults ??= read<Record<string, Defaults>>('openapi-defaults.json')
  const better = inV3[name]
  const { type: _, format: __, ...rest } = schema
  return toV3(better ? { ...rest, ...better } : schema, defaults[name] ?? {}, '')
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
    queue.push(...refsOf(schema))
  }
  return new Map([...found].sort().map((name) => [name, definitions.get(name) as Schema]))
}

const knownRefs = new WeakMap<Schema, readonly string[]>()

/** What a definition refers to. Definitions are never changed. */
function refsOf(schema: Schema): readonly string[] {
  const known = knownRefs.get(schema)
  if (known) return known
  const refs = [...new Set(refsIn(schema))]
  knownRefs.set(schema, refs)
  return refs
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

/** A v2 schema in the words of v3: it has defaults, and a reference that has siblings is wrapped, and points to components. */
function toV3(schema: Schema, known: Defaults, at: string): Schema {
  const { $ref, properties, items, additionalProperties, ...rest } = schema
  const out: Schema = { ...rest }
  if (Object.hasOwn(known, at)) out.default = known[at]
  if (properties) {
    const each = Object.entries(properties as Record<string, Schema>)
    out.properties = Object.fromEntries(each.map(([name, property]) => [name, toV3(property, known, at + name)]))
  }
  if (items) out.items = toV3(items as Schema, known, `${at}[]`)
  if (typeof additionalProperties === 'object') out.additionalProperties = toV3(additionalProperties as Schema, known, `${at}{}`)
  else if (additionalProperties !== undefined) out.additionalProperties = additionalProperties
  if (typeof $ref !== 'string') return out
  const ref = { $ref: v3Prefix + nameIn($ref) }
  return Object.keys(out).length === 0 ? ref : { ...out, allOf: [ref] }
}

interface Kind {
  readonly group: string
  readonly version: string
}

/** The kinds of a type that is in every group: the document of one shows those of its own and the first (`isOwn`). */
export function kindsOf(schema: Schema, isOwn: (kind: Kind) => boolean): Schema {
  const kinds = schema['x-kubernetes-group-version-kind'] as readonly Kind[] | undefined
  if (kinds === undefined || kinds.length < 2) return schema
  return { ...schema, 'x-kubernetes-group-version-kind': kinds.filter(isOwn) }
}
