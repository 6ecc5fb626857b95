import { timingSafeEqual } from 'node:crypto'
import type { Secret } from '../../apimachinery/kinds.generated.ts'
import type { KubeObject } from '../../apimachinery/object.ts'
import { secrets, serviceaccounts } from '../../apimachinery/resources.generated.ts'
import { notFound } from '../../apimachinery/status.ts'
import type { Objects } from '../objects.ts'
import type { UserInfo } from '../request.ts'
import { serviceAccountGroups, serviceAccountOf, serviceAccountUser } from './users.ts'

/** Who issues the tokens of Secrets `kubernetes.io/service-account-token`: they have no end but their Secret's. */
export const legacyIssuer = 'kubernetes/serviceaccount'

const of = 'kubernetes.io/serviceaccount/'
const invalidSince = 'kubernetes.io/legacy-token-invalid-since'

/** The payload of such a token (k8s.io/kubernetes/pkg/serviceaccount/legacy.go). */
export interface LegacyClaims {
  readonly iss: typeof legacyIssuer
  readonly sub?: string
  readonly [claim: `kubernetes.io/serviceaccount/${string}`]: string | undefined
}

export function legacyClaims({ metadata: account }: KubeObject, { metadata: secret }: KubeObject): LegacyClaims {
  const namespace = account.namespace ?? ''
  return {
    iss: legacyIssuer,
    [`${of}namespace`]: namespace,
    [`${of}secret.name`]: secret.name ?? '',
    [`${of}service-account.name`]: account.name ?? '',
    [`${of}service-account.uid`]: account.uid ?? '',
    sub: serviceAccountUser(namespace, account.name ?? ''),
  }
}

/**
 * The account that the token of a Secret stands for; its signature is good. Throws an Error that says why when it stands for none any more.
 * `used` hears of the Secret whose token it was.
 */
export function userOfLegacyToken(
  objects: Objects,
  token: string,
  claims: LegacyClaims,
  used: (secret: Secret) => void = () => {},
): UserInfo {
  const { namespace, account, uid, secretName } = checked(claims)
  const secret = objects.get(secrets, namespace, secretName)
  if (!secret || secret.metadata.deletionTimestamp) throw new Error('Token has been invalidated')
  const kept = Buffer.from(secret.data?.token ?? '', 'base64')
  const shown = Buffer.from(token)
  if (kept.length !== shown.length || !timingSafeEqual(kept, shown)) throw new Error("Token does not match server's copy")
  const found = objects.get(serviceaccounts, namespace, account)
  if (!found) throw notFound({ group: '', resource: 'serviceaccounts' }, account)
  const name = `ServiceAccount ${namespace}/${account}`
  if (found.metadata.deletionTimestamp) throw new Error(`${name} has been deleted`)
  if (found.metadata.uid !== uid) throw new Error(`ServiceAccount UID (${found.metadata.uid}) does not match claim (${uid})`)
  used(secret)
  if (secret.metadata.labels?.[invalidSince])
    throw new Error(
      `the token in secret ${namespace}/${secretName} for service account ${namespace}/${account} has been marked invalid. Use tokens from the TokenRequest API or manually created secret-based tokens, or remove the '${invalidSince}' label from the secret to temporarily allow use of this token`,
    )
  return { name: serviceAccountUser(namespace, account), uid, groups: serviceAccountGroups(namespace) }
}

function checked(claims: LegacyClaims) {
  const { sub } = claims
  if (!sub) throw new Error('sub claim is missing')
  const claim = (name: string, told: string): string => {
    const value = claims[`kubernetes.io/serviceaccount/${name}`]
    if (!value || typeof value !== 'string') throw new Error(`${told} claim is missing`)
    return value
  }
  const namespace = claim('namespace', 'namespace')
  const secretName = claim('secret.name', 'secretName')
  const account = claim('service-account.name', 'serviceAccountName')
  const uid = claim('service-account.uid', 'serviceAccountUID')
  const subject = serviceAccountOf(sub)
  if (subject?.namespace !== namespace || subject.name !== account) throw new Error('sub claim is invalid')
  return { namespace, account, uid, secretName }
}
