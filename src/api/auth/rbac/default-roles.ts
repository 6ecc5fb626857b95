import type { KubeObject } from '../../../apimachinery/object.ts'
import { pathOf, type Resource } from '../../../apimachinery/resource.ts'
import { isAlreadyExists, isConflict, isNotFound, type Status, StatusError } from '../../../apimachinery/status.ts'
import type { Objects } from '../../objects.ts'
import type { HandleRequest } from '../../request.ts'
import { apiserverUser } from '../users.ts'
import { type BootstrapWrite, decideBootstrap } from './bootstrap.ts'

const never = new AbortController().signal

/** Makes and repairs the default roles and bindings, at start, through the pipeline. The namespaces must exist. Throws StatusError. */
export async function writeDefaultRoles(objects: Objects, handle: HandleRequest): Promise<void> {
  await Promise.all(decideBootstrap(objects).map((write) => apply(handle, write)))
}

async function apply(handle: HandleRequest, { operation, resource, object }: BootstrapWrite): Promise<void> {
  const { namespace, name } = object.metadata
  if (operation === 'update') return send(handle, 'PUT', resource, namespace, name, object)
  if (operation === 'recreate') await send(handle, 'DELETE', resource, namespace, name)
  return send(handle, 'POST', resource, namespace, undefined, object)
}

async function send(
  handle: HandleRequest,
  method: string,
  resource: Resource<KubeObject>,
  namespace: string | undefined,
  name: string | undefined,
  body?: object,
): Promise<void> {
  const response = await handle({
    method,
    path: pathOf(resource, namespace, name),
    query: new URLSearchParams(),
    headers: { 'user-agent': 'kube-apiserver' },
    user: apiserverUser,
    wantsObjects: true,
    signal: never,
    ...(body ? { body } : {}),
  })
  if (response.status < 400 || !('object' in response.body)) return
  const error = StatusError.from(response.body.object as Status)
  // Another server of the same store did it first.
  if (!isAlreadyExists(error) && !isConflict(error) && !isNotFound(error)) throw error
}
