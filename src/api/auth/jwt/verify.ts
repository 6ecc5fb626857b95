import { constants, type KeyObject, verify } from 'node:crypto'
import type { Claims } from './expressions.ts'
import { goText, mismatch } from './go-json.ts'
import type { IssuerKeys } from './issuer-keys.ts'

export interface Jwt {
  readonly alg: string
  readonly kid: string | undefined
  readonly claims: Claims
  /** What is signed, and the signature. */
  readonly signed: Buffer
  readonly signature: Buffer
}

const maxLength = 65_536
/** Clocks differ: what kube-apiserver's go-oidc (v2) allows for `nbf`. */
const leewayMs = 60_000

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

/** What is asked of a token beside its signature. */
interface Expected {
  readonly algorithms: readonly string[]
  readonly audiences: readonly string[]
}

/** The issuer that a token names; nothing of it is believed yet. */
export function issuerOf({ claims }: Jwt): string {
  const iss = typeof claims.iss === 'string' ? claims.iss : ''
  // http://openid.net/specs/openid-connect-core-1_0.html#GoogleIss
  return iss === 'accounts.google.com' ? 'https://accounts.google.com' : iss
}

/** Whether the token is good, in the order and words of go-oidc. Throws an Error that says why it is not. */
export async function verifyJwt(jwt: Jwt, expected: Expected, keys: IssuerKeys, nowMs: number): Promise<void> {
  if (!expected.algorithms.includes(jwt.alg))
    throw new Error(
      `oidc: id token signed with unsupported algorithm, expected ${goList(expected.algorithms)} got ${JSON.stringify(jwt.alg)}`,
    )
  const candidates = await keys.candidates(jwt.kid)
  if (!candidates.some(({ key }) => isSignedBy(jwt, key)))
    throw new Error('failed to verify signature: failed to verify id token signature')
  checkClaims(jwt.claims, expected.audiences, nowMs)
}

/** Throws an Error when the token is not for one of the audiences, or not for now, or says of claims that they are where they are not. */
function checkClaims(claims: Claims, audiences: readonly string[], nowMs: number): void {
  checkShape(claims)
  const { aud } = claims
  const [exp, nbf] = [secondsOf(claims.exp), secondsOf(claims.nbf)]
  const named = (Array.isArray(aud) ? aud : [aud]).filter((a) => typeof a === 'string')
  if (!named.some((a) => audiences.includes(a))) {
    const wanted = audiences.length === 1 ? JSON.stringify(audiences[0]) : `in ${goList([...audiences].sort())}`
    throw new Error(`oidc: expected audience ${wanted} got ${goList(named)}`)
  }
  if (typeof exp !== 'number') throw new Error('oidc: token is expired (Token Expiry: 0001-01-01 00:00:00 +0000 UTC)')
  if (exp * 1000 < nowMs) throw new Error(`oidc: token is expired (Token Expiry: ${goTime(exp * 1000)})`)
  if (typeof nbf === 'number' && nbf * 1000 > nowMs + leewayMs)
    throw new Error(`oidc: current time ${goTime(nowMs)} before the nbf (not before) time: ${goTime(nbf * 1000)}`)
}

/** A time as Go's json.Number takes it: in quotes too. */
function secondsOf(value: unknown): unknown {
  return typeof value === 'string' ? Number(value) : value
}

const numberLiteral = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/

/** What go-oidc reads of a token before all else. */
function checkShape(claims: Claims): void {
  for (const field of ['iss', 'sub', 'nonce', 'at_hash'])
    if (claims[field] !== undefined) unmarshalled(() => goText(claims[field], `struct field idToken.${field} of type string`))
  for (const field of ['exp', 'iat', 'nbf']) {
    const value = claims[field]
    if (typeof value === 'string' && !numberLiteral.test(value)) {
      const literal = JSON.stringify(JSON.stringify(value))
      throw new Error(
        `oidc: failed to unmarshal claims: json: invalid number literal, trying to unmarshal ${literal} into Number`,
      )
    }
  }
  const { _claim_names: names, _claim_sources: sources } = claims
  const target = 'struct field idToken._claim_names of type map[string]string'
  if (names === undefined || names === null) return
  if (typeof names !== 'object' || Array.isArray(names))
    throw new Error(`oidc: failed to unmarshal claims: ${mismatch(names, target).message}`)
  for (const value of Object.values(names)) {
    const source = unmarshalled(() => goText(value, 'struct field idToken._claim_names of type string'))
    if (source === '') throw new Error('oidc: failed to obtain source from claim name')
    if (!Object.hasOwn((sources ?? {}) as object, source)) throw new Error('oidc: source does not exist')
  }
}

function unmarshalled<T>(act: () => T): T {
  try {
    return act()
  } catch (error) {
    throw new Error(`oidc: failed to unmarshal claims: ${(error as Error).message}`)
  }
}

const goList = (list: readonly string[]): string => `[${list.map((a) => JSON.stringify(a)).join(' ')}]`

const goTime = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} +0000 UTC`
