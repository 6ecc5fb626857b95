import { isDeepStrictEqual } from 'node:util'
import { closure, type Schema } from '../openapi/definitions.ts'
import { type Ask, contentOf } from './discovery.ts'
import { type RemoteService, rootOf } from './remote-services.ts'

/** A part of OpenAPI v2 that other parts are joined with. */
export interface SpecV2 {
  readonly paths: Readonly<Record<string, unknown>>
  readonly definitions: Readonly<Record<string, Schema>>
}

export interface RemoteOpenApi {
  /** undefined: the server publishes none. */
  readonly v2: SpecV2 | undefined
  /** The hash by which the server names its v3 document of the group version; undefined: there is none. */
  readonly v3Hash: string | undefined
}

/** Reads what a remote server publishes of its group version. Throws when it does not answer. */
export async function fetchOpenApi(ask: Ask, remote: RemoteService): Promise<RemoteOpenApi> {
  const root = rootOf(remote)
  const [v2, index] = await Promise.all([
    askJson<SpecV2>(ask, remote, '/openapi/v2'),
    askJson<{ paths?: Record<string, { serverRelativeURL?: string }> }>(ask, remote, '/openapi/v3'),
  ])
  const url = index?.paths?.[root.slice(1)]?.serverRelativeURL
  return {
    v2: v2 && onlyBelow(v2, root),
    v3Hash: url === undefined ? undefined : (/[?&]hash=([0-9A-Za-z]+)/.exec(url)?.[1] ?? ''),
  }
}

async function askJson<T>(ask: Ask, remote: RemoteService, path: string): Promise<T | undefined> {
  const response = await ask(remote, path, 'application/json')
  const content = await contentOf(response)
  if (response.status === 503) throw new Error(content)
  return response.status === 200 ? (JSON.parse(content) as T) : undefined
}

/** The paths at and below `root`, and the definitions that they need. Pure. */
export function onlyBelow({ paths = {}, definitions = {} }: Partial<SpecV2>, root: string): SpecV2 {
  const own = Object.fromEntries(Object.entries(paths).filter(([path]) => path === root || path.startsWith(`${root}/`)))
  const roots = [...JSON.stringify(own).matchAll(/"#\/definitions\/([^"]+)"/g)].map((m) => m[1] ?? '')
  return { paths: own, definitions: Object.fromEntries(closure(roots, new Map(Object.entries(definitions)))) }
}

/**
 * `base` and `more` in one: a definition of `more` that means something else in `base` gets another name; of one that means the same
 * the kinds are joined (k8s.io/kube-openapi/pkg/aggregator). Pure.
 */
export function join(base: SpecV2, more: SpecV2): SpecV2 {
  const renamed = new Map<string, string>()
  const joined: Record<string, Schema> = {}
  for (const [name, schema] of Object.entries(more.definitions)) {
    const own = base.definitions[name]
    if (!own) continue
    if (isDeepStrictEqual({ ...own, [kindsKey]: undefined }, { ...schema, [kindsKey]: undefined })) {
      const kinds = kindsOf(own, schema)
      if (kinds) joined[name] = { ...own, [kindsKey]: kinds }
    } else renamed.set(name, freeName(name, base, more))
  }
  const { paths, definitions } = renamed.size === 0 ? more : rename(more, renamed)
  return { paths: { ...paths, ...base.paths }, definitions: { ...definitions, ...base.definitions, ...joined } }
}

const kindsKey = 'x-kubernetes-group-version-kind'

interface Kind {
  readonly group: string
  readonly kind: string
  readonly version: string
}

/** The kinds of both; undefined when those of `own` are all. */
function kindsOf(own: Schema, more: Schema): Kind[] | undefined {
  const [ours, theirs] = [own, more].map((s) => ((s as Record<string, unknown>)[kindsKey] ?? []) as Kind[]) as [Kind[], Kind[]]
  const text = ({ group, version, kind }: Kind) => `${group}/${version}.${kind}`
  const known = new Set(ours.map(text))
  const added = theirs.filter((k) => !known.has(text(k)))
  return added.length === 0 ? undefined : [...ours, ...added].sort((a, b) => (text(a) < text(b) ? -1 : 1))
}

function freeName(name: string, base: SpecV2, more: SpecV2): string {
  let i = 2
  while (base.definitions[`${name}_v${i}`] || more.definitions[`${name}_v${i}`]) i++
  return `${name}_v${i}`
}

function rename(spec: SpecV2, names: ReadonlyMap<string, string>): SpecV2 {
  const text = JSON.stringify(spec.paths)
  const refs = (json: string) =>
    json.replace(/"#\/definitions\/([^"]+)"/g, (whole, name: string) => {
      const other = names.get(name)
      return other === undefined ? whole : `"#/definitions/${other}"`
    })
  const definitions = Object.entries(spec.definitions).map(
    ([name, schema]) => [names.get(name) ?? name, JSON.parse(refs(JSON.stringify(schema))) as Schema] as const,
  )
  return { paths: JSON.parse(refs(text)) as SpecV2['paths'], definitions: Object.fromEntries(definitions) }
}
