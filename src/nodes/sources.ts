import type { Pod, Secret, TokenRequest } from '../apimachinery/kinds.generated.ts'
import type { KubeObject } from '../apimachinery/object.ts'
import type { Resource } from '../apimachinery/resource.ts'
import {
  persistentvolumeclaims,
  persistentvolumes,
  runtimeclasses,
  serviceaccounts,
} from '../apimachinery/resources.generated.ts'
import { isNotFound } from '../apimachinery/status.ts'
import type { Client } from '../client/client.ts'
import type { WatchedReferences } from './references.ts'
import type { VolumeSources } from './volumes/kind.ts'

async function find<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  name: string,
  namespace?: string,
): Promise<T | undefined> {
  try {
    return await client.get(resource, name, { namespace })
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

/** What pods refer to, from the API. */
export function volumeSources(client: Client, references: WatchedReferences): VolumeSources {
  const tokens: Resource<TokenRequest> = { ...serviceaccounts, kind: 'ServiceAccount', objectType: undefined as never }
  return {
    configMap: references.configMap,
    secret: references.secret,
    claim: (namespace, name) => find(client, persistentvolumeclaims, name, namespace),
    persistentVolume: (name) => find(client, persistentvolumes, name),
    token: (namespace, name, request) => client.create(tokens, request, { namespace, name, subresource: 'token' }),
    async imagePullSecrets(pod: Pod): Promise<Secret[]> {
      const names = (pod.spec?.imagePullSecrets ?? []).map((s) => s.name ?? '').filter((name) => name !== '')
      const found = await Promise.all(names.map((name) => references.secret(pod.metadata.namespace ?? '', name)))
      return found.filter((s) => s !== undefined)
    },
  }
}

/** Docker's runtime for a RuntimeClass by its handler. */
export async function dockerRuntime(
  client: Client,
  runtimes: readonly string[],
  className: string | undefined,
): Promise<string | undefined> {
  if (!className) return undefined
  const found = await find(client, runtimeclasses, className)
  if (!found) throw new Error(`failed to get sandbox runtime: RuntimeClass "${className}" not found`)
  const handler = found.handler
  if (!runtimes.includes(handler)) throw new Error(`failed to get sandbox runtime: no runtime for "${handler}" is configured`)
  return handler
}
