// Checksums.
import { toBytes } from '../gotemplate/bytes.ts'
import type { Implementation } from '../gotemplate/function-table.ts'

const digest = (algorithm: string) => (s: string) =>
  process.getBuiltinModule('node:crypto').createHash(algorithm).update(toBytes(s)).digest('hex')

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
  sha1sum: digest('sha1'),
  sha256sum: digest('sha256'),
  sha512sum: digest('sha512'),
  adler32sum: adler32,
}
