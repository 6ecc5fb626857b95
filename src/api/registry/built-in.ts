import { readFileSync } from 'node:fs'
import type { Kind } from '../kinds/kind.ts'
import { hasType, type StructType, typeOf } from '../schema/types.ts'
import { conversionOf, prefixOf, storedElsewhere } from './conversion.ts'
import { builtInRules, untypedRules } from './rules.ts'
import { type Column, gvkText, type ServedResource, type ServedSubresource, type Storage } from './served.ts'

interface DiscoveredSubresource {
  subresource: string
  responseKind: { group: string; version: string; kind: string }
  verbs: string[]
}
interface DiscoveredResource {
  resource: string
  responseKind: { group: string; version: string; kind: string }
  scope: 'Namespaced' | 'Cluster'
  singularResource: string
  verbs: string[]
  shortNames?: string[]
  categories?: string[]
  subresources?: DiscoveredSubresource[]
}
interface DiscoveredGroup {
  metadata: { name?: string }
  versions: { version: string; resources: DiscoveredResource[] }[]
}
interface Discovery {
  api: { items: DiscoveredGroup[] }
  apis: { items: DiscoveredGroup[] }
}

const facts = new URL('../../../schemas/kubernetes/', import.meta.url)
const read = <T>(name: string): T => JSON.parse(readFileSync(new URL(name, facts), 'utf8')) as T

const deprecations: Readonly<Record<string, string>> = {
  'v1/Endpoints': 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
  'v1/ComponentStatus': 'v1 ComponentStatus is deprecated in v1.19+',
}

/** Groups that no discovery row of ours may name a storage for: their objects answer a question and are not kept. */
const isStored = (r: DiscoveredResource): boolean => r.verbs.includes('create') && r.verbs.includes('get')

/** The built-in resources in discovery's order. `kinds` are the strategies; a kind without one is served by its schema alone. */
export function builtInResources(kinds: readonly Kind[]): ServedResource[] {
  const strategies = new Map(kinds.map((k) => [k.gvk, k]))
  const columns = read<Record<string, Column[]>>('table-columns.json')
  const descriptions = read<Record<string, string[]>>('column-descriptions.json')
  for (const [id, list] of Object.entries(columns)) {
    columns[id] = list.map((c, i) => ({
      name: c.name,
      type: c.type,
      format: c.format,
      description: descriptions[id]?.[i] ?? '',
      priority: c.priority,
    }))
  }
  const { api, apis } = read<Discovery>('discovery.json')
  return [...api.items, ...apis.items].flatMap((group) =>
    group.versions.flatMap(({ version, resources }) =>
      resources.map((r) => served(group.metadata.name ?? '', version, r, strategies, columns)),
    ),
  )
}

function served(
  group: string,
  version: string,
  r: DiscoveredResource,
  strategies: ReadonlyMap<string, Kind>,
  columns: Readonly<Record<string, Column[]>>,
): ServedResource {
  const kind = r.responseKind.kind
  const gvk = gvkText({ group, version, kind })
  const namespaced = r.scope === 'Namespaced'
  const own: Storage = { prefix: prefixOf(group, r.resource), group, resource: r.resource, version, kind, namespaced }
  const storage = isStored(r) ? (storedElsewhere(gvk, r.resource) ?? own) : undefined
  const conversion = conversionOf(strategies.get(gvk))
  return {
    group,
    version,
    resource: r.resource,
    kind,
    namespaced,
    listKind: `${kind}List`,
    singular: r.singularResource,
    shortNames: r.shortNames ?? [],
    categories: r.categories ?? [],
    verbs: new Set(r.verbs),
    subresources: new Map((r.subresources ?? []).map((s) => [s.subresource, subresource(s, group, version)])),
    storage,
    rules: hasType(group, version, kind) ? builtInRules(() => typeOf(group, version, kind) as StructType, group) : untypedRules,
    strategy: strategies.get(gvk) ?? { gvk },
    columns: columns[`${group ? `${group}/` : ''}${version}/${r.resource}`] ?? [],
    isCustom: false,
    ...(deprecations[gvk] ? { deprecation: deprecations[gvk] } : {}),
    ...(conversion ? { conversion } : {}),
  }
}

function subresource(s: DiscoveredSubresource, group: string, version: string): ServedSubresource {
  const { responseKind } = s
  const kind = responseKind.version ? responseKind : { group, version, kind: responseKind.kind }
  return { name: s.subresource, verbs: new Set(s.verbs), kind }
}
