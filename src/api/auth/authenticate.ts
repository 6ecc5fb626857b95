import type { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import { unauthorized } from '../../apimachinery/status.ts'
import type { ApiRequest, UserInfo } from '../request.ts'
import { createTokenReview, type ReviewToken, type TokenOptions, withAuthenticated } from './bearer-tokens.ts'
import type { AnonymousLimits } from './jwt/configuration.ts'
import { anonymousUser, unauthenticatedGroup } from './users.ts'

/** What of a request says who asks; the path, since some may be asked for by anybody. */
export type Credentials = Pick<ApiRequest, 'headers' | 'user'> & { readonly path?: string }

export interface Authenticator {
  /** Who sends the request: what the transport knows, else a token in its headers, else nobody. Throws a 401 StatusError. */
  authenticate(request: Credentials): UserInfo | Promise<UserInfo>
  readonly reviewToken: ReviewToken
}

export interface AuthenticateOptions extends TokenOptions {
  /** Whether requests without credentials are those of system:anonymous, and for which paths; default: all. */
  readonly anonymous?: AnonymousLimits | undefined
}

const anonymous: UserInfo = { name: anonymousUser, groups: [unauthenticatedGroup] }

export function createAuthenticator(options: AuthenticateOptions): Authenticator {
  const reviewToken = createTokenReview(options)
  return {
    reviewToken,
    authenticate({ headers, user, path = '' }) {
      if (user) return withAuthenticated(user)
      const token = tokenOf(headers)
      if (token === undefined) return isAnonymous(options.anonymous, path) ? anonymous : refused()
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

/** The token that a request carries: bearer, password of HTTP Basic (as git sends it), or WebSocket subprotocol. */
function tokenOf(headers: Readonly<Record<string, string>>): string | undefined {
  const [scheme = '', value = ''] = (headers.authorization ?? '').trim().split(/\s+/)
  if (scheme.toLowerCase() === 'bearer' && value) return value
  if (scheme.toLowerCase() === 'basic' && value) {
    const pair = Buffer.from(value, 'base64').toString()
    return pair.slice(pair.indexOf(':') + 1)
  }
  const protocol = /(?:^|,)\s*base64url\.bearer\.authorization\.k8s\.io\.([\w-]+)/.exec(
    headers['sec-websocket-protocol'] ?? '',
  )?.[1]
  return protocol === undefined ? undefined : Buffer.from(protocol, 'base64url').toString()
}

/**
 * The user that a TLS client certificate names (CN, and each O a group); undefined when the client sent none.
 * The server listens with `requestCert: true, rejectUnauthorized: false` and the cluster's authority as `ca`.
 * Throws a 401 StatusError when the certificate is not one of the authority's.
 */
export function userOfConnection(socket: TLSSocket): UserInfo | undefined {
  const certificate = socket.getPeerX509Certificate()
  if (!certificate) return undefined
  if (!socket.authorized) throw unauthorized()
  return userOfCertificate(certificate)
}

function userOfCertificate(certificate: X509Certificate): UserInfo {
  const usages = certificate.keyUsage as string[] | undefined
  if (usages && !usages.includes('1.3.6.1.5.5.7.3.2')) throw unauthorized()
  const subject = certificate.toLegacyObject().subject as unknown as Record<string, string | string[] | undefined>
  const [name] = [subject.CN ?? []].flat()
  if (!name) throw unauthorized()
  const fingerprint = certificate.fingerprint256.replaceAll(':', '').toLowerCase()
  return {
    name,
    groups: [subject.O ?? []].flat(),
    extra: { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${fingerprint}`] },
  }
}
