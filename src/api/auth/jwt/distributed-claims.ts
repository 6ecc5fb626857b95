import type { JwtIssuer } from './configuration.ts'
import type { Claims } from './expressions.ts'
import { fetchText } from './fetch.ts'
import { IssuerKeys } from './issuer-keys.ts'
import { issuerOf, parseJwt, verifyJwt } from './verify.ts'

/** So many issuers of claims may there be beside one of tokens. */
const mostIssuers = 64

interface Endpoint {
  readonly endpoint?: unknown
  readonly access_token?: unknown
}

/**
 * Fetches a claim that a token does not hold itself but says where to get it (OpenID Connect Core 5.6.2), as kube-apiserver does for groups. Only
 * a token that is verified gets here: where to ask is its issuer's word. What comes back is a token, too, for the same audiences, of
 * whichever issuer it names, whose keys are then asked for under https with the same authority.
 */
export class DistributedClaims {
  readonly #issuer: JwtIssuer
  readonly #claim: string
  readonly #now: () => number
  readonly #keys = new Map<string, IssuerKeys>()

  /** `claim`: the one that may be elsewhere. */
  constructor(issuer: JwtIssuer, claim: string, now: () => number) {
    this.#issuer = issuer
    this.#claim = claim
    this.#now = now
  }

  /** The claims, with the one that was elsewhere. Throws an Error that says why it cannot be had; it never holds a token. */
  async expand(claims: Claims): Promise<Claims> {
    const name = this.#claim
    const names = claims._claim_names
    if (claims[name] !== undefined || !isObject(names)) return claims
    const sources = claims._claim_sources
    if (!isObject(sources)) throw new Error('oidc: no claim sources')
    if (!Object.hasOwn(names, name)) return claims
    const source = String(names[name])
    if (!Object.hasOwn(sources, source) || !isObject(sources[source]))
      throw new Error(`id token _claim_names contained a source ${source} missing in _claims_sources`)
    const { endpoint, access_token: accessToken } = sources[source] as Endpoint
    // Perhaps a claim that stands there itself ("aggregated"): not supported, as there.
    if (typeof endpoint !== 'string' || endpoint === '') return claims
    const value = await this.#resolve(endpoint, typeof accessToken === 'string' ? accessToken : '')
    return { ...claims, [name]: value }
  }

  async #resolve(endpoint: string, accessToken: string): Promise<unknown> {
    const name = this.#claim
    const token = await this.#get(endpoint, accessToken).catch((error: Error) => {
      throw new Error(`while getting distributed claim ${JSON.stringify(name)}: ${error.message}`)
    })
    const jwt = parseJwt(token)
    if (!jwt)
      throw new Error(
        `getting untrusted issuer from endpoint ${endpoint} failed for claim ${JSON.stringify(name)}: malformed token`,
      )
    const issuer = issuerOf(jwt)
    await verifyJwt(jwt, this.#issuer, this.#keysOf(issuer), this.#now()).catch((error: Error) => {
      if (error.message.startsWith('oidc: authenticator not initialized'))
        throw new Error(
          `verifying untrusted issuer ${issuer} failed: verifier not initialized for issuer: ${JSON.stringify(issuer)}`,
        )
      throw new Error(`verify distributed claim token: ${error.message}`)
    })
    if (jwt.claims[name] === undefined)
      throw new Error(`jwt returned by distributed claim endpoint ${JSON.stringify(endpoint)} did not contain claim: ${name}`)
    return jwt.claims[name]
  }

  async #get(endpoint: string, accessToken: string): Promise<string> {
    const { status, statusLine, text } = await fetchText(endpoint, {
      authority: this.#issuer.authority,
      headers: accessToken === '' ? {} : { authorization: `Bearer ${accessToken}` },
    })
    if (status < 200 || status > 226) throw new Error(`error while getting distributed claim JWT: ${statusLine}`)
    return text.trim()
  }

  #keysOf(url: string): IssuerKeys {
    const known = this.#keys.get(url)
    if (known) return known
    const failed = (why: string) => new Error(`verifying untrusted issuer ${url} failed: ${why}`)
    if (!URL.canParse(url) || new URL(url).protocol !== 'https:') throw failed('URL scheme must be https')
    if (this.#keys.size >= mostIssuers) throw failed(`claims of more than ${mostIssuers} issuers are not believed`)
    const { url: own, discoveryUrl, authority } = this.#issuer
    const keys = new IssuerKeys({
      issuer: url,
      discoveryUrl: url === own ? discoveryUrl : undefined,
      authority,
      now: this.#now,
    })
    this.#keys.set(url, keys)
    return keys
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
