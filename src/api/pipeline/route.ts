import { badRequest, methodNotSupported, StatusError } from '../../apimachinery/status.ts'
import type { ServedResource } from '../registry/served.ts'
import { unstoredVerb } from '../reviews/reviews.ts'
import { bind } from '../subresources/binding.ts'
import { subresourceVerb } from '../subresources/subresources.ts'
import { create } from '../verbs/create.ts'
import { remove } from '../verbs/delete.ts'
import { removeCollection } from '../verbs/delete-collection.ts'
import { get } from '../verbs/get.ts'
import { list } from '../verbs/list.ts'
import { patch } from '../verbs/patch.ts'
import { update } from '../verbs/update.ts'
import { watch } from '../verbs/watch.ts'
import type { Verb } from './call.ts'
import type { RequestInfo } from './request-info.ts'

const verbs: Readonly<Record<string, Verb>> = {
  get,
  list,
  watch,
  create,
  update: (call) => update(call),
  patch: (call) => patch(call),
  delete: remove,
  deletecollection: removeCollection,
}

const noSuchResource = () => new StatusError(404, 'NotFound', 'the server could not find the requested resource', {})
/** A path that is served, by other methods. */
export const methodNotAllowed = (): StatusError =>
  new StatusError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {})

/** What answers this request. Throws 404 for paths that a resource does not have, 405 for methods. */
export function verbOf(resource: ServedResource, info: RequestInfo, method: string): Verb {
  const isNamespace = resource.resource === 'namespaces' && resource.group === ''
  if (!resource.namespaced && !isNamespace && info.namespace !== '') throw noSuchResource()
  const named = info.path.split('/').filter((s) => s !== '')
  const hasName = isNamed(resource, info, named)
  if (resource.namespaced && info.namespace === '' && hasName) throw noSuchResource()
  if (hasName && !resource.storage && !resource.verbs.has('get')) throw noSuchResource()
  const spansNamespaces = resource.namespaced && info.namespace === '' && !resource.isCustom
  // All namespaces at once are listed and watched, and nothing else.
  if (spansNamespaces && !resource.verbs.has('list')) throw noSuchResource()
  if (spansNamespaces && info.verb !== 'list' && info.verb !== 'watch') throw methodNotAllowed()
  // kube-apiserver's router knows no HEAD but of proxies; custom kinds are behind it.
  if (method === 'HEAD' && !resource.isCustom && hasEndpoint(resource, info)) throw methodNotAllowed()
  if (info.subresource !== '') return subresourceVerb(resource, info, method)
  const verb = resource.verbs.has(info.verb) ? (unstored(resource, info) ?? verbs[info.verb]) : undefined
  if (!verb) throw resource.isCustom ? methodNotSupported(resource, info.verb) : methodNotAllowed()
  // kube-apiserver's router does not see the paths of custom kinds: their names are looked at by what serves the verb.
  if (info.verb === 'create' && hasName && !resource.isCustom) throw methodNotAllowed()
  if ((info.verb === 'update' || info.verb === 'patch') && !hasName) {
    throw resource.isCustom ? badRequest('name must be provided') : methodNotAllowed()
  }
  return verb
}

const hasEndpoint = ({ subresources }: ServedResource, { subresource }: RequestInfo): boolean =>
  subresource === '' || (subresource !== 'proxy' && subresources.has(subresource))

function unstored(resource: ServedResource, info: RequestInfo): Verb | undefined {
  if (resource.storage) return undefined
  if (resource.group === '' && resource.resource === 'bindings') return bind
  return unstoredVerb(resource.group, resource.resource, info.verb)
}

function isNamed(resource: ServedResource, info: RequestInfo, segments: readonly string[]): boolean {
  if (info.name === '') return false
  return (
    segments.at(-1) !== resource.resource || info.verb === 'get' || segments.filter((s) => s === resource.resource).length > 1
  )
}
