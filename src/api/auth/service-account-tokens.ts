import { createHash, createPublicKey, type KeyObject, randomUUID, sign } from 'node:crypto'
import { promisify } from 'node:util'
import type { KubeObject } from '../../apimachinery/object.ts'
import { isSignedBy, type Jwt, parseJwt } from './jwt/verify.ts'
import { type LegacyClaims, legacyClaims, legacyIssuer } from './legacy-tokens.ts'
import { serviceAccountUser } from './users.ts'

export const defaultIssuer = 'https://kubernetes.default.svc'

interface Reference {
  readonly name: string
  /** Not of a node that is named by a pod and does not exist. */
  readonly uid?: string
}

/** The payload of a service account token, as Kubernetes writes it (k8s.io/kubernetes/pkg/serviceaccount/claims.go). Times in seconds. */
export interface TokenClaims {
  readonly aud: readonly string[]
  readonly exp: number
  readonly iat: number
  readonly iss: string
  readonly jti: string
  readonly 'kubernetes.io': {
    readonly namespace: string
    readonly node?: Reference
    readonly pod?: Reference
    readonly secret?: Reference
    readonly serviceaccount: Reference
    readonly warnafter?: number
  }
  readonly nbf: number
  readonly sub: string
}

interface TokenGrant {
  readonly account: KubeObject
  readonly pod?: KubeObject | undefined
  readonly node?: KubeObject | undefined
  readonly secret?: KubeObject | undefined
  readonly audiences: readonly string[]
  readonly seconds: number
  /** Seconds after which the use of the token is warned about, though it still works. */
  readonly warnAfterSeconds?: number | undefined
  /** Default: a new one. */
  readonly id?: string
}

export interface TokenIssuer {
  readonly issuer: string
  /** Audiences that the API server itself accepts. */
  readonly audiences: readonly string[]
  issue(grant: TokenGrant, now: number): Promise<string>
  /** The token of a Secret `kubernetes.io/service-account-token`: it ends with the Secret or the account. */
  issueLegacy(account: KubeObject, secret: KubeObject): Promise<string>
  /** The claims of a token of this issuer; undefined when it is another's (or no JWT). Throws when its signature is wrong. */
  read(token: string): TokenClaims | LegacyClaims | undefined
  /** GET /openid/v1/jwks (application/jwk-set+json). */
  jwks(): object
  /** GET /.well-known/openid-configuration. `server`: the address clients reach the API server at, host:port. */
  discovery(server: string): object
}

export interface IssuerOptions {
  /** Private: signs. */
  readonly key: KeyObject
  /** What other tokens that are believed were signed by, private or public; `key` always is. */
  readonly otherKeys?: readonly KeyObject[]
  /** The first one is written into tokens, tokens of all are believed. Default: that of the cluster. */
  readonly issuers?: readonly string[]
  /** Default: the issuers. */
  readonly audiences?: readonly string[]
  /** Where others find the public keys. Default: this server. */
  readonly jwksUri?: string | undefined
}

interface SigningKey {
  readonly id: string
  readonly algorithm: string
  readonly publicKey: KeyObject
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const signAsync = promisify(sign)
/** Verified tokens that are remembered, so that a client's next request costs no signature check. */
const rememberedTokens = 4096
/** By the names that Node has for them. */
const curves: Readonly<Record<string, string>> = { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' }

export function createTokenIssuer(options: IssuerOptions): TokenIssuer {
  const { key, issuers = [defaultIssuer], audiences = issuers, jwksUri } = options
  const [issuer = defaultIssuer] = issuers
  const own = signingKey(key)
  const keys = new Map([own, ...(options.otherKeys ?? []).map(signingKey)].map((k) => [k.id, k]))
  const header = encode({ alg: own.algorithm, kid: own.id })
  const verified = new Map<string, TokenClaims | LegacyClaims>()
  const signed = async (claims: object): Promise<string> => {
    const text = `${header}.${encode(claims)}`
    // In libuv's thread pool: an RSA signature takes about a millisecond.
    const signature = await signAsync(`sha${own.algorithm.slice(2)}`, Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' })
    return `${text}.${signature.toString('base64url')}`
  }
  return {
    issuer,
    audiences,
    issue: (grant, now) => signed(claimsFor(grant, issuer, Math.floor(now / 1000))),
    issueLegacy: (account, secret) => signed(legacyClaims(account, secret)),
    read(token) {
      const known = verified.get(token)
      if (known) return known
      const jwt = token.length > 16_384 ? undefined : parseJwt(token)
      const named = jwt?.claims.iss
      if (!jwt || typeof named !== 'string' || !(issuers.includes(named) || named === legacyIssuer)) return undefined
      checkSignature(jwt, keys)
      if (verified.size >= rememberedTokens) verified.delete(verified.keys().next().value ?? '')
      const claims = jwt.claims as unknown as TokenClaims | LegacyClaims
      verified.set(token, claims)
      return claims
    },
    jwks: () => ({ keys: [...keys.values()].map(jwkOf) }),
    discovery: (server) => ({
      issuer,
      jwks_uri: jwksUri ?? `https://${server}/openid/v1/jwks`,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: [...new Set([...keys.values()].map((k) => k.algorithm))].sort(),
    }),
  }
}

/** Throws an Error for a key that no tokens are signed by. */
function signingKey(key: KeyObject): SigningKey {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = publicKey
  const algorithm = type === 'rsa' ? 'RS256' : curves[details?.namedCurve ?? '']
  if (!algorithm) throw new Error(`a key of the kind ${type} ${details?.namedCurve ?? ''} signs no tokens: RSA and ECDSA do`)
  const id = createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64url')
  return { id, algorithm, publicKey }
}

/** A token that names its key was signed by that one, else by any. */
function checkSignature(jwt: Jwt, keys: ReadonlyMap<string, SigningKey>): void {
  const named = jwt.kid ? keys.get(jwt.kid) : undefined
  const candidates = jwt.kid ? (named ? [named] : []) : [...keys.values()]
  if (candidates.length === 0) throw new Error('invalid signature, no keys found')
  if (!candidates.some(({ algorithm, publicKey }) => jwt.alg === algorithm && isSignedBy(jwt, publicKey)))
    throw new Error('go-jose/go-jose: error in cryptographic primitive')
}

function jwkOf({ id, algorithm, publicKey }: SigningKey): object {
  const { kty, ...numbers } = publicKey.export({ format: 'jwk' })
  return { use: 'sig', kty, kid: id, alg: algorithm, ...numbers }
}

function claimsFor(grant: TokenGrant, issuer: string, seconds: number): TokenClaims {
  const { account, pod, node, secret, audiences, warnAfterSeconds } = grant
  const reference = (o: KubeObject): Reference => ({
    name: o.metadata.name ?? '',
    ...(o.metadata.uid ? { uid: o.metadata.uid } : {}),
  })
  const namespace = account.metadata.namespace ?? ''
  return {
    aud: audiences,
    exp: seconds + grant.seconds,
    iat: seconds,
    iss: issuer,
    jti: grant.id ?? randomUUID(),
    'kubernetes.io': {
      namespace,
      ...(node ? { node: reference(node) } : {}),
      ...(pod ? { pod: reference(pod) } : {}),
      ...(secret ? { secret: reference(secret) } : {}),
      serviceaccount: reference(account),
      ...(warnAfterSeconds ? { warnafter: seconds + warnAfterSeconds } : {}),
    },
    nbf: seconds,
    sub: serviceAccountUser(namespace, account.metadata.name ?? ''),
  }
}
