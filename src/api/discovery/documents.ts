import { createHash } from 'node:crypto'
import { apiVersionOf } from '../../apimachinery/resource.ts'
import type { RemoteVersion } from '../aggregation/discovery.ts'
import { localPriority, type Priority } from '../aggregation/priorities.ts'
import type { ServedResource, ServedSubresource } from '../registry/served.ts'

/** A group with its versions, the preferred first, and their resources. */
export interface Group {
  readonly name: string
  readonly versions: readonly GroupVersion[]
}

interface GroupVersion {
  readonly version: string
  readonly resources: readonly ServedResource[]
  readonly priority: Priority
  /** Served by another API server. */
  readonly remote?: RemoteVersion
}

/** The groups by priority: the core group is first, under the name ''. */
export function groupsOf(resources: Iterable<ServedResource>, remotes: readonly RemoteVersion[] = []): Group[] {
  const groups = new Map<string, Map<string, ServedResource[]>>()
  for (const r of resources) {
    const versions = groups.get(r.group) ?? new Map<string, ServedResource[]>()
    groups.set(r.group, versions)
    const list = versions.get(r.version) ?? []
    versions.set(r.version, list)
    list.push(r)
  }
  for (const { group } of remotes) if (!groups.has(group)) groups.set(group, new Map())
  return [...groups].map(([name, versions]) => ({ name, versions: versionsOf(name, versions, remotes) })).sort(byGroupPriority)
}

function versionsOf(
  group: string,
  local: ReadonlyMap<string, readonly ServedResource[]>,
  remotes: readonly RemoteVersion[],
): GroupVersion[] {
  const found = new Map<string, GroupVersion>()
  for (const [version, resources] of local) found.set(version, { version, resources, priority: localPriority(group, version) })
  for (const remote of remotes) {
    if (remote.group !== group) continue
    const priority = { group: remote.groupPriority, version: remote.versionPriority }
    found.set(remote.version, { version: remote.version, resources: [], priority, remote })
  }
  return [...found.values()].sort(byVersionPriority)
}

/** A group stands where its highest version puts it; equals by the name of their first APIService. */
function byGroupPriority(a: Group, b: Group): number {
  const highest = ({ versions }: Group) => Math.max(...versions.map((v) => v.priority.group))
  const name = ({ name: group, versions }: Group) => `${versions[0]?.version}.${group}`
  return highest(b) - highest(a) || (name(a) < name(b) ? -1 : 1)
}

/** By priority, then Kubernetes' order of versions: v2 before v1, GA before beta before alpha. */
function byVersionPriority(a: GroupVersion, b: GroupVersion): number {
  return b.priority.version - a.priority.version || rank(b.version) - rank(a.version) || (a.version < b.version ? -1 : 1)
}

function rank(version: string): number {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version)
  if (!match) return -1
  const stage = match[2] === 'alpha' ? 1 : match[2] === 'beta' ? 2 : 3
  return stage * 1e8 + Number(match[1]) * 1e4 + Number(match[3] ?? 0)
}

/** An answer of /api, /apis or below; those of the core group say no version of their own. */
export interface DiscoveryDocument {
  readonly kind: string
  readonly apiVersion?: string
  readonly [field: string]: unknown
}

export function apiVersions(address: string): DiscoveryDocument {
  const serverAddressByClientCIDRs = [{ clientCIDR: '0.0.0.0/0', serverAddress: address }]
  return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs }
}

const groupVersion = (group: string, version: string) => ({ groupVersion: apiVersionOf({ group, version }), version })

export function apiGroup(group: Group): object {
  const versions = group.versions.map((v) => groupVersion(group.name, v.version))
  return { name: group.name, versions, preferredVersion: versions[0] }
}

export function apiResourceList(group: string, version: string, resources: readonly ServedResource[]): DiscoveryDocument {
  return {
    kind: 'APIResourceList',
    ...(group === '' ? {} : { apiVersion: 'v1' }),
    groupVersion: apiVersionOf({ group, version }),
    resources: resources.flatMap((r) => [apiResource(r), ...[...r.subresources.values()].map((s) => apiSubresource(r, s))]),
  }
}

function apiResource(r: ServedResource): object {
  return {
    name: r.resource,
    singularName: r.singular,
    namespaced: r.namespaced,
    kind: r.kind,
    verbs: r.isCustom ? [...r.verbs] : [...r.verbs].sort(),
    ...(r.shortNames.length > 0 ? { shortNames: r.shortNames } : {}),
    ...(r.categories.length > 0 ? { categories: r.categories } : {}),
    ...(r.storage ? { storageVersionHash: storageVersionHash(r) } : {}),
  }
}

function apiSubresource(r: ServedResource, s: ServedSubresource): object {
  const isOther = s.kind.group !== r.group || s.kind.version !== r.version
  return {
    name: `${r.resource}/${s.name}`,
    singularName: '',
    namespaced: r.namespaced,
    ...(isOther ? { group: s.kind.group, version: s.kind.version } : {}),
    kind: s.kind.kind,
    verbs: [...s.verbs].sort(),
  }
}

/** Kinds that kube-apiserver 1.36 still keeps in an older version; clients compare the hash of it. */
const olderStorage: ReadonlyMap<string, string> = new Map([
  ['apiextensions.k8s.io/customresourcedefinitions', 'v1beta1'],
  ['admissionregistration.k8s.io/mutatingadmissionpolicies', 'v1beta1'],
  ['admissionregistration.k8s.io/mutatingadmissionpolicybindings', 'v1beta1'],
])

function storageVersionHash({ storage }: ServedResource): string {
  const { group, resource, version, kind } = storage ?? {}
  const text = `${group}/${olderStorage.get(`${group}/${resource}`) ?? version}/${kind}`
  return createHash('sha256').update(text).digest().subarray(0, 8).toString('base64')
}

/** apidiscovery.k8s.io APIGroupDiscoveryList of the core group, or of all others. */
export function aggregated(groups: readonly Group[]): object {
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: groups.map((g) => ({
      metadata: g.name === '' ? {} : { name: g.name },
      versions: g.versions.map(({ version: name, resources, remote }) => ({
        version: name,
        ...(remote ? remoteResources(remote) : { resources: resources.map(discovered) }),
        freshness: remote?.freshness ?? 'Current',
      })),
    })),
  }
}

const remoteResources = ({ resources }: RemoteVersion): object => (resources.length > 0 ? { resources } : {})

function discovered(r: ServedResource): object {
  const subresources = [...r.subresources.values()].map((s) => {
    const isOther = s.kind.group !== r.group || s.kind.version !== r.version
    const responseKind = isOther || r.isCustom ? s.kind : { group: '', version: '', kind: s.kind.kind }
    return { subresource: s.name, responseKind, verbs: [...s.verbs].sort() }
  })
  return {
    resource: r.resource,
    responseKind: { group: r.isCustom ? r.group : '', version: r.isCustom ? r.version : '', kind: r.kind },
    scope: r.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: r.singular,
    verbs: r.isCustom ? [...r.verbs] : [...r.verbs].sort(),
    ...(r.shortNames.length > 0 ? { shortNames: r.shortNames } : {}),
    ...(r.categories.length > 0 ? { categories: r.categories } : {}),
    ...(subresources.length > 0 ? { subresources } : {}),
  }
}
