// Random bytes from the kernel's own device: node:crypto takes longer to load than most charts to render.
import { closeSync, openSync, readSync } from 'node:fs'

/** `count` bytes fit for secrets. */
export function randomBytes(count: number): Buffer {
  let device: number
  try {
    device = openSync('/dev/urandom', 'r')
  } catch {
    return process.getBuiltinModule('node:crypto').randomBytes(count)
  }
  try {
    const bytes = Buffer.alloc(count)
    for (let at = 0; at < count; ) at += readSync(device, bytes, at, count - at, null)
    return bytes
  } finally {
    closeSync(device)
  }
}
