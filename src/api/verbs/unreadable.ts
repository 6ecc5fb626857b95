import { StatusError } from '../../apimachinery/status.ts'
import type { ServedResource } from '../registry/served.ts'
import type { ResourceCache } from '../watch/resource-cache.ts'

/** Throws 500, in kube-apiserver's words, when what is stored under `key` cannot be read. */
export function checkReadable({ unreadable }: ResourceCache, key: string): void {
  const why = unreadable.get(key)
  if (why === undefined) return
  throw new StatusError(500, 'InternalError', `Internal error occurred: ${why}`, { causes: [{ message: why }] })
}

/** Throws 429, as kube-apiserver does, when something of the resource cannot be read: it is never listed without that. */
export function checkListable({ unreadable }: ResourceCache, { group, kind }: ServedResource): void {
  const [[key, why] = []] = unreadable
  if (key === undefined) return
  const type = `*${group.split('.')[0] || 'core'}.${kind}`
  const message = `storage is (re)initializing: failed to list ${type}: unable to transform key ${JSON.stringify(key)}: ${why}`
  throw new StatusError(429, 'TooManyRequests', message, { retryAfterSeconds: 1 })
}
