import { randomFillSync } from 'node:crypto'

/** Letters that spell no words (k8s.io/apimachinery/pkg/util/rand). */
const alphabet = 'bcdfghjklmnpqrstvwxz2456789'
/** Bytes from here on would make some letters likelier than others. */
const fair = 256 - (256 % alphabet.length)
/** Taken from the system in one go: asking for five at a time costs more than all else that makes a name. */
const pool = new Uint8Array(4096)
let used = pool.length

/** The random end of a generated name. */
export function randomSuffix(length = 5): string {
  let suffix = ''
  while (suffix.length < length) {
    if (used === pool.length) {
      randomFillSync(pool)
      used = 0
    }
    const byte = pool[used++] as number
    if (byte < fair) suffix += alphabet[byte % alphabet.length]
  }
  return suffix
}
