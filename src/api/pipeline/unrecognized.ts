import { badRequest, type StatusError } from '../../apimachinery/status.ts'
import type { GroupVersionKind } from '../registry/served.ts'

/** The answer to a body that cannot be read at all, with its first 30 bytes as Go sums it up. */
export function unrecognized(gvk: GroupVersionKind, why: string, bytes: Uint8Array): StatusError {
  const head = Buffer.from(bytes)
    .subarray(0, 30)
    .toString(bytes[0] === 0x7b ? 'utf8' : 'hex')
  const summary = bytes.length === 0 ? '<empty>' : bytes.length > 30 ? `${head} ...` : head
  return badRequest(`the object provided is unrecognized (must be of type ${gvk.kind}): ${why} (${summary})`)
}
