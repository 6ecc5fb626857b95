import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto'
import { request } from 'node:https'

export interface KeysOptions {
  readonly issuer: string
  readonly discoveryUrl: string | undefined
  /** PEM; undefined: the system's authorities. */
  readonly authority: string | undefined
  readonly now: () => number
}

export interface IssuerKey {
  readonly kid: string | undefined
  readonly key: KeyObject
}

const timeoutMs = 10_000
const maxBytes = 1 << 20
/** An issuer that does not answer is not asked again for so long; nor are its keys, for tokens of keys that it does not have. */
const pauseMs = 1000

/** The keys that an issuer signs with. Fetched when first needed, and again when a token names one that is not among them. */
export class IssuerKeys {
  readonly #options: KeysOptions
  #keys: readonly IssuerKey[] = []
  #keysUrl: string | undefined
  #fetching: Promise<void> | undefined
  #failure: Error | undefined
  #triedAt = Number.NEGATIVE_INFINITY

  constructor(options: KeysOptions) {
    this.#options = options
  }

  /** Those that may have made a signature: of this id, or all when the token names none. Throws when the issuer cannot be asked. */
  async candidates(kid: string | undefined): Promise<readonly IssuerKey[]> {
    const found = this.#named(kid)
    if (found.length > 0) return found
    await this.refresh()
    return this.#named(kid)
  }

  /** Fetches the keys, unless that was tried just now. */
  async refresh(): Promise<void> {
    const { now } = this.#options
    if (!this.#fetching && now() - this.#triedAt >= pauseMs) {
      this.#triedAt = now()
      this.#fetching = this.#fetch()
        .then(
          () => {
            this.#failure = undefined
          },
          (error: Error) => {
            this.#failure = error
          },
        )
        .finally(() => {
          this.#fetching = undefined
        })
    }
    await this.#fetching
    if (this.#failure && this.#keys.length === 0) throw new Error(`oidc: authenticator not initialized: ${this.#failure.message}`)
  }

  #named(kid: string | undefined): readonly IssuerKey[] {
    return kid === undefined ? this.#keys : this.#keys.filter((k) => k.kid === kid)
  }

  async #fetch(): Promise<void> {
    this.#keysUrl ??= await this.#discover()
    const { keys } = (await this.#json(this.#keysUrl)) as { keys?: unknown }
    if (!Array.isArray(keys)) throw new Error(`${this.#keysUrl} has no list of keys`)
    this.#keys = (keys as (JsonWebKey & { kid?: string; use?: string })[])
      .filter((k) => (k.kty === 'RSA' || k.kty === 'EC') && (k.use === undefined || k.use === 'sig'))
      .map((k) => ({ kid: k.kid, key: createPublicKey({ key: k, format: 'jwk' }) }))
  }

  async #discover(): Promise<string> {
    const { issuer, discoveryUrl } = this.#options
    const url = discoveryUrl ?? `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
    const { issuer: named, jwks_uri: keysUrl } = (await this.#json(url)) as { issuer?: unknown; jwks_uri?: unknown }
    if (named !== issuer)
      throw new Error(`oidc: issuer did not match the issuer returned by provider, expected "${issuer}" got "${named}"`)
    if (typeof keysUrl !== 'string' || !keysUrl.startsWith('https://')) throw new Error(`${url} names no keys under https`)
    return keysUrl
  }

  #json(url: string): Promise<unknown> {
    const { authority } = this.#options
    return new Promise((resolve, reject) => {
      const call = request(url, {
        ...(authority ? { ca: authority, allowPartialTrustChain: true } : {}),
        headers: { accept: 'application/json' },
        signal: AbortSignal.timeout(timeoutMs),
      })
      call.on('error', (error) => reject(new Error(`Get "${url}": ${error.message}`)))
      call.on('response', (response) => {
        const parts: Buffer[] = []
        let size = 0
        response.on('error', reject)
        response.on('data', (part: Buffer) => {
          size += part.length
          if (size > maxBytes) call.destroy(new Error(`the answer is longer than ${maxBytes} bytes`))
          else parts.push(part)
        })
        response.on('end', () => {
          if (response.statusCode !== 200) reject(new Error(`Get "${url}": status ${response.statusCode}`))
          else {
            try {
              resolve(JSON.parse(Buffer.concat(parts).toString()))
            } catch {
              reject(new Error(`Get "${url}": the answer is no JSON`))
            }
          }
        })
      })
      call.end()
    })
  }
}
