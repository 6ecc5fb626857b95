import { StatusError } from '../../apimachinery/status.ts'
import type { Call } from '../pipeline/call.ts'
import { storageOf } from './create.ts'

/** So long a read waits for the revision that it wants to see at least (kube-apiserver's watch cache). */
const longestWaitMs = 3000

/** Seconds after which a client may ask again: none where nothing waits, and more for a watch of that. */
interface RetryAfter {
  readonly uncached: number
}

/**
 * A read wants to see `asked` at least: waits until that is there. Throws 504 when it does not come. `shown`: how the client wrote it, which
 * may be beyond what a number holds.
 */
export function mayShow(call: Call, asked: number, shown: string, { uncached }: RetryAfter): void | Promise<void> {
  const { caches } = call.core
  if (asked <= caches.revision) return undefined
  if (isUncached(call)) throw tooLargeVersion(shown, caches.revision, uncached)
  return Promise.resolve(caches.reach(asked, longestWaitMs)).then((isThere) => {
    if (!isThere) throw tooLargeVersion(shown, caches.revision)
  })
}

/** kube-apiserver keeps no cache of events: it has nothing to wait for. */
const isUncached = ({ resource }: Call): boolean => storageOf(resource).resource === 'events'

/** `retryAfterSeconds`: 0 for a client that has nothing to wait for. */
export function tooLargeVersion(asked: number | string, current: number, retryAfterSeconds = 1): StatusError {
  return new StatusError(504, 'Timeout', `Timeout: Too large resource version: ${asked}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    ...(retryAfterSeconds > 0 ? { retryAfterSeconds } : {}),
  })
}
