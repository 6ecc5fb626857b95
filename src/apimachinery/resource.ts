import type { KubeObject } from './object.ts'

/** A resource as the API serves it: where it is in the URL, and the type of its objects. */
export interface Resource<T = KubeObject> {
  /** '' for the core group. */
  readonly group: string
  readonly version: string
  /** The URL segment: the plural in lower case. */
  readonly resource: string
  readonly kind: string
  readonly namespaced: boolean
  /** Never set; carries the type of the objects. */
  readonly objectType?: T
}

/** `apps/v1`, or `v1` for the core group. */
export function apiVersionOf(r: { readonly group: string; readonly version: string }): string {
  return r.group === '' ? r.version : `${r.group}/${r.version}`
}

/** Splits an apiVersion: `apps/v1` → group `apps`; `v1` → group ''. */
export function parseApiVersion(apiVersion: string): { group: string; version: string } {
  const slash = apiVersion.indexOf('/')
  return slash < 0
    ? { group: '', version: apiVersion }
    : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) }
}

/** `deployments.apps`, or `pods` for the core group: how Kubernetes names a resource in errors and RBAC. */
export function groupResource(r: { readonly group: string; readonly resource: string }): string {
  return r.group === '' ? r.resource : `${r.resource}.${r.group}`
}

/** The path below the server's root, e.g. `/apis/apps/v1/namespaces/default/deployments/web/scale`. Every segment is escaped. */
export function pathOf(r: Resource<unknown>, namespace?: string, name?: string, subresource?: string): string {
  const root = r.group === '' ? `/api/${r.version}` : `/apis/${r.group}/${r.version}`
  const parts = r.namespaced && namespace ? ['namespaces', namespace, r.resource] : [r.resource]
  if (name !== undefined) parts.push(name)
  if (subresource) parts.push(...subresource.split('/'))
  return `${root}/${parts.map(encodeURIComponent).join('/')}`
}
