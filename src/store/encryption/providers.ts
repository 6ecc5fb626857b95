import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { xsalsa20poly1305 } from '@noble/ciphers/salsa.js'

/** Seals and opens values with one key. `context` is the value's key in the store: a value moved to another key does not open. */
export interface Sealer {
  /** Before each sealed value; names the provider and its key. */
  readonly prefix: string
  seal(plain: Uint8Array, context: string): Buffer
  /** Of what follows the prefix. Throws when it was not sealed with this key. */
  open(sealed: Buffer, context: string): Buffer
  /** Fetches what `open` needs for it; undefined when it has all. Rejects when it cannot be had. */
  prepare?(sealed: Buffer): Promise<void> | undefined
  /** Whether it is sealed as `seal` would do it now; default: whatever has the prefix is. */
  isCurrent?(sealed: Buffer): boolean
}

export const sealedPrefix = Buffer.from('k8s:enc:')
const nonceBytes = 12
const tagBytes = 16
const blockBytes = 16
const boxNonceBytes = 24

/** 16, 24 or 32 bytes of key. Random nonces: change the key before some four thousand million writes. */
export function aesGcm(name: string, key: Buffer): Sealer {
  return {
    prefix: `k8s:enc:aesgcm:v1:${name}:`,
    seal: (plain, context) => sealGcm(key, plain, context),
    open: (sealed, context) => openGcm(key, sealed, context),
  }
}

/** A random nonce, what is sealed, and its tag. */
export function sealGcm(key: Buffer, plain: Uint8Array, context: string): Buffer {
  const nonce = randomBytes(nonceBytes)
  const sealing = createCipheriv(gcmOf(key), key, nonce).setAAD(Buffer.from(context))
  return Buffer.concat([nonce, sealing.update(plain), sealing.final(), sealing.getAuthTag()])
}

/** Throws when it was not sealed with this key for this context. */
export function openGcm(key: Buffer, sealed: Buffer, context: string): Buffer {
  if (sealed.length < nonceBytes + tagBytes) throw new Error('the sealed value is cut off')
  const opening = createDecipheriv(gcmOf(key), key, sealed.subarray(0, nonceBytes), { authTagLength: tagBytes })
  opening.setAAD(Buffer.from(context)).setAuthTag(sealed.subarray(-tagBytes))
  return Buffer.concat([opening.update(sealed.subarray(nonceBytes, -tagBytes)), opening.final()])
}

const gcmOf = (key: Buffer) => `aes-${key.length * 8}-gcm` as 'aes-256-gcm'

/** For data written by kube-apiserver with it; it does not notice changes. */
export function aesCbc(name: string, key: Buffer): Sealer {
  const cipher = `aes-${key.length * 8}-cbc`
  return {
    prefix: `k8s:enc:aescbc:v1:${name}:`,
    seal(plain) {
      const iv = randomBytes(blockBytes)
      const sealing = createCipheriv(cipher, key, iv)
      return Buffer.concat([iv, sealing.update(plain), sealing.final()])
    },
    open(sealed) {
      const opening = createDecipheriv(cipher, key, sealed.subarray(0, blockBytes))
      return Buffer.concat([opening.update(sealed.subarray(blockBytes)), opening.final()])
    },
  }
}

/** XSalsa20 and Poly1305, as NaCl has them. 32 bytes of key. */
export function secretbox(name: string, key: Buffer): Sealer {
  return {
    prefix: `k8s:enc:secretbox:v1:${name}:`,
    seal(plain) {
      const nonce = randomBytes(boxNonceBytes)
      return Buffer.concat([nonce, xsalsa20poly1305(key, nonce).encrypt(plain)])
    },
    open(sealed) {
      return Buffer.from(xsalsa20poly1305(key, sealed.subarray(0, boxNonceBytes)).decrypt(sealed.subarray(boxNonceBytes)))
    },
  }
}
