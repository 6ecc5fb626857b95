import type { KubeObject } from '../apimachinery/object.ts'
import type { Resource } from '../apimachinery/resource.ts'
import type { Client } from '../client/client.ts'
import { sameStatus } from './equality.ts'

interface WithStatus<S> extends KubeObject {
  status?: S
}

/** Writes `status` to the status subresource of `object`, unless it says that already. Throws Conflict when the object changed. */
export async function writeStatus<S, T extends WithStatus<S>>(
  client: Client,
  resource: Resource<T>,
  object: T,
  status: NonNullable<T['status']>,
): Promise<T> {
  if (sameStatus(object.status, status)) return object
  return client.update(resource, { ...object, status }, { subresource: 'status', namespace: object.metadata.namespace })
}
