// What a release does with a cluster: find resources, apply, read and delete objects, ask for versions.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Unstructured } from '../../apimachinery/object.ts'
import { apiVersionOf, parseApiVersion, pathOf, type Resource } from '../../apimachinery/resource.ts'
import { StatusError } from '../../apimachinery/status.ts'
import type { Client } from '../../client/client.ts'
import { type Capabilities, parseKubeVersion } from '../chart/capabilities.ts'

interface Discovery {
  items?: {
    metadata?: { name?: string }
    versions?: { version: string; resources?: { resource: string; responseKind?: { kind: string }; scope: string }[] }[]
  }[]
}

/** What an API server shows of objects: columns of priority 0 are for everybody. */
export interface ObjectTable {
  readonly columnDefinitions: readonly { readonly name: string; readonly priority: number }[]
  readonly rows: readonly { readonly cells: readonly unknown[] }[]
}

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io'
const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json'
/** The field manager under which Helm applies: ours is the same, so that the two continue each other. */
const FIELD_MANAGER = 'helm'

type Labels = Readonly<Record<string, string>>
const selector = (labels: Labels) =>
  Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(',')

async function bodyOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

async function get(client: Client, path: string): Promise<string> {
  const response = await client.raw({ method: 'GET', path, headers: { accept: AGGREGATED } })
  const text = await bodyOf(response.body)
  if (response.status !== 200) throw new Error(`GET ${path}: ${response.status} ${text.slice(0, 200)}`)
  return text
}

const json = async (client: Client, path: string): Promise<unknown> => JSON.parse(await get(client, path))

export type Cascade = 'background' | 'foreground' | 'orphan'
const PROPAGATION = { background: 'Background', foreground: 'Foreground', orphan: 'Orphan' } as const

export class Cluster {
  readonly client: Client
  private resources: Map<string, Resource<Unstructured>> | undefined
  constructor(client: Client) {
    this.client = client
  }

  /** Forgets what the cluster serves: after CRDs were created. */
  forget(): void {
    this.resources = undefined
  }

  private async discover(): Promise<Map<string, Resource<Unstructured>>> {
    if (this.resources) return this.resources
    const found = new Map<string, Resource<Unstructured>>()
    for (const path of ['/api', '/apis']) {
      const discovery = (await json(this.client, path)) as Discovery
      for (const group of discovery.items ?? []) {
        for (const version of group.versions ?? []) {
          for (const r of version.resources ?? []) {
            const kind = r.responseKind?.kind
            if (!kind) continue
            const resource = {
              group: group.metadata?.name ?? '',
              version: version.version,
              resource: r.resource,
              kind,
              namespaced: r.scope === 'Namespaced',
            }
            found.set(`${apiVersionOf(resource)} ${kind}`, resource)
          }
        }
      }
    }
    this.resources = found
    return found
  }

  /** The resource of a kind. Throws Error when the cluster has none. */
  async resourceOf(apiVersion: string, kind: string): Promise<Resource<Unstructured>> {
    const found = (await this.discover()).get(`${apiVersion} ${kind}`)
    if (!found)
      throw new Error(
        `no matches for kind ${JSON.stringify(kind)} in version ${JSON.stringify(apiVersion)}: ensure CRDs are installed first`,
      )
    return found
  }

  /** `.Capabilities` of a render for this cluster. */
  async capabilities(): Promise<Capabilities> {
    const version = (await json(this.client, '/version')) as { gitVersion?: string }
    const versions = new Set<string>()
    for (const r of (await this.discover()).values()) {
      versions.add(apiVersionOf(r))
      versions.add(`${apiVersionOf(r)}/${r.kind}`)
    }
    return { kubeVersion: parseKubeVersion(version.gitVersion ?? 'v1.0.0'), apiVersions: [...versions] }
  }

  /** The object as it is now; undefined when there is none. */
  async read(object: Unstructured, namespace: string): Promise<Unstructured | undefined> {
    const resource = await this.resourceOf(object.apiVersion ?? '', object.kind ?? '')
    try {
      return await this.client.get(resource, object.metadata.name ?? '', { namespace: object.metadata.namespace ?? namespace })
    } catch (e) {
      if (e instanceof StatusError && e.code === 404) return undefined
      throw e
    }
  }

  /** The objects of a kind and namespace that `labels` select. */
  async selected(apiVersion: string, kind: string, namespace: string, labels: Labels): Promise<Unstructured[]> {
    const { items } = await this.client.list(await this.resourceOf(apiVersion, kind), {
      namespace,
      labelSelector: selector(labels),
    })
    return items
  }

  /** The server's table of one object, or of those that `labels` select; undefined when there is none. */
  async tableOf(o: Unstructured, namespace: string, labels?: Labels): Promise<ObjectTable | undefined> {
    const resource = await this.resourceOf(o.apiVersion ?? '', o.kind ?? '')
    const where = resource.namespaced ? (o.metadata.namespace ?? namespace) : undefined
    const path = labels
      ? `${pathOf(resource, where)}?labelSelector=${encodeURIComponent(selector(labels))}`
      : pathOf(resource, where, o.metadata.name)
    const response = await this.client.raw({ method: 'GET', path, headers: { accept: TABLE } })
    const text = await bodyOf(response.body)
    if (response.status === 404) return undefined
    if (response.status !== 200) throw new Error(`GET ${path}: ${response.status} ${text.slice(0, 200)}`)
    return JSON.parse(text) as ObjectTable
  }

  /** The object now and after every change, undefined while it is not there, until `signal` aborts. */
  async *follow(object: Unstructured, namespace: string, signal: AbortSignal): AsyncGenerator<Unstructured | undefined> {
    const { apiVersion = '', kind = '', metadata } = object
    const resource = await this.resourceOf(apiVersion, kind)
    const where = {
      ...(resource.namespaced ? { namespace: metadata.namespace ?? namespace } : {}),
      fieldSelector: `metadata.name=${metadata.name ?? ''}`,
      signal,
    }
    while (!signal.aborted) {
      const { items, metadata: list } = await this.client.list(resource, where)
      yield items[0] && { ...items[0], apiVersion, kind }
      const since = { ...where, ...(list?.resourceVersion ? { resourceVersion: list.resourceVersion } : {}) }
      try {
        for await (const events of this.client.watch(resource, since)) {
          const last = events.findLast((e) => e.type !== 'BOOKMARK')
          if (last) yield last.type === 'DELETED' ? undefined : ({ ...last.object, apiVersion, kind } as Unstructured)
        }
      } catch (e) {
        // The revision is no longer kept: read again.
        if (!(e instanceof StatusError && e.code === 410)) throw e
      }
      // A server that ends watches at once is not asked without pause.
      if (!signal.aborted) await sleep(200)
    }
  }

  /** Server-side apply under Helm's name. */
  async apply(object: Unstructured, namespace: string, options: { force?: boolean; dryRun?: boolean }): Promise<Unstructured> {
    const resource = await this.resourceOf(object.apiVersion ?? '', object.kind ?? '')
    const target = resource.namespaced
      ? { ...object, metadata: { ...object.metadata, namespace: object.metadata.namespace ?? namespace } }
      : object
    return this.client.apply(resource, target, {
      namespace: target.metadata.namespace,
      fieldManager: FIELD_MANAGER,
      force: options.force ?? false,
      ...(options.dryRun ? { dryRun: true } : {}),
    })
  }

  /** A JSON merge patch of what is there; creates it when there is nothing. */
  async merge(object: Unstructured, namespace: string, patch: object): Promise<void> {
    const resource = await this.resourceOf(object.apiVersion ?? '', object.kind ?? '')
    await this.client.patch(
      resource,
      object.metadata.name ?? '',
      { type: 'merge', body: patch },
      { namespace: object.metadata.namespace ?? namespace, fieldManager: FIELD_MANAGER },
    )
  }

  async create(object: Unstructured, namespace: string): Promise<void> {
    const resource = await this.resourceOf(object.apiVersion ?? '', object.kind ?? '')
    const target = resource.namespaced
      ? { ...object, metadata: { ...object.metadata, namespace: object.metadata.namespace ?? namespace } }
      : object
    await this.client.create(resource, target, { namespace: target.metadata.namespace, fieldManager: FIELD_MANAGER })
  }

  /** Puts the object in the place of the `live` one. */
  async replace(object: Unstructured, live: Unstructured, namespace: string): Promise<void> {
    const resource = await this.resourceOf(object.apiVersion ?? '', object.kind ?? '')
    const { resourceVersion } = live.metadata
    const target = {
      ...object,
      metadata: {
        ...object.metadata,
        ...(resource.namespaced ? { namespace: object.metadata.namespace ?? namespace } : {}),
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
      },
    }
    await this.client.update(resource, target, { namespace: target.metadata.namespace, fieldManager: FIELD_MANAGER })
  }

  /** Deletes it; false when it was not there. */
  async delete(object: Unstructured, namespace: string, cascade: Cascade = 'background'): Promise<boolean> {
    const resource = await this.resourceOf(object.apiVersion ?? '', object.kind ?? '')
    try {
      await this.client.delete(resource, object.metadata.name ?? '', {
        namespace: object.metadata.namespace ?? namespace,
        propagationPolicy: PROPAGATION[cascade],
      })
      return true
    } catch (e) {
      if (e instanceof StatusError && e.code === 404) return false
      throw e
    }
  }

  /** What each of a pod's containers wrote, in their order. Throws Error where the pod is not there any more. */
  async podLogs(name: string, namespace: string): Promise<{ readonly container: string; readonly text: string }[]> {
    const pod = await this.read({ apiVersion: 'v1', kind: 'Pod', metadata: { name } }, namespace)
    if (!pod) throw new Error(`unable to get pod ${name}: pods ${JSON.stringify(name)} not found`)
    const { initContainers = [], containers = [] } = pod.spec as {
      initContainers?: { name: string }[]
      containers?: { name: string }[]
    }
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}/log`
    const logs: { container: string; text: string }[] = []
    for (const { name: container } of [...initContainers, ...containers])
      logs.push({ container, text: await get(this.client, `${path}?container=${encodeURIComponent(container)}`) })
    return logs
  }

  /** A template's lookup: the object, or with an empty name all of a namespace ('' for every one); undefined where there is nothing. */
  async lookup(apiVersion: string, kind: string, namespace: string, name: string): Promise<object | undefined> {
    parseApiVersion(apiVersion)
    const resource = (await this.discover()).get(`${apiVersion} ${kind}`)
    if (!resource) return undefined
    try {
      if (name !== '') return await this.client.get(resource, name, { namespace: namespace || undefined })
      return await this.client.list(resource, { namespace: namespace || undefined })
    } catch (e) {
      if (e instanceof StatusError && e.code === 404) return undefined
      throw e
    }
  }
}
