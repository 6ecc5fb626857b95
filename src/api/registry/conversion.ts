import type { KubeObject } from '../../apimachinery/object.ts'
import { fromV1, toV1 } from '../kinds/autoscaling/v1-conversion.ts'
import { eventsV1 } from './convert-events.ts'
import type { Conversion, Storage } from './served.ts'

const horizontalPodAutoscalerV1: Conversion = {
  fromStorage: (object) => toV1(object as Parameters<typeof toV1>[0]) as KubeObject,
  toStorage: (object) => fromV1(object as Parameters<typeof fromV1>[0]) as KubeObject,
}

/** Where the objects of a resource are kept when it is in another group or version; undefined: in its own. */
export function storedElsewhere(group: string, version: string, resource: string): Storage | undefined {
  if (group === 'events.k8s.io' && resource === 'events') {
    return { prefix: '/registry/core/events/', group: '', resource, version: 'v1', kind: 'Event', namespaced: true }
  }
  if (group === 'autoscaling' && version === 'v1') {
    const prefix = '/registry/autoscaling/horizontalpodautoscalers/'
    return { prefix, group, resource, version: 'v2', kind: 'HorizontalPodAutoscaler', namespaced: true }
  }
  return undefined
}

/** How objects of a built-in kind become what is stored and back; undefined when they are stored as they are. */
export function conversionOf(gvk: string): Conversion | undefined {
  if (gvk === 'events.k8s.io/v1/Event') return eventsV1
  if (gvk === 'autoscaling/v1/HorizontalPodAutoscaler') return horizontalPodAutoscalerV1
  return undefined
}

/** A built-in object in another version of its kind; undefined when its kind has no such version. */
export function convertBuiltIn(object: Record<string, unknown>, apiVersion: string): Record<string, unknown> | undefined {
  const from = conversionOf(`${String(object.apiVersion)}/${String(object.kind)}`)
  const to = conversionOf(`${apiVersion}/${String(object.kind)}`)
  const hub = from ? from.toStorage(object as unknown as KubeObject) : object
  const home = storageVersions[`${apiVersion}/${String(object.kind)}`] ?? apiVersion
  if ((hub as { apiVersion?: string }).apiVersion !== home) return undefined
  return (to ? to.fromStorage(hub as unknown as KubeObject) : hub) as unknown as Record<string, unknown>
}

const storageVersions: Readonly<Record<string, string>> = {
  'events.k8s.io/v1/Event': 'v1',
  'autoscaling/v1/HorizontalPodAutoscaler': 'autoscaling/v2',
}

/** Renames the top-level fields of `object`; those that `names` does not list stay. */
export function renamed(object: KubeObject, apiVersion: string, names: Readonly<Record<string, string>>): KubeObject {
  const out: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(object)) out[Object.hasOwn(names, key) ? (names[key] ?? key) : key] = value
  return { ...out, apiVersion, metadata: object.metadata }
}
