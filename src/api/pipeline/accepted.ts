import {
  type Accepted,
  isRoutable,
  mediaTypeNames,
  negotiate,
  notAcceptable,
  plainJson,
  unroutable,
} from '../negotiation/accept.ts'
import { mediaType } from '../negotiation/content.ts'
import type { ServedResource } from '../registry/served.ts'
import type { ApiRequest } from '../request.ts'
import { patchTypeOf } from '../verbs/patch.ts'
import type { RequestInfo } from './request-info.ts'

/** The format of errors: they have no other form than their own, and where none is accepted they are JSON, indented. */
export function formatOf(request: ApiRequest): Accepted {
  return negotiate(request.headers, request.query, { views: false }) ?? { ...plainJson, pretty: true }
}

/** Whether errors have a form that was asked for. */
export const isOffered = ({ headers, query }: ApiRequest): boolean => negotiate(headers, query, { views: false }) !== undefined

/** What these answer is nobody's to negotiate. */
export const connections = new Set(['attach', 'exec', 'portforward', 'proxy'])

/** Throws the router's 415, then its 406: they come before what the resource itself has to say. */
export function routed(request: ApiRequest, { subresource, verb }: RequestInfo, resource: ServedResource): void {
  if (connections.has(subresource)) return
  if (verb === 'patch') patchTypeOf({ resource }, mediaType(request.headers['content-type']))
  const made = subresource === 'log' ? ['text/plain', ...mediaTypeNames] : mediaTypeNames
  if (!isRoutable(request.headers.accept, made)) throw unroutable(made, verb === 'list' || verb === 'watch')
}

/** The endpoints that kube-apiserver has no table for. */
const withoutTable = new Set([
  'apiservices/status',
  'certificatesigningrequests/approval',
  'customresourcedefinitions/status',
  'namespaces/finalize',
  'pods/ephemeralcontainers',
  'pods/log',
  'pods/resize',
  'resourceclaims/status',
  'serviceaccounts/token',
])

/** The format in which the resource answers. Throws 406. */
export function accepted(request: ApiRequest, resource: ServedResource, info: RequestInfo): Accepted {
  if (request.wantsObjects) return plainJson
  // What can only be asked (reviews) has no table either.
  const isQuestion = !resource.verbs.has('get')
  const tables = !isQuestion && !withoutTable.has(info.subresource === '' ? '' : `${resource.resource}/${info.subresource}`)
  const options = { protobuf: !resource.isCustom, tables }
  const found = negotiate(request.headers, request.query, options)
  if (!found) throw notAcceptable()
  // A form that no stream has is refused by the watch, after everything else.
  return found
}
