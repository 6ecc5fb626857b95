import type { KubeObject } from '../../apimachinery/object.ts'
import { apiVersionOf } from '../../apimachinery/resource.ts'
import type { ServedResource } from '../registry/served.ts'
import { inOrder } from '../watch/serialize.ts'

/** An object with nothing but its kind and the revision up to which the watch has told everything. */
export function bookmarkObject(resource: ServedResource, revision: number, endsInitial: boolean): KubeObject {
  const annotations = endsInitial ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}
  const metadata = { resourceVersion: String(revision), ...annotations }
  const { metadata: added, ...rest } = (resource.strategy.fromNothing ?? {}) as Partial<KubeObject>
  const all = { ...added, ...metadata, annotations: { ...added?.annotations, ...annotations.annotations } }
  const bookmark = { kind: resource.kind, apiVersion: apiVersionOf(resource), metadata: all, ...rest }
  return inOrder(resource.rules.canonical(bookmark), resource)
}
