import { StatusError } from '../../apimachinery/status.ts'
import type { Call } from '../pipeline/call.ts'
import type { ServedResource } from '../registry/served.ts'
import type { ResourceCache } from '../watch/resource-cache.ts'
import { storageOf } from './create.ts'
import { prepareViews } from './view.ts'

/** Throws 500, in kube-apiserver's words, when what is stored under `key` cannot be read. */
export function checkReadable({ unreadable }: ResourceCache, key: string): void {
  const why = unreadable.get(key)
  if (why === undefined) return
  throw new StatusError(500, 'InternalError', `Internal error occurred: ${why}`, { causes: [{ message: why }] })
}

/** Throws 429, as kube-apiserver does, when something of the resource cannot be read: it is never listed without that. */
export function checkListable({ unreadable }: ResourceCache, resource: ServedResource): void {
  const [[key, why] = []] = unreadable
  if (key !== undefined) throw uninitialized(resource, `unable to transform key ${JSON.stringify(key)}: ${why}`)
}

/**
 * Rejects with 429 when a webhook fails to convert an object of the resource, be it in another namespace: kube-apiserver's cache of a version has
 * all or none. undefined: all are converted.
 */
export function checkShowable({ core, resource }: Call): Promise<void> | undefined {
  if (!resource.conversion?.asksWebhook) return undefined
  const cache = core.caches.of(storageOf(resource).prefix)
  const pending = prepareViews(resource, cache.list())
  return pending && viewsOf(resource, cache, pending)
}

/** Others may write while a webhook is asked: until nothing is left to ask for. */
async function viewsOf(resource: ServedResource, cache: ResourceCache, pending: Promise<unknown>): Promise<void> {
  try {
    for (let views: typeof pending | undefined = pending; views; views = prepareViews(resource, cache.list())) await views
  } catch (error) {
    throw error instanceof StatusError ? uninitialized(resource, error.message) : error
  }
}

function uninitialized({ group, version, kind, isCustom }: ServedResource, why: string): StatusError {
  const type = isCustom ? `${group}/${version}, Kind=${kind}` : `*${group.split('.')[0] || 'core'}.${kind}`
  const message = `storage is (re)initializing: failed to list ${type}: ${why}`
  return new StatusError(429, 'TooManyRequests', message, { retryAfterSeconds: 1 })
}
