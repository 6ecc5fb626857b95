import { methodNotSupported, notFound, StatusError } from '../../apimachinery/status.ts'
import { objectHistory } from '../history/object-history.ts'
import type { Verb } from '../pipeline/call.ts'
import type { RequestInfo } from '../pipeline/request-info.ts'
import { logs, proxy, stream } from '../proxy/connect.ts'
import type { ServedResource } from '../registry/served.ts'
import { get } from '../verbs/get.ts'
import { patch } from '../verbs/patch.ts'
import { update } from '../verbs/update.ts'
import { bind } from './binding.ts'
import { evict } from './eviction.ts'
import { getScale, patchScale, updateScale } from './scale.ts'
import { createToken } from './token.ts'

/** Those that are not the object's own kind written through an endpoint of its own. */
const particular: Readonly<Record<string, Verb>> = {
  'scale get': getScale,
  'scale update': updateScale,
  'scale patch': patchScale,
  'binding create': bind,
  'eviction create': evict,
  'token create': createToken,
  'log get': logs,
  'exec get': stream('exec'),
  'exec create': stream('exec'),
  'attach get': stream('attach'),
  'attach create': stream('attach'),
  'portforward get': stream('portforward'),
  'portforward create': stream('portforward'),
}

/** What answers a request for a subresource. Throws 404 and 405. */
export function subresourceVerb(resource: ServedResource, info: RequestInfo, method: string): Verb {
  // Not Kubernetes', and so not among the resources that discovery lists.
  if (info.subresource === 'history' && info.verb === 'get' && resource.storage) return objectHistory
  const subresource = resource.subresources.get(info.subresource)
  if (!subresource && resource.isCustom) throw notFound(resource, info.name)
  if (!subresource) throw new StatusError(404, 'NotFound', 'the server could not find the requested resource', {})
  if (info.subresource === 'proxy' && method === 'OPTIONS') return proxy
  if (!subresource.verbs.has(info.verb)) {
    if (resource.isCustom) throw methodNotSupported(resource, info.verb)
    throw new StatusError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {})
  }
  if (info.subresource === 'proxy') return proxy
  const own = particular[`${info.subresource} ${info.verb}`]
  if (own) return own
  if (info.verb === 'get') return get
  if (info.verb === 'update') return (call) => update(call, info.subresource)
  if (info.verb === 'patch') return (call) => patch(call, info.subresource)
  throw new StatusError(501, 'NotImplemented', `${resource.resource}/${info.subresource} cannot be used yet`)
}
