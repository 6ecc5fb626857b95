import type { Change, Revision } from './store.ts'

/** Before the value: where its own revision belongs in it, for who must keep it without (etcd gives a revision only with the commit). */
const headerBytes = 4
const none = 0xffffffff

/** What is kept of a change's value. */
export function withoutRevision({ value, stamp }: Change): Buffer | undefined {
  if (!stamp) return value && framed(none, value, value.length)
  const stamped = stamp.at(0)
  const out = framed(stamp.offset, stamped, stamp.offset)
  // After the offset stands the digit 0.
  return Buffer.concat([out, stamped.subarray(stamp.offset + 1)])
}

function framed(offset: number, value: Uint8Array, length: number): Buffer {
  const out = Buffer.allocUnsafe(headerBytes + length)
  out.writeUInt32BE(offset, 0)
  out.set(value.subarray(0, length), headerBytes)
  return out
}

/** The value, with `revision` where it belongs. */
export function withRevision(kept: Buffer, revision: Revision): Buffer {
  // Nothing that we wrote.
  if (kept.length < headerBytes) return kept
  const offset = kept.readUInt32BE(0)
  const value = kept.subarray(headerBytes)
  if (offset === none) return value
  return Buffer.concat([value.subarray(0, offset), Buffer.from(String(revision)), value.subarray(offset)])
}
