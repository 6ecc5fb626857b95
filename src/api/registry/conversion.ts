import type { KubeObject } from '../../apimachinery/object.ts'
import { parseApiVersion } from '../../apimachinery/resource.ts'
import { kinds } from '../kinds/index.ts'
import type { Kind } from '../kinds/kind.ts'
import type { Conversion, Storage } from './served.ts'

const byGvk = new Map(kinds.map((k) => [k.gvk, k]))

/** Where the objects of a kind are kept when it is in another group or version; undefined: in its own. */
export function storedElsewhere(gvk: string, resource: string): Storage | undefined {
  const stored = byGvk.get(gvk)?.storedAs?.gvk
  if (!stored) return undefined
  const slash = stored.lastIndexOf('/')
  const { group, version } = parseApiVersion(stored.slice(0, slash))
  return { prefix: prefixOf(group, resource), group, resource, version, kind: stored.slice(slash + 1), namespaced: true }
}

/** How objects of a built-in kind become what is stored and back; undefined when they are stored as they are. */
export function conversionOf(strategy: Kind | undefined): Conversion | undefined {
  const storedAs = strategy?.storedAs
  return storedAs && { fromStorage: storedAs.fromStored, toStorage: storedAs.toStored }
}

/** A built-in object in another version of its kind; undefined when its kind has no such version. */
export function convertBuiltIn(object: Record<string, unknown>, apiVersion: string): Record<string, unknown> | undefined {
  const kind = String(object.kind)
  const from = byGvk.get(`${String(object.apiVersion)}/${kind}`)?.storedAs
  const to = byGvk.get(`${apiVersion}/${kind}`)?.storedAs
  const hub = from ? from.toStored(object as unknown as KubeObject) : (object as unknown as KubeObject)
  if (hub.apiVersion !== (to ? to.gvk.slice(0, to.gvk.lastIndexOf('/')) : apiVersion)) return undefined
  return (to ? to.fromStored(hub) : hub) as unknown as Record<string, unknown>
}

/** `/registry/apps/deployments/`; the core group is kept as `core`. */
export function prefixOf(group: string, resource: string): string {
  return `/registry/${group || 'core'}/${resource}/`
}
