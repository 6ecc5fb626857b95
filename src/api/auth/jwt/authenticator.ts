import type { UserInfo } from '../../request.ts'
import type { JwtIssuer } from './configuration.ts'
import { DistributedClaims } from './distributed-claims.ts'
import { IssuerKeys } from './issuer-keys.ts'
import { userOf } from './mapping.ts'
import type { JwtMetrics } from './metrics.ts'
import { issuerOf, type Jwt, parseJwt, verifyJwt } from './verify.ts'

/** Tokens of other issuers. */
export interface JwtAuthenticator {
  /** Whose token it is; undefined when it is of no issuer that is known here. Rejects with an Error that says why it is not good. */
  read(token: string): Promise<UserInfo> | undefined
  /** Asks every issuer for its keys. Rejects when one of them gives none. */
  ready(): Promise<void>
}

interface JwtAuthenticatorOptions {
  readonly now?: () => number
  /** Resolves after so many ms. Default: by the machine's timers. */
  readonly wait?: (ms: number) => Promise<unknown>
  readonly metrics?: JwtMetrics
}

interface Known {
  readonly issuer: JwtIssuer
  readonly keys: IssuerKeys
  /** Where groups may be elsewhere. */
  readonly distributed: DistributedClaims | undefined
}

export function createJwtAuthenticator(issuers: readonly JwtIssuer[], options: JwtAuthenticatorOptions = {}): JwtAuthenticator {
  const { now = Date.now, metrics } = options
  const byUrl = new Map(issuers.map((issuer) => [issuer.url, knownOf(issuer, now, options)]))
  // The first tokens need not wait for the keys then; who cannot be asked now is asked again when one comes.
  for (const { keys } of byUrl.values()) keys.refresh().catch(() => {})
  return {
    read(token) {
      const jwt = parseJwt(token)
      const found = jwt && byUrl.get(issuerOf(jwt))
      if (!found) return undefined
      const started = performance.now()
      const reading = verified(jwt, found, now)
      if (metrics) {
        const told = (result: 'success' | 'failure') => () =>
          metrics.authenticated(found.issuer.url, result, (performance.now() - started) / 1000)
        reading.then(told('success'), told('failure'))
      }
      return reading
    },
    async ready() {
      await Promise.all(
        [...byUrl].map(([url, { keys }]) =>
          keys.refresh().then(() => {
            if (!keys.isReady) throw new Error(`oidc: authenticator for issuer ${JSON.stringify(url)} is not initialized`)
          }),
        ),
      )
    },
  }
}

function knownOf(issuer: JwtIssuer, now: () => number, { metrics, wait }: JwtAuthenticatorOptions): Known {
  const { url, discoveryUrl, authority, groups } = issuer
  const onFetched = metrics && ((keySet: string | undefined) => metrics.fetched(url, keySet))
  return {
    issuer,
    keys: new IssuerKeys({ issuer: url, discoveryUrl, authority, now, wait, ...(onFetched ? { onFetched } : {}) }),
    distributed: groups && 'claim' in groups ? new DistributedClaims(issuer, groups.claim, now) : undefined,
  }
}

async function verified(jwt: Jwt, { issuer, keys, distributed }: Known, now: () => number): Promise<UserInfo> {
  try {
    await verifyJwt(jwt, issuer, keys, now())
  } catch (error) {
    const { message } = error as Error
    throw message.startsWith('oidc: authenticator not initialized') ? error : new Error(`oidc: verify token: ${message}`)
  }
  if (!distributed) return userOf(issuer, jwt.claims)
  const claims = await distributed.expand(jwt.claims).catch((error: Error) => {
    throw new Error(`oidc: could not expand distributed claims: ${error.message}`)
  })
  return userOf(issuer, claims)
}
