import { createHash, timingSafeEqual } from 'node:crypto'
import type { Secret } from '../../apimachinery/kinds.generated.ts'
import { secrets } from '../../apimachinery/resources.generated.ts'
import type { Objects } from '../objects.ts'
import type { UserInfo } from '../request.ts'
import { userOfClaims } from './bound-tokens.ts'
import type { JwtAuthenticator } from './jwt/authenticator.ts'
import { type LegacyClaims, legacyIssuer, userOfLegacyToken } from './legacy-tokens.ts'
import type { TokenClaims, TokenIssuer } from './service-account-tokens.ts'
import { anonymousUser, authenticatedGroup, unauthenticatedGroup } from './users.ts'

export interface StaticToken {
  readonly token: string
  readonly user: UserInfo
}

export interface TokenOptions {
  readonly objects: Objects
  readonly issuer: TokenIssuer
  /** Fixed tokens that the operator of the server gave. */
  readonly staticTokens?: readonly StaticToken[]
  /** Tokens of other issuers. */
  readonly jwt?: JwtAuthenticator
  readonly now?: () => number
  /** Hears of each use of a Secret's token. */
  readonly legacyUsed?: (secret: Secret) => void
}

/** What a token was found to be. */
type TokenAnswer =
  | { readonly user: UserInfo; readonly audiences: readonly string[] }
  /** Nobody's token. `reasons` are for TokenReview; they never hold the token itself. */
  | { readonly user: undefined; readonly reasons: readonly string[] }

/** Says whose `token` it is, for the asked audiences (default: the API server's). */
export type ReviewToken = (token: string, audiences?: readonly string[]) => TokenAnswer | Promise<TokenAnswer>

export function createTokenReview(options: TokenOptions): ReviewToken {
  const { objects, issuer, staticTokens = [], jwt, now = Date.now, legacyUsed } = options
  // Looked up by digest: neither time nor memory tells how much of a guess was right.
  const known = new Map(staticTokens.map(({ token, user }) => [digest(token), user]))
  return (token, audiences) => {
    const asked = audiences && audiences.length > 0 ? audiences : issuer.audiences
    const own = issuer.audiences.filter((a) => asked.includes(a))
    const simple = known.get(digest(token)) ?? bootstrapUser(objects, token, now())
    if (simple && own.length > 0) return { user: withAuthenticated(simple), audiences: own }
    try {
      const claims = issuer.read(token)
      if (!claims) return (own.length > 0 && ofOtherIssuer(jwt, token, own)) || { user: undefined, reasons: [] }
      const isLegacy = claims.iss === legacyIssuer
      const aud = isLegacy ? issuer.audiences : (claims as TokenClaims).aud
      const shared = aud.filter((a) => asked.includes(a))
      if (shared.length === 0) {
        const text = (list: readonly string[]) => `[${list.map((a) => JSON.stringify(a)).join(' ')}]`
        throw new Error(`token audiences ${text(aud)} is invalid for the target audiences ${text(asked)}`)
      }
      const user = isLegacy
        ? userOfLegacyToken(objects, token, claims as LegacyClaims, legacyUsed)
        : userOfClaims(objects, claims as TokenClaims, now())
      return { user: withAuthenticated(user), audiences: shared }
    } catch (error) {
      return { user: undefined, reasons: [(error as Error).message] }
    }
  }
}

function ofOtherIssuer(
  jwt: JwtAuthenticator | undefined,
  token: string,
  audiences: readonly string[],
): Promise<TokenAnswer> | undefined {
  return jwt?.read(token)?.then(
    (user) => ({ user: withAuthenticated(user), audiences }),
    (error: Error) => ({ user: undefined, reasons: [error.message] }),
  )
}

/** Of the tokens that come again and again. They are in memory anyway, in the headers of the connections that sent them. */
const digests = new Map<string, string>()
const mostDigests = 1000
const mostLetters = 4096

function digest(token: string): string {
  let found = digests.get(token)
  if (found !== undefined) return found
  found = createHash('sha256').update(token).digest('base64')
  if (token.length > mostLetters) return found
  if (digests.size >= mostDigests) digests.clear()
  digests.set(token, found)
  return found
}

/** Everybody but nobody is authenticated (k8s.io/apiserver/pkg/authentication/group). */
export function withAuthenticated(user: UserInfo): UserInfo {
  if (user.name === anonymousUser) return user
  const hasOne = user.groups.some((g) => g === authenticatedGroup || g === unauthenticatedGroup)
  return hasOne ? user : { ...user, groups: [...user.groups, authenticatedGroup] }
}

/** Tokens `abcdef.0123456789abcdef`, kept in Secrets kube-system/bootstrap-token-abcdef, with which nodes join. */
function bootstrapUser(objects: Objects, token: string, now: number): UserInfo | undefined {
  const [, id, value] = /^([a-z0-9]{6})\.([a-z0-9]{16})$/.exec(token) ?? []
  if (!id || !value) return undefined
  const secret = objects.get(secrets, 'kube-system', `bootstrap-token-${id}`)
  if (!secret || secret.metadata.deletionTimestamp || secret.type !== 'bootstrap.kubernetes.io/token') return undefined
  const wanted = Buffer.from(field(secret, 'token-secret'))
  const given = Buffer.from(value)
  if (wanted.length !== given.length || !timingSafeEqual(wanted, given) || field(secret, 'token-id') !== id) return undefined
  const expires = field(secret, 'expiration')
  if (expires && !(Date.parse(expires) > now)) return undefined
  if (field(secret, 'usage-bootstrap-authentication') !== 'true') return undefined
  const text = field(secret, 'auth-extra-groups')
  const extra = text === '' ? [] : text.split(',')
  // One that it may not give makes the whole token worthless (k8s.io/cluster-bootstrap/token/util/secret).
  if (!extra.every((g) => /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/.test(g))) return undefined
  return { name: `system:bootstrap:${id}`, groups: [...new Set(['system:bootstrappers', ...extra])].sort() }
}

const field = (secret: Secret, key: string): string => Buffer.from(secret.data?.[key] ?? '', 'base64').toString()
