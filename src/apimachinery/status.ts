import { quote } from './go-quote.ts'
import { groupResource } from './resource.ts'

/** meta.k8s.io/v1 Status: the body of every error answer. */
export interface Status {
  kind: 'Status'
  apiVersion: 'v1'
  metadata: { resourceVersion?: string; continue?: string }
  status: 'Success' | 'Failure'
  message?: string
  reason?: string
  details?: StatusDetails
  code?: number
}

interface StatusDetails {
  name?: string
  group?: string
  kind?: string
  uid?: string
  causes?: StatusCause[]
  retryAfterSeconds?: number
}

interface StatusCause {
  reason?: string
  message?: string
  field?: string
}

/** An error answer of the API, on either side of the wire. `status` is the body as it is or was sent. */
export class StatusError extends Error {
  readonly status: Status

  constructor(code: number, reason: string, message: string, details?: StatusDetails) {
    super(message)
    this.name = 'StatusError'
    this.status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      reason,
      ...(details ? { details } : {}),
      code,
    }
  }

  get code(): number {
    return this.status.code ?? 500
  }

  get reason(): string {
    return this.status.reason ?? ''
  }

  /** From the body of an error answer. */
  static from(status: Status): StatusError {
    const error = new StatusError(status.code ?? 500, status.reason ?? '', status.message ?? '')
    Object.assign(error.status, status)
    if (status.reason === undefined) delete error.status.reason
    return error
  }
}

type Named = { readonly group: string; readonly resource: string }

const details = (r: Named, name: string): StatusDetails => ({
  ...(name ? { name } : {}),
  ...(r.group ? { group: r.group } : {}),
  kind: r.resource,
})

export function notFound(r: Named, name: string): StatusError {
  return new StatusError(404, 'NotFound', `${groupResource(r)} ${quote(name)} not found`, details(r, name))
}

export function alreadyExists(r: Named, name: string): StatusError {
  return new StatusError(409, 'AlreadyExists', `${groupResource(r)} ${quote(name)} already exists`, details(r, name))
}

/** An optimistic-lock or precondition conflict; `why` is the sentence after the colon. */
export function conflict(r: Named, name: string, why: string): StatusError {
  return new StatusError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${groupResource(r)} ${quote(name)}: ${why}`,
    details(r, name),
  )
}

export function forbidden(r: Named, name: string, why: string): StatusError {
  return new StatusError(
    403,
    'Forbidden',
    `${groupResource(r)}${name ? ` ${quote(name)}` : ''} is forbidden: ${why}`,
    details(r, name),
  )
}

export function badRequest(message: string): StatusError {
  return new StatusError(400, 'BadRequest', message)
}

export function methodNotSupported({ group, resource }: { group: string; resource: string }, verb: string): StatusError {
  const details = { ...(group ? { group } : {}), kind: resource }
  const qualified = group ? `${resource}.${group}` : resource
  return new StatusError(405, 'MethodNotAllowed', `${verb} is not supported on resources of kind "${qualified}"`, details)
}

export function unauthorized(message = 'Unauthorized'): StatusError {
  return new StatusError(401, 'Unauthorized', message)
}

/** `The resourceVersion for the provided watch is too old` and its relatives: start again with a list. */
export function gone(message: string): StatusError {
  return new StatusError(410, 'Expired', message)
}

export function internalError(message: string): StatusError {
  return new StatusError(500, 'InternalError', `Internal error occurred: ${message}`, { causes: [{ message }] })
}

/** What Go's server makes of an error without a status: 500 with the bare message and no reason. */
export function unforeseen(message: string): StatusError {
  const error = new StatusError(500, '', message)
  delete error.status.reason
  return error
}

/** Whether there is no such object (404). */
export const isNotFound = (e: unknown): boolean => e instanceof StatusError && e.code === 404
/** Nothing can be made in a namespace that is being deleted. */
export const isNamespaceTerminating = (error: unknown): boolean =>
  error instanceof StatusError && (error.status.details?.causes ?? []).some((c) => c.reason === 'NamespaceTerminating')

/** Whether a write was refused because the object was changed since it was read (409). */
export const isConflict = (e: unknown): boolean => e instanceof StatusError && e.code === 409 && e.reason === 'Conflict'
/** Whether an object was not created because one of its name is there (409). */
export const isAlreadyExists = (e: unknown): boolean => e instanceof StatusError && e.reason === 'AlreadyExists'
/** Whether what is asked for is not kept any more (410): a list begins anew. */
export const isGone = (e: unknown): boolean => e instanceof StatusError && e.code === 410
