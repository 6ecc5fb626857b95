import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { fetchText } from './fetch.ts'

interface KeysOptions {
  readonly issuer: string
  readonly discoveryUrl: string | undefined
  /** PEM; undefined: the system's authorities. */
  readonly authority: string | undefined
  readonly now: () => number
  /** Resolves after so many ms. Default: by the machine's timers. */
  readonly wait?: ((ms: number) => Promise<unknown>) | undefined
  /** Told of each set of keys as it came; undefined when one could not be had. */
  readonly onFetched?: (keySet: string | undefined) => void
}

interface IssuerKey {
  readonly kid: string | undefined
  readonly key: KeyObject
}

const timeoutMs = 10_000
/** So long lies between two requests for keys, whether the issuer answers or not: tokens of keys that it does not have wait for the next one. */
const pauseMs = 1000

/** The keys that an issuer signs with. Fetched when first needed, and again when a token names one that is not among them. */
export class IssuerKeys {
  readonly #options: KeysOptions
  #keys: readonly IssuerKey[] = []
  #keysUrl: string | undefined
  #fetching: Promise<void> | undefined
  #failure: Error | undefined
  #isReady = false
  #triedAt = Number.NEGATIVE_INFINITY

  constructor(options: KeysOptions) {
    this.#options = options
  }

  /** Those that may have made a signature: of this id, or all when the token names none. Throws when the issuer cannot be asked. */
  async candidates(kid: string | undefined): Promise<readonly IssuerKey[]> {
    const found = this.#named(kid)
    if (found.length > 0) return found
    const { now, wait = setTimeout } = this.#options
    const asked = now()
    await this.refresh()
    if (this.#triedAt < asked && this.#named(kid).length === 0) {
      // Those were asked for before the token came: its key may be newer.
      await wait(Math.max(0, this.#triedAt + pauseMs - now()))
      await this.refresh()
    }
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
            this.#isReady = true
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

  /** Whether its keys were fetched once. */
  get isReady(): boolean {
    return this.#isReady
  }

  #named(kid: string | undefined): readonly IssuerKey[] {
    return kid === undefined ? this.#keys : this.#keys.filter((k) => k.kid === kid)
  }

  async #fetch(): Promise<void> {
    this.#keysUrl ??= await this.#discover()
    const { onFetched } = this.#options
    try {
      const text = await this.#get(this.#keysUrl)
      this.#keys = keysIn(await this.#json(this.#keysUrl, text), this.#keysUrl)
      onFetched?.(text)
    } catch (error) {
      onFetched?.(undefined)
      throw error
    }
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

  async #json(url: string, text?: string): Promise<unknown> {
    try {
      return JSON.parse(text ?? (await this.#get(url)))
    } catch (error) {
      throw error instanceof SyntaxError ? new Error(`Get ${JSON.stringify(url)}: the answer is no JSON`) : error
    }
  }

  async #get(url: string): Promise<string> {
    const { authority } = this.#options
    const { status, text } = await fetchText(url, { authority, timeoutMs })
    if (status !== 200) throw new Error(`Get ${JSON.stringify(url)}: status ${status}`)
    return text
  }
}

function keysIn(set: unknown, url: string): IssuerKey[] {
  const { keys } = set as { keys?: unknown }
  if (!Array.isArray(keys)) throw new Error(`${url} has no list of keys`)
  return (keys as (JsonWebKey & { kid?: string; use?: string })[])
    .filter((k) => (k.kty === 'RSA' || k.kty === 'EC') && (k.use === undefined || k.use === 'sig'))
    .map((k) => ({ kid: k.kid, key: createPublicKey({ key: k, format: 'jwk' }) }))
}
