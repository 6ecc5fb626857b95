import type { KubeObject, ObjectMeta } from '../../apimachinery/object.ts'
import { apiVersionOf } from '../../apimachinery/resource.ts'
import type { ServedConversion } from './served-webhooks.ts'

/** The request of a ConversionReview of apiextensions.k8s.io/v1. */
export interface ConversionRequest {
  readonly uid: string
  readonly desiredAPIVersion: string
  readonly objects: readonly KubeObject[]
}

/** Answers a ConversionReview: all objects in the version that is asked for, or why not. */
export function convertReview(conversion: ServedConversion, request: ConversionRequest): object {
  return { apiVersion: 'apiextensions.k8s.io/v1', kind: 'ConversionReview', response: respond(conversion, request) }
}

function respond(conversion: ServedConversion, { uid, desiredAPIVersion, objects }: ConversionRequest): object {
  try {
    const convertedObjects = objects.map((o) => convertObject(conversion, o, desiredAPIVersion))
    return { uid, convertedObjects, result: { status: 'Success' } }
  } catch (error) {
    return { uid, convertedObjects: [], result: { status: 'Failure', message: (error as Error).message } }
  }
}

/** One object in another version, by way of the operator's own. Throws Error for a version that nobody defined. */
function convertObject({ resource, versions }: ServedConversion, object: KubeObject, apiVersion: string): KubeObject {
  const hub = apiVersionOf(resource)
  const conversionOf = (version: string) => {
    const found = versions[version.slice(version.indexOf('/') + 1)]
    if (found) return found
    throw new Error(`${resource.kind}: no conversion between ${version} and ${hub} is defined`)
  }
  const from = object.apiVersion ?? hub
  if (from === apiVersion) return object
  const middle = from === hub ? object : withMetadata(conversionOf(from).up(object as never), object, hub)
  return apiVersion === hub ? middle : withMetadata(conversionOf(apiVersion).down(middle), object, apiVersion)
}

/** A conversion may change labels and annotations, and no other metadata. */
function withMetadata(converted: object, { metadata, kind }: KubeObject, apiVersion: string): KubeObject {
  const changed = (converted as { metadata?: ObjectMeta }).metadata
  const labels = changed?.labels ?? metadata.labels
  const annotations = changed?.annotations ?? metadata.annotations
  return {
    ...converted,
    apiVersion,
    ...(kind ? { kind } : {}),
    metadata: { ...metadata, ...(labels ? { labels } : {}), ...(annotations ? { annotations } : {}) },
  }
}
