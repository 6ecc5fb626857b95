import type { APIService, EndpointSlice } from '../../apimachinery/kinds.generated.ts'
import { apiservices, endpointslices, services } from '../../apimachinery/resources.generated.ts'
import { StatusError } from '../../apimachinery/status.ts'
import type { Objects } from '../objects.ts'
import { serviceEndpoint } from '../proxy/targets.ts'

/** An APIService that leads to another server. */
export interface RemoteService {
  readonly name: string
  readonly group: string
  readonly version: string
  readonly namespace: string
  readonly service: string
  readonly port: number
  /** PEM; without it the machine's own authorities are believed. */
  readonly caBundle: string | undefined
  readonly insecureSkipTLSVerify: boolean
  readonly isAvailable: boolean
  readonly groupPriority: number
  readonly versionPriority: number
}

/** undefined for an APIService that this server answers itself. */
export function remoteService({ metadata, spec, status }: APIService): RemoteService | undefined {
  const { service } = spec ?? {}
  if (!service) return undefined
  return {
    name: metadata.name ?? '',
    group: spec?.group ?? '',
    version: spec?.version ?? '',
    namespace: service.namespace ?? '',
    service: service.name ?? '',
    port: service.port ?? 443,
    caBundle: spec?.caBundle ? Buffer.from(spec.caBundle, 'base64').toString('utf8') : undefined,
    insecureSkipTLSVerify: spec?.insecureSkipTLSVerify ?? false,
    isAvailable: status?.conditions?.some((c) => c.type === 'Available' && c.status === 'True') ?? false,
    groupPriority: spec?.groupPriorityMinimum ?? 0,
    versionPriority: spec?.versionPriority ?? 0,
  }
}

/** `/apis/metrics.k8s.io/v1beta1`: what the paths of a group version begin with. */
export const rootOf = ({ group, version }: { readonly group: string; readonly version: string }): string =>
  group === '' ? `/api/${version}` : `/apis/${group}/${version}`

/** The APIServices that lead to other servers, by the paths they answer. */
export class RemoteServices {
  readonly #objects: Objects
  readonly #byRoot = new Map<string, RemoteService>()
  readonly #stop: () => void

  constructor(objects: Objects) {
    this.#objects = objects
    for (const object of objects.list(apiservices)) this.#set(object)
    this.#stop = objects.onChange(apiservices, (now, before) => {
      if (before) this.#byRoot.delete(rootOf({ group: before.spec?.group ?? '', version: before.spec?.version ?? '' }))
      if (now) this.#set(now)
    })
  }

  #set(object: APIService): void {
    const remote = remoteService(object)
    if (remote) this.#byRoot.set(rootOf(remote), remote)
  }

  /** Who answers `path`, still escaped; undefined: this server. */
  find(path: string): RemoteService | undefined {
    // Nobody may lead a request out of its group version's paths by dots.
    if (this.#byRoot.size === 0 || /\/(?:\.|%2e){1,2}(?:\/|$)/i.test(path)) return undefined
    const root = /^\/+(?:api\/+[^/]+|apis\/+[^/]+\/+[^/]+)/.exec(path)?.[0]
    return root === undefined ? undefined : this.#byRoot.get(root.replace(/\/+/g, '/'))
  }

  all(): Iterable<RemoteService> {
    return this.#byRoot.values()
  }

  /** Where the server is: the Service's external name, or one of its ready endpoints. Throws 503. */
  endpointOf({ namespace, service: name, port }: RemoteService): { host: string; port: number } {
    const service = this.#objects.get(services, namespace, name)
    if (!service) throw new StatusError(503, 'ServiceUnavailable', `service "${name}" not found`)
    if (service.spec?.type === 'ExternalName') return { host: service.spec.externalName ?? '', port }
    return serviceEndpoint(service, slicesOf(this.#objects, namespace, name), String(port), Math.random())
  }

  /** The address that the Service stands for, as people know it: `10.43.0.9:443`, or its external name. */
  addressOf({ namespace, service: name, port }: RemoteService): string {
    const { type, externalName, clusterIP } = this.#objects.get(services, namespace, name)?.spec ?? {}
    return `${type === 'ExternalName' ? externalName : (clusterIP ?? `${name}.${namespace}.svc`)}:${port}`
  }

  close(): void {
    this.#stop()
  }
}

export function slicesOf(objects: Objects, namespace: string, service: string): EndpointSlice[] {
  const isOwn = (slice: EndpointSlice) => slice.metadata.labels?.['kubernetes.io/service-name'] === service
  return objects.list(endpointslices, namespace).filter(isOwn)
}
