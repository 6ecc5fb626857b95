import { quote } from '../../apimachinery/go-quote.ts'
import type { Pod } from '../../apimachinery/kinds.generated.ts'
import { isPathSegmentName } from '../../apimachinery/names.ts'
import { forbidden, type StatusError } from '../../apimachinery/status.ts'
import type { AdmissionRequest } from './admission.ts'

/** The 403 of an admission plugin; it names the object even while its name is still to be made. */
export function refuse(request: AdmissionRequest, why: string): StatusError {
  const { metadata } = request.object ?? {}
  return forbidden(request, request.name || metadata?.name || metadata?.generateName || 'Unknown', why)
}

/** The pod that is being created or updated itself (not a subresource); undefined for any other request. */
export function podOf(request: AdmissionRequest): Pod | undefined {
  return request.resource === 'pods' && request.group === '' && request.subresource === ''
    ? (request.object as Pod | undefined)
    : undefined
}

/** What a client's GET by `name` fails with before it is sent; undefined for a name that can be asked for. */
export function unaskable(name: string): string | undefined {
  if (name === '') return 'resource name may not be empty'
  const problems = isPathSegmentName(name)
  return problems.length > 0 ? `invalid resource name ${quote(name)}: [${problems.join(' ')}]` : undefined
}

export const isWrite = ({ operation }: AdmissionRequest): boolean => operation === 'CREATE' || operation === 'UPDATE'
export const isResource = (request: AdmissionRequest, group: string, resource: string): boolean =>
  request.resource === resource && request.group === group
