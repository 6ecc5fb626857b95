// Checksums.
import { toBytes } from '../../gotemplate/bytes.ts'
import type { Implementation } from '../../gotemplate/function-table.ts'
import { sha256 } from './sha256.ts'

const digest = (algorithm: string, bytes: Uint8Array) =>
  process.getBuiltinModule('node:crypto').createHash(algorithm).update(bytes).digest('hex')

/** Above this many bytes loading node:crypto pays. */
const SHORT = 32 << 10

/** What most charts ask for, of the text of a ConfigMap. */
function sha256sum(s: string): string {
  const bytes = toBytes(s)
  return bytes.length > SHORT ? digest('sha256', bytes) : sha256(bytes)
}

function adler32(s: string): string {
  let a = 1
  let b = 0
  for (const byte of toBytes(s)) {
    a = (a + byte) % 65521
    b = (b + a) % 65521
  }
  return String(b * 65536 + a)
}

export const hashes: { readonly [name: string]: Implementation } = {
  sha1sum: (s: string) => digest('sha1', toBytes(s)),
  sha256sum,
  sha512sum: (s: string) => digest('sha512', toBytes(s)),
  adler32sum: adler32,
}
