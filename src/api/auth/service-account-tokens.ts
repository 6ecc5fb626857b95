import { createHash, createPublicKey, type KeyObject, randomUUID, sign, verify } from 'node:crypto'
import { promisify } from 'node:util'
import type { KubeObject } from '../../apimachinery/object.ts'
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
  /** Audiences that the API server itself accepts. */
  readonly audiences: readonly string[]
  issue(grant: TokenGrant, now: number): Promise<string>
  /** The claims of a token of this issuer; undefined when it is another's (or no JWT). Throws when its signature is wrong. */
  read(token: string): TokenClaims | undefined
  /** GET /openid/v1/jwks (application/jwk-set+json). */
  jwks(): object
  /** GET /.well-known/openid-configuration. `server`: the address clients reach the API server at, host:port. */
  discovery(server: string): object
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const signAsync = promisify(sign)
/** Verified tokens that are remembered, so that a client's next request costs no signature check. */
const rememberedTokens = 4096

export function createTokenIssuer(key: KeyObject, issuer = defaultIssuer, audiences: readonly string[] = [issuer]): TokenIssuer {
  const publicKey = createPublicKey(key)
  const isRsa = key.asymmetricKeyType === 'rsa'
  const alg = isRsa ? 'RS256' : 'ES256'
  const kid = createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64url')
  const header = encode({ alg, kid })
  const options = (k: KeyObject) => (isRsa ? k : { key: k, dsaEncoding: 'ieee-p1363' as const })
  const verified = new Map<string, TokenClaims>()

  const isSigned = (token: string): boolean => {
    const [head = '', payload = '', signature = ''] = token.split('.')
    const { kid: hint, alg: named } = decode(head) as { kid?: unknown; alg?: unknown }
    if (hint && hint !== kid) throw new Error('invalid signature, no keys found')
    if (named !== alg) return false
    return verify('sha256', Buffer.from(`${head}.${payload}`), options(publicKey), Buffer.from(signature, 'base64url'))
  }

  return {
    audiences,
    async issue(grant, now) {
      const text = `${header}.${encode(claimsFor(grant, issuer, Math.floor(now / 1000)))}`
      // In libuv's thread pool: an RSA signature takes about a millisecond.
      const signature = await signAsync('sha256', Buffer.from(text), options(key))
      return `${text}.${signature.toString('base64url')}`
    },
    read(token) {
      const known = verified.get(token)
      if (known) return known
      const parts = token.split('.')
      if (parts.length !== 3 || token.length > 16_384) return undefined
      const claims = decode(parts[1] ?? '') as Partial<TokenClaims>
      if (claims.iss !== issuer) return undefined
      if (!isSigned(token)) throw new Error('go-jose/go-jose: error in cryptographic primitive')
      if (verified.size >= rememberedTokens) verified.delete(verified.keys().next().value ?? '')
      verified.set(token, claims as TokenClaims)
      return claims as TokenClaims
    },
    jwks: () => {
      const { kty, ...numbers } = publicKey.export({ format: 'jwk' })
      return { keys: [{ use: 'sig', kty, kid, alg, ...numbers }] }
    },
    discovery: (server) => ({
      issuer,
      jwks_uri: `https://${server}/openid/v1/jwks`,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: [alg],
    }),
  }
}

function decode(part: string): object {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString())
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
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
