import type { ApiRequest, ApiResponse, UserInfo } from '../request.ts'
import { textOf } from './objects.ts'
import { type RemoteService, rootOf } from './remote-services.ts'

/** What a remote server serves of one group version, as apidiscovery.k8s.io/v2 APIResourceDiscovery. */
export interface RemoteVersion {
  readonly group: string
  readonly version: string
  readonly groupPriority: number
  readonly versionPriority: number
  readonly resources: readonly object[]
  /** Stale: the server could not be asked since it changed. */
  readonly freshness: 'Current' | 'Stale'
}

/** Asks a remote server in the name of the aggregator. */
export type Ask = (remote: RemoteService, path: string, accept: string) => Promise<ApiResponse>

const aggregatorUser: UserInfo = { name: 'system:kube-aggregator', groups: ['system:masters'] }
const aggregatedType = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'

export function askingBy(send: (remote: RemoteService, request: ApiRequest, user: UserInfo) => Promise<ApiResponse>): Ask {
  return (remote, path, accept) => {
    const signal = AbortSignal.timeout(5000)
    return send(remote, { method: 'GET', path, query: new URLSearchParams(), headers: { accept }, signal }, aggregatorUser)
  }
}

/** The resources of the remote's group version: by aggregated discovery, else by the list of the version. Throws when neither answers. */
export async function fetchResources(ask: Ask, remote: RemoteService): Promise<readonly object[]> {
  const response = await ask(remote, '/apis', aggregatedType)
  const isAggregated = /as=APIGroupDiscoveryList/.test(response.headers['content-type'] ?? '')
  if (response.status === 200 && isAggregated) return ofVersion(JSON.parse(await contentOf(response)) as Aggregated, remote)
  await discard(response)
  const list = await ask(remote, rootOf(remote), 'application/json')
  const content = await contentOf(list)
  if (list.status !== 200)
    throw new Error(`failed to download legacy discovery for ${rootOf(remote)}: ${list.status} ${content.slice(0, 200)}`)
  return fromList((JSON.parse(content) as { resources?: ListedResource[] }).resources ?? [])
}

interface Aggregated {
  items?: { metadata?: { name?: string }; versions?: { version: string; resources?: object[] }[] }[]
}

function ofVersion({ items = [] }: Aggregated, { group, version }: RemoteService): readonly object[] {
  const found = items.find((g) => (g.metadata?.name ?? '') === group)?.versions?.find((v) => v.version === version)
  return found?.resources ?? []
}

interface ListedResource {
  name: string
  singularName?: string
  namespaced: boolean
  group?: string
  version?: string
  kind: string
  verbs: string[]
  shortNames?: string[]
  categories?: string[]
}

/** An APIResourceList in the words of aggregated discovery. Pure. */
export function fromList(list: readonly ListedResource[]): readonly object[] {
  const kindOf = ({ group = '', version = '', kind }: ListedResource) => ({ group, version, kind })
  const subresources = (name: string) =>
    list
      .filter((r) => r.name.startsWith(`${name}/`))
      .map((r) => ({ subresource: r.name.slice(name.length + 1), responseKind: kindOf(r), verbs: r.verbs }))
  return list
    .filter((r) => !r.name.includes('/'))
    .map((r) => {
      const below = subresources(r.name)
      return {
        resource: r.name,
        responseKind: kindOf(r),
        scope: r.namespaced ? 'Namespaced' : 'Cluster',
        singularResource: r.singularName ?? '',
        verbs: r.verbs,
        ...(r.shortNames?.length ? { shortNames: r.shortNames } : {}),
        ...(r.categories?.length ? { categories: r.categories } : {}),
        ...(below.length > 0 ? { subresources: below } : {}),
      }
    })
}

export async function contentOf({ body }: ApiResponse): Promise<string> {
  if ('stream' in body) return textOf(body.stream)
  return 'bytes' in body ? Buffer.from(body.bytes).toString('utf8') : ''
}

async function discard(response: ApiResponse): Promise<void> {
  await contentOf(response).catch(() => '')
}
