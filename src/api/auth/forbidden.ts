import { groupResource } from '../../apimachinery/resource.ts'
import { forbidden, StatusError } from '../../apimachinery/status.ts'
import type { Attributes } from './authorizer.ts'

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }

/** `User "x" cannot get resource "pods" in API group "" in the namespace "y"`. */
function refusalText({ user, verb, resource, path }: Attributes): string {
  const name = JSON.stringify(user.name)
  if (!resource) return `User ${name} cannot ${verb} path ${JSON.stringify(path ?? '')}`
  const what = resource.subresource ? `${resource.resource}/${resource.subresource}` : resource.resource
  const where = resource.namespace ? `in the namespace ${JSON.stringify(resource.namespace)}` : 'at the cluster scope'
  return `User ${name} cannot ${verb} resource ${JSON.stringify(what)} in API group ${JSON.stringify(resource.group)} ${where}`
}

/** What was not looked at any further: its answer, which quotes it, may not be taken for another type than it says. */
export class RequestForbidden extends StatusError {}

/** The 403 answer for a request that no authorizer allowed (k8s.io/apiserver/pkg/endpoints/handlers/responsewriters). */
export function forbiddenRequest(attributes: Attributes, reason: string): RequestForbidden {
  const text = refusalText(attributes).replace(/[&<>]/g, (c) => escapes[c] ?? c)
  const why = reason ? `${text}: ${reason}` : text
  const { resource } = attributes
  if (!resource || groupResource(resource) === '') return new RequestForbidden(403, 'Forbidden', `forbidden: ${why}`, {})
  const { message, details } = forbidden(resource, resource.name, why).status
  return new RequestForbidden(403, 'Forbidden', message ?? '', details)
}
