import { unauthorized } from '../../apimachinery/status.ts'
import type { ApiRequest, UserInfo } from '../request.ts'
import { createTokenReview, type ReviewToken, type TokenOptions, withAuthenticated } from './bearer-tokens.ts'
import type { AnonymousLimits } from './jwt/configuration.ts'
import { anonymousUser, unauthenticatedGroup } from './users.ts'

/** What of a request says who asks; the path, since some may be asked for by anybody. */
export type Credentials = Pick<ApiRequest, 'headers' | 'isDoubtful' | 'user'> & { readonly path?: string }

interface Authenticator {
  /** Who sends the request: what the transport knows, else a token in its headers, else nobody. Throws a 401 StatusError. */
  authenticate(request: Credentials): UserInfo | Promise<UserInfo>
  readonly reviewToken: ReviewToken
}

interface AuthenticateOptions extends TokenOptions {
  /** Whether requests without credentials are those of system:anonymous, and for which paths; default: all. */
  readonly anonymous?: AnonymousLimits | undefined
}

const anonymous: UserInfo = { name: anonymousUser, groups: [unauthenticatedGroup] }

export function createAuthenticator(options: AuthenticateOptions): Authenticator {
  const reviewToken = createTokenReview(options)
  return {
    reviewToken,
    authenticate({ headers, user, isDoubtful, path = '' }) {
      if (user) return withAuthenticated(user)
      const token = tokenOf(headers)
      if (token === undefined) return !isDoubtful && isAnonymous(options.anonymous, path) ? anonymous : refused()
      const answer = reviewToken(token)
      return answer instanceof Promise ? answer.then((a) => a.user ?? refused()) : (answer.user ?? refused())
    },
  }
}

function refused(): never {
  throw unauthorized()
}

function isAnonymous(limits: AnonymousLimits | undefined, path: string): boolean {
  return !limits || (limits.enabled && (!limits.paths || limits.paths.includes(path)))
}

/** The token that a request carries: bearer, or WebSocket subprotocol (k8s.io/apiserver/pkg/authentication/request/bearertoken). */
function tokenOf(headers: Readonly<Record<string, string>>): string | undefined {
  const [scheme = '', value] = (headers.authorization ?? '').trim().split(' ')
  if (scheme.toLowerCase() === 'bearer' && value) return value
  const protocol = /(?:^|,)\s*base64url\.bearer\.authorization\.k8s\.io\.([\w-]+)/.exec(
    headers['sec-websocket-protocol'] ?? '',
  )?.[1]
  return protocol === undefined ? undefined : Buffer.from(protocol, 'base64url').toString()
}
