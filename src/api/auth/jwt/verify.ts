import { constants, type KeyObject, verify } from 'node:crypto'
import type { Claims } from './expressions.ts'

export interface Jwt {
  readonly alg: string
  readonly kid: string | undefined
  readonly claims: Claims
  /** What is signed, and the signature. */
  readonly signed: Buffer
  readonly signature: Buffer
}

const maxLength = 65_536
/** Clocks differ: what go-oidc allows for `nbf`. */
const leewayMs = 5 * 60_000

/** A token taken apart, nothing of it believed; undefined when it is no JWT. */
export function parseJwt(token: string): Jwt | undefined {
  const parts = token.split('.')
  if (parts.length !== 3 || token.length > maxLength) return undefined
  const [head = '', payload = '', signature = ''] = parts
  const header = json(head)
  const claims = json(payload)
  if (!header || !claims || typeof header.alg !== 'string') return undefined
  return {
    alg: header.alg,
    kid: typeof header.kid === 'string' ? header.kid : undefined,
    claims,
    signed: Buffer.from(`${head}.${payload}`),
    signature: Buffer.from(signature, 'base64url'),
  }
}

function json(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString())
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

/** Whether `key` made the signature. A key of another kind than the algorithm's did not. */
export function isSignedBy({ alg, signed, signature }: Jwt, key: KeyObject): boolean {
  const hash = `sha${alg.slice(2)}`
  const type = key.asymmetricKeyType
  if (alg.startsWith('RS')) return type === 'rsa' && verify(hash, signed, key, signature)
  if (alg.startsWith('PS'))
    return (
      type === 'rsa' &&
      verify(
        hash,
        signed,
        { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
        signature,
      )
    )
  return alg.startsWith('ES') && type === 'ec' && verify(hash, signed, { key, dsaEncoding: 'ieee-p1363' }, signature)
}

/** Throws an Error when the token is not for one of the audiences, or not for now. */
export function checkClaims({ aud, exp, nbf }: Claims, audiences: readonly string[], nowMs: number): void {
  const named = (Array.isArray(aud) ? aud : [aud]).filter((a) => typeof a === 'string')
  if (!named.some((a) => audiences.includes(a)))
    throw new Error(`oidc: expected audience in ${goList(audiences)} got ${goList(named)}`)
  if (typeof exp !== 'number') throw new Error('oidc: token has no expiry')
  if (exp * 1000 < nowMs) throw new Error(`oidc: token is expired (Token Expiry: ${new Date(exp * 1000).toISOString()})`)
  if (typeof nbf === 'number' && nbf * 1000 > nowMs + leewayMs)
    throw new Error(`oidc: current time before the nbf (not before) time: ${new Date(nbf * 1000).toISOString()}`)
}

const goList = (list: readonly string[]): string => `[${list.map((a) => JSON.stringify(a)).join(' ')}]`
