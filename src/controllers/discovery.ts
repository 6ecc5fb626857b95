import { apiVersionOf, parseApiVersion, type Resource } from '../apimachinery/resource.ts'
import { StatusError } from '../apimachinery/status.ts'
import type { Client } from '../client/client.ts'

/** A resource as discovery names it, with what can be done to it. */
export interface Discovered {
  readonly resource: Resource
  readonly verbs: readonly string[]
}

interface AggregatedDiscovery {
  items?: {
    metadata: { name?: string }
    versions?: {
      version: string
      freshness?: string
      resources?: { resource: string; responseKind?: { kind: string }; scope: string; verbs?: string[] }[]
    }[]
  }[]
}

const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json'

async function read(client: Client, path: string, signal: AbortSignal): Promise<AggregatedDiscovery> {
  const response = await client.raw({ method: 'GET', path, headers: { accept }, signal })
  const chunks: Uint8Array[] = []
  for await (const chunk of response.body) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString('utf8')
  if (response.status >= 400)
    throw new StatusError(response.status, 'InternalError', `discovery of ${path}: ${text.slice(0, 200)}`)
  return JSON.parse(text) as AggregatedDiscovery
}

/** All resources that the server serves, each once, in the version it prefers. */
export async function discover(client: Client, signal: AbortSignal): Promise<Discovered[]> {
  return (await discoverAll(client, signal)).found
}

/** What the server serves, and the group versions of aggregated servers that do not answer now. */
export async function discoverAll(client: Client, signal: AbortSignal): Promise<{ found: Discovered[]; stale: string[] }> {
  const [core, groups] = await Promise.all([read(client, '/api', signal), read(client, '/apis', signal)])
  const found: Discovered[] = []
  const stale: string[] = []
  for (const group of [...(core.items ?? []), ...(groups.items ?? [])]) {
    const seen = new Set<string>()
    for (const { version, freshness, resources = [] } of group.versions ?? []) {
      if (freshness === 'Stale') {
        stale.push(apiVersionOf({ group: group.metadata.name ?? '', version }))
        continue
      }
      for (const { resource, responseKind, scope, verbs = [] } of resources) {
        if (seen.has(resource)) continue
        seen.add(resource)
        const kind = responseKind?.kind ?? ''
        const { name = '' } = group.metadata
        found.push({ resource: { group: name, version, resource, kind, namespaced: scope === 'Namespaced' }, verbs })
      }
    }
  }
  return { found, stale }
}

/** Whether a reference by `apiVersion` and `kind` means `resource`, in whatever version. */
export const isKind = (resource: Resource, apiVersion: string, kind: string): boolean =>
  resource.kind === kind && resource.group === parseApiVersion(apiVersion).group
