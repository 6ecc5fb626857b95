import type { KubeObject } from '../../apimachinery/object.ts'
import { apiVersionOf, pathOf, type Resource } from '../../apimachinery/resource.ts'
import { namespaces } from '../../apimachinery/resources.generated.ts'
import { type Status, StatusError } from '../../apimachinery/status.ts'
import { apiserverUser } from '../auth/users.ts'
import type { HandleRequest } from '../request.ts'

const never = new AbortController().signal

/** Makes what is missing. Runs through the pipeline like any other write. */
export async function bootstrap(handle: HandleRequest): Promise<void> {
  for (const name of ['default', 'kube-system', 'kube-public', 'kube-node-lease']) {
    await ensure(handle, namespaces, { metadata: { name } })
  }
}

/** Creates `object` if there is none of its name. */
export async function ensure(handle: HandleRequest, resource: Resource<never> | Resource, object: KubeObject): Promise<void> {
  const { namespace } = object.metadata
  const response = await handle({
    method: 'POST',
    path: pathOf(resource as Resource<unknown>, namespace),
    query: new URLSearchParams(),
    headers: { 'user-agent': 'kube-apiserver' },
    user: apiserverUser,
    wantsObjects: true,
    signal: never,
    body: { apiVersion: apiVersionOf(resource), kind: resource.kind, ...object },
  })
  if (response.status < 400 || !('object' in response.body)) return
  const status = response.body.object as Status
  if (status.reason !== 'AlreadyExists') throw StatusError.from(status)
}
