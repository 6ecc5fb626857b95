import type { UserInfo } from '../../request.ts'
import type { JwtIssuer } from './configuration.ts'
import { IssuerKeys } from './issuer-keys.ts'
import { userOf } from './mapping.ts'
import { checkClaims, isSignedBy, type Jwt, parseJwt } from './verify.ts'

/** Tokens of other issuers. */
export interface JwtAuthenticator {
  /** Whose token it is; undefined when it is of no issuer that is known here. Rejects with an Error that says why it is not good. */
  read(token: string): Promise<UserInfo> | undefined
}

export function createJwtAuthenticator(issuers: readonly JwtIssuer[], now: () => number = Date.now): JwtAuthenticator {
  const byUrl = new Map(
    issuers.map((issuer) => {
      const { url, discoveryUrl, authority } = issuer
      return [url, { issuer, keys: new IssuerKeys({ issuer: url, discoveryUrl, authority, now }) }]
    }),
  )
  // The first tokens need not wait for the keys then; who cannot be asked now is asked again when one comes.
  for (const { keys } of byUrl.values()) keys.refresh().catch(() => {})
  return {
    read(token) {
      const jwt = parseJwt(token)
      const found = jwt && typeof jwt.claims.iss === 'string' ? byUrl.get(jwt.claims.iss) : undefined
      return jwt && found ? verified(jwt, found.issuer, found.keys, now) : undefined
    },
  }
}

async function verified(jwt: Jwt, issuer: JwtIssuer, keys: IssuerKeys, now: () => number): Promise<UserInfo> {
  if (!issuer.algorithms.includes(jwt.alg))
    throw new Error(
      `oidc: verify token: oidc: id token signed with unsupported algorithm, expected [${issuer.algorithms.join(' ')}] got "${jwt.alg}"`,
    )
  const candidates = await keys.candidates(jwt.kid)
  if (!candidates.some(({ key }) => isSignedBy(jwt, key)))
    throw new Error('oidc: verify token: failed to verify signature: failed to verify id token signature')
  try {
    checkClaims(jwt.claims, issuer.audiences, now())
  } catch (error) {
    throw new Error(`oidc: verify token: ${(error as Error).message}`)
  }
  return userOf(issuer, jwt.claims)
}
