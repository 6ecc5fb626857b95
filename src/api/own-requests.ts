import { apiVersionOf, pathOf, type Resource } from '../apimachinery/resource.ts'
import { isAlreadyExists, isNotFound, type Status, StatusError } from '../apimachinery/status.ts'
import { apiserverUser } from './auth/users.ts'
import type { ApiRequest, HandleRequest } from './request.ts'

/** Requests that the API server makes of itself: through the pipeline like anybody's, by system:apiserver, as manager kube-apiserver. */

/** An object, or the part of one that is applied. */
interface Written {
  readonly metadata: { readonly name?: string | undefined; readonly namespace?: string | undefined }
}

type Asked = Pick<ApiRequest, 'method' | 'path'> & Partial<Pick<ApiRequest, 'body' | 'headers' | 'query'>>

const never = new AbortController().signal

/** The object that answers. Throws StatusError for an error answer. */
export async function ask(handle: HandleRequest, asked: Asked): Promise<object> {
  const { status, body } = await handle({
    query: new URLSearchParams(),
    ...asked,
    headers: { 'user-agent': 'kube-apiserver', ...asked.headers },
    user: apiserverUser,
    wantsObjects: true,
    signal: never,
  })
  const object = 'object' in body ? body.object : undefined
  if (status < 400) return object ?? {}
  throw object ? StatusError.from(object as Status) : new StatusError(status, '', `${asked.method} ${asked.path}: ${status}`)
}

/** Creates `object` if there is none of its name. */
export async function ensure<T extends Written>(
  handle: HandleRequest,
  resource: Resource<unknown>,
  object: T,
  options: { readonly fieldManager?: string | undefined } = {},
): Promise<void> {
  const query = new URLSearchParams(options.fieldManager ? { fieldManager: options.fieldManager } : {})
  const path = pathOf(resource, object.metadata.namespace)
  try {
    await ask(handle, { method: 'POST', path, query, body: identified(resource, object) })
  } catch (error) {
    if (!isAlreadyExists(error)) throw error
  }
}

/** Writes `object`, or its status, in place of what is stored. */
export async function update<T extends Written>(
  handle: HandleRequest,
  resource: Resource<unknown>,
  object: T,
  options: { readonly subresource?: 'status' } = {},
): Promise<void> {
  const { namespace, name = '' } = object.metadata
  const path = pathOf(resource, namespace, name, options.subresource)
  await ask(handle, { method: 'PUT', path, body: identified(resource, object) })
}

/** Makes what `object` says so, whoever said otherwise (server-side apply). */
export async function apply<T extends Written>(
  handle: HandleRequest,
  resource: Resource<unknown>,
  object: T,
  options: { readonly subresource?: 'status'; readonly fieldManager?: string } = {},
): Promise<void> {
  const { namespace, name = '' } = object.metadata
  await ask(handle, {
    method: 'PATCH',
    path: pathOf(resource, namespace, name, options.subresource),
    query: new URLSearchParams({ fieldManager: options.fieldManager ?? 'kube-apiserver', force: 'true' }),
    headers: { 'content-type': 'application/apply-patch+yaml' },
    body: identified(resource, object),
  })
}

/** Deletes an object if it is there. */
export async function remove(
  handle: HandleRequest,
  resource: Resource<unknown>,
  namespace: string | undefined,
  name: string,
): Promise<void> {
  try {
    await ask(handle, { method: 'DELETE', path: pathOf(resource, namespace, name) })
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}

const identified = (resource: Resource<unknown>, object: Written): object => ({
  ...object,
  apiVersion: apiVersionOf(resource),
  kind: resource.kind,
})
