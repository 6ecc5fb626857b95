import type { KubeObject } from '../apimachinery/object.ts'
import type { Resource } from '../apimachinery/resource.ts'
import { isNotFound } from '../apimachinery/status.ts'
import type { Client, Patch } from '../client/client.ts'

export const hasFinalizer = (object: KubeObject, finalizer: string): boolean =>
  object.metadata.finalizers?.includes(finalizer) ?? false

export const isDeleting = (object: KubeObject): boolean => object.metadata.deletionTimestamp !== undefined

/** Puts `finalizer` on `object`. Throws Conflict when the object changed since it was read. */
export async function addFinalizer<T extends KubeObject>(client: Client, resource: Resource<T>, object: T, finalizer: string) {
  if (hasFinalizer(object, finalizer)) return object
  return client.patch(
    resource,
    object.metadata.name ?? '',
    finalizersPatch(object, [...(object.metadata.finalizers ?? []), finalizer]),
    {
      namespace: object.metadata.namespace,
    },
  )
}

/** Takes `finalizer` off; an object that is gone already is fine. Throws Conflict when the object changed since it was read. */
export async function removeFinalizer<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  object: T,
  finalizer: string,
): Promise<void> {
  if (!hasFinalizer(object, finalizer)) return
  const left = (object.metadata.finalizers ?? []).filter((f) => f !== finalizer)
  try {
    await client.patch(resource, object.metadata.name ?? '', finalizersPatch(object, left), {
      namespace: object.metadata.namespace,
    })
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}

/** The whole list under the resourceVersion that was read: nobody else's finalizer is lost. */
function finalizersPatch(object: KubeObject, finalizers: readonly string[]): Patch {
  const { uid, resourceVersion } = object.metadata
  return { type: 'merge', body: { metadata: { uid, resourceVersion, finalizers } } }
}
