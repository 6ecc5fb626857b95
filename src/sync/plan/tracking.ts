import type { Unstructured } from '../../apimachinery/object.ts'
import { parseApiVersion, type Resource } from '../../apimachinery/resource.ts'

/** How a live object says which Application it belongs to (Argo CD's annotation tracking). */
export const trackingAnnotation = 'argocd.argoproj.io/tracking-id'

function trackingId(application: string, object: Unstructured): string {
  const { group } = parseApiVersion(object.apiVersion ?? '')
  return `${application}:${group}/${object.kind}:${object.metadata.namespace ?? ''}/${object.metadata.name}`
}

/** The Application that tracks `object`; a copy that carries another object's id is nobody's. */
export function trackedBy(object: Unstructured): string | undefined {
  const id = object.metadata.annotations?.[trackingAnnotation]
  const application = id?.slice(0, id.indexOf(':'))
  return application && id === trackingId(application, object) ? application : undefined
}

/** `object` as it is applied: with its namespace filled in, and tracked by `application`. */
export function prepared(object: Unstructured, resource: Resource, application: string, namespace: string): Unstructured {
  const { namespace: own, ...metadata } = object.metadata
  const placed = resource.namespaced ? { namespace: own ?? namespace, ...metadata } : metadata
  const tracked = { ...object, metadata: placed } as Unstructured
  tracked.metadata = {
    ...placed,
    annotations: { ...object.metadata.annotations, [trackingAnnotation]: trackingId(application, tracked) },
  }
  return tracked
}
