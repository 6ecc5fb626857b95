// Writes what schemas/kubernetes/ holds of a running kube-apiserver's OpenAPI documents besides the structure of its types:
// openapi-texts.json (descriptions), openapi-defaults.json (v3 only) and openapi-parameters.json. Its custom resources must be none.
// Usage: NODE_TLS_REJECT_UNAUTHORIZED=0 node scripts/extract-openapi.ts https://127.0.0.1:16443 TOKEN
import { writeFileSync } from 'node:fs'

type Schema = Readonly<Record<string, unknown>>

interface Parameter extends Schema {
  readonly $ref?: string
  readonly name: string
  readonly in: string
}
interface PathItem {
  readonly get?: { readonly parameters?: readonly Parameter[] }
  readonly post?: { readonly parameters?: readonly Parameter[] }
  readonly patch?: { readonly parameters?: readonly Parameter[] }
  readonly delete?: { readonly parameters?: readonly Parameter[] }
  readonly parameters?: readonly Parameter[]
}
interface DocumentV2 {
  readonly definitions: Readonly<Record<string, Schema>>
  readonly parameters: Readonly<Record<string, Parameter>>
  readonly paths: Readonly<Record<string, PathItem>>
}

const [server = '', token = ''] = process.argv.slice(2)
const folder = 'schemas/kubernetes'

async function get<T>(path: string): Promise<T> {
  const answer = await fetch(server + path, { headers: { authorization: `Bearer ${token}`, accept: 'application/json' } })
  return (await answer.json()) as T
}

/** An object a line, by name. */
function write(name: string, members: Iterable<readonly [string, unknown]>): void {
  const lines = [...members].map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`)
  writeFileSync(`${folder}/${name}`, `{\n${lines.join(',\n')}\n}\n`)
}

const v2 = await get<DocumentV2>('/openapi/v2')
const { paths } = await get<{ paths: Record<string, { serverRelativeURL: string }> }>('/openapi/v3')

write(
  'openapi-texts.json',
  Object.entries(v2.definitions).flatMap(([name, { description, properties }]) => {
    const texts = Object.entries((properties ?? {}) as Record<string, Schema>).filter(([, p]) => p.description !== undefined)
    const of = Object.fromEntries(texts.map(([property, p]) => [property, p.description]))
    const found = { ...(description ? { description } : {}), ...(texts.length > 0 ? { properties: of } : {}) }
    return Object.keys(found).length > 0 ? [[name, found] as const] : []
  }),
)

const defaults = new Map<string, Record<string, unknown>>()
for (const { serverRelativeURL } of Object.values(paths)) {
  const { components } = await get<{ components: { schemas?: Record<string, Schema> } }>(serverRelativeURL)
  for (const [name, schema] of Object.entries(components.schemas ?? {})) {
    const found = Object.fromEntries(defaultsIn(schema, ''))
    if (Object.keys(found).length > 0) defaults.set(name, found)
  }
}
write('openapi-defaults.json', [...defaults].sort(byName))

/** `replicas`, of the items of a list `versions[]`, of the values of a map `data{}`. */
function* defaultsIn(schema: Schema, at: string): Generator<[string, unknown]> {
  if (Object.hasOwn(schema, 'default')) yield [at, schema.default]
  for (const [name, property] of Object.entries((schema.properties ?? {}) as Record<string, Schema>)) {
    yield* defaultsIn(property, at + name)
  }
  if (schema.items) yield* defaultsIn(schema.items as Schema, `${at}[]`)
  if (typeof schema.additionalProperties === 'object') yield* defaultsIn(schema.additionalProperties as Schema, `${at}{}`)
}

const pod = '/api/v1/namespaces/{namespace}/pods'
const connects: Readonly<Record<string, string>> = {
  PodAttachOptions: `${pod}/{name}/attach`,
  PodExecOptions: `${pod}/{name}/exec`,
  PodPortForwardOptions: `${pod}/{name}/portforward`,
  PodProxyOptions: `${pod}/{name}/proxy`,
  ServiceProxyOptions: '/api/v1/namespaces/{namespace}/services/{name}/proxy',
  NodeProxyOptions: '/api/v1/nodes/{name}/proxy',
  PodLogOptions: `${pod}/{name}/log`,
}
const unshared = v2.paths[`${pod}/{name}`]?.patch?.parameters?.filter((p) => p.in === 'query') ?? []
const keyOf = (p: Parameter): string => p.$ref?.slice('#/parameters/'.length) ?? p.name
const isOption = (key: string): boolean => !/^(?:body|name|namespace|pretty)(?:-|$)|^path-z6/.test(key)
const keys = (list: readonly Parameter[] = []): string[] => list.map(keyOf).filter(isOption)
write('openapi-parameters.json', [
  ['parameters', { ...v2.parameters, ...Object.fromEntries(unshared.filter((p) => !p.$ref).map((p) => [p.name, p])) }],
  [
    'options',
    {
      ListOptions: keys(v2.paths[pod]?.get?.parameters),
      CreateOptions: keys(v2.paths[pod]?.post?.parameters),
      PatchOptions: keys(v2.paths[`${pod}/{name}`]?.patch?.parameters),
      DeleteOptions: keys(v2.paths[`${pod}/{name}`]?.delete?.parameters),
      ...Object.fromEntries(Object.entries(connects).map(([name, path]) => [name, keys(v2.paths[path]?.parameters)])),
    },
  ],
])

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1
}
