import { internalError, StatusError } from '../../apimachinery/status.ts'
import { Unsealable } from '../../store/encryption/encrypted-store.ts'
import { StorageFull, Unavailable, ValueTooLarge } from '../../store/store.ts'

/** What it means to the caller that the store cannot do its part; undefined: it is not the store. */
export function storeFailure(error: unknown): StatusError | undefined {
  if (error instanceof StorageFull || error instanceof Unsealable) return internalError(error.message)
  if (error instanceof ValueTooLarge) return new StatusError(413, 'RequestEntityTooLarge', 'etcdserver: request is too large')
  if (error instanceof Unavailable) return new StatusError(503, 'ServiceUnavailable', error.message, { retryAfterSeconds: 1 })
  return undefined
}
