import { internalError, StatusError } from '../../apimachinery/status.ts'
import { RequestForbidden } from '../auth/forbidden.ts'
import type { Accepted } from '../negotiation/accept.ts'
import type { ApiRequest, ApiResponse } from '../request.ts'
import { formatOf } from './accepted.ts'
import { encodeObject } from './encode.ts'
import type { RequestInfo } from './request-info.ts'
import { storeFailure } from './store-failure.ts'

/** The Status that says what went wrong. */
export function statusOf(request: ApiRequest, error: unknown): StatusError {
  const known = error instanceof StatusError ? error : storeFailure(error)
  if (known) return known
  if (isTooDeep(error)) return new StatusError(400, 'BadRequest', 'the request is nested too deeply to be read')
  console.error(`${request.method} ${request.path}:`, error)
  return internalError(error instanceof Error ? error.message : String(error))
}

/** Whatever recurses over what a client sent ends here when that goes too deep. */
const isTooDeep = (error: unknown): boolean => error instanceof RangeError && error.message.startsWith('Maximum call stack size')

/** A failure in the format that the caller accepts. */
export function failure(request: ApiRequest, accepted: Accepted, status: StatusError): ApiResponse {
  const accept = accepted.as === '' ? accepted : formatOf(request)
  const encoded = encodeObject(accept, status.code, status.status, statusKind, request.wantsObjects === true)
  const unsniffed = status instanceof RequestForbidden ? { 'x-content-type-options': 'nosniff' } : {}
  const response = { ...encoded, headers: { ...encoded.headers, ...unsniffed } }
  const retry = status.status.details?.retryAfterSeconds
  return retry ? { ...response, headers: { ...response.headers, 'retry-after': String(retry) } } : response
}

/** The router refuses a patch of a type that it does not know, before the resource is asked. */
export const isUnrouted = ({ verb }: RequestInfo, error: unknown): boolean =>
  verb === 'patch' && error instanceof StatusError && error.code === 415

const statusKind = { group: '', version: 'v1', kind: 'Status' }
