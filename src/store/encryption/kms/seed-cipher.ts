import { createHmac, randomBytes } from 'node:crypto'
import { openGcm, sealGcm } from '../providers.ts'

export const seedBytes = 32
const infoBytes = 32

/** Opens what one DEK source sealed. Throws when it did not. */
export interface Opener {
  open(sealed: Buffer, context: string): Buffer
}

export interface Cipher extends Opener {
  seal(plain: Uint8Array, context: string): Buffer
}

/**
 * HKDF_SHA256_XNONCE_AES_GCM_SEED: each value has a key of its own, HKDF-Expand(seed, 32 random bytes), which stand before it. Throws for a
 * seed that is too short.
 */
export function seedCipher(seed: Buffer): Cipher {
  if (seed.length < seedBytes) throw new Error(`invalid seed length ${seed.length} used for key generation`)
  return {
    seal(plain, context) {
      const info = randomBytes(infoBytes)
      return Buffer.concat([info, sealGcm(derivedKey(seed, info), plain, context)])
    },
    open(sealed, context) {
      if (sealed.length < infoBytes) throw new Error('the stored data was shorter than the required size')
      return openGcm(derivedKey(seed, sealed.subarray(0, infoBytes)), sealed.subarray(infoBytes), context)
    },
  }
}

/** AES_GCM_KEY: what Kubernetes before 1.29 wrote, one key for all values. Nothing is sealed with it any more. */
export function keyOpener(key: Buffer): Opener {
  if (![16, 24, 32].includes(key.length)) throw new Error(`crypto/aes: invalid key size ${key.length}`)
  return { open: (sealed, context) => openGcm(key, sealed, context) }
}

/** The first block of RFC 5869's expansion is as long as the key. */
function derivedKey(seed: Buffer, info: Buffer): Buffer {
  return createHmac('sha256', seed).update(info).update(Uint8Array.of(1)).digest()
}
