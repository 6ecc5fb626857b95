import type { KubeObject } from '../../apimachinery/object.ts'
import { apiVersionOf, pathOf, type Resource } from '../../apimachinery/resource.ts'
import { type Status, StatusError } from '../../apimachinery/status.ts'
import { apiserverUser } from '../auth/users.ts'
import type { ApiRequest, ApiResponse, HandleRequest } from '../request.ts'

type Asked = Pick<ApiRequest, 'method' | 'path'> & Partial<Pick<ApiRequest, 'body' | 'headers' | 'query'>>

/** A request of the API server itself, through the pipeline as any other. Throws StatusError, but for 404. */
async function ask(handle: HandleRequest, asked: Asked): Promise<ApiResponse> {
  const response = await handle({
    query: new URLSearchParams(),
    ...asked,
    headers: { 'user-agent': 'kube-apiserver', ...asked.headers },
    user: apiserverUser,
    wantsObjects: true,
    signal: new AbortController().signal,
  })
  if (response.status >= 400 && response.status !== 404 && 'object' in response.body)
    throw StatusError.from(response.body.object as Status)
  return response
}

/** Makes an object as it should be (server-side apply). */
export async function apply(
  handle: HandleRequest,
  resource: Resource<unknown>,
  object: KubeObject & Record<string, unknown>,
): Promise<void> {
  const { namespace, name = '' } = object.metadata
  await ask(handle, {
    method: 'PATCH',
    path: pathOf(resource, namespace, name),
    query: new URLSearchParams({ fieldManager: 'kube-apiserver', force: 'true' }),
    headers: { 'content-type': 'application/apply-patch+yaml' },
    body: { apiVersion: apiVersionOf(resource), kind: resource.kind, ...object },
  })
}

export async function remove(handle: HandleRequest, resource: Resource<unknown>, namespace: string, name: string): Promise<void> {
  await ask(handle, { method: 'DELETE', path: pathOf(resource, namespace, name) })
}
