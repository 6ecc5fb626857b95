import type { KubeObject } from '../../apimachinery/object.ts'
import type { Resource } from '../../apimachinery/resource.ts'
import { nodes, pods, secrets, serviceaccounts } from '../../apimachinery/resources.generated.ts'
import { notFound } from '../../apimachinery/status.ts'
import type { Objects } from '../objects.ts'
import type { UserInfo } from '../request.ts'
import type { TokenClaims } from './service-account-tokens.ts'
import { serviceAccountGroups, serviceAccountUser } from './users.ts'

/** Clocks may differ by this much, in ms (go-jose's default leeway). */
const leeway = 60_000

/**
 * The account that valid claims stand for. Throws an Error that says why when the token has ended: by its time, or because
 * the account, pod, secret or node it is bound to is gone (k8s.io/kubernetes/pkg/serviceaccount/claims.go).
 */
export function userOfClaims(objects: Objects, claims: TokenClaims, now: number): UserInfo {
  checkTimes(claims, now)
  const bound = claims['kubernetes.io']
  const { namespace, serviceaccount: account } = bound
  const found = objects.get(serviceaccounts, namespace, account.name)
  if (!found) throw notFound({ group: '', resource: 'serviceaccounts' }, account.name)
  if (found.metadata.uid !== account.uid) {
    throw new Error(`service account UID (${found.metadata.uid}) does not match claim (${account.uid})`)
  }
  if (isGone(found, now)) throw new Error(`service account ${namespace}/${account.name} has been deleted`)
  const check = checkBound(objects, now)
  if (bound.secret) check(secrets, namespace, bound.secret, 'secret')
  if (bound.pod) check(pods, namespace, bound.pod, 'pod')
  else if (bound.node) check(nodes, undefined, bound.node, 'node')
  return {
    name: serviceAccountUser(namespace, account.name),
    ...(account.uid ? { uid: account.uid } : {}),
    groups: serviceAccountGroups(namespace),
    extra: extraOf(claims),
  }
}

function checkTimes({ exp, nbf, iat }: TokenClaims, now: number): void {
  const ms = (seconds: number) => seconds * 1000
  if (nbf && now + leeway < ms(nbf)) throw new Error('service account token is not valid yet')
  if (exp && now - leeway > ms(exp)) throw new Error('service account token has expired')
  if (iat && now + leeway < ms(iat)) throw new Error('service account token is issued in the future')
}

const isGone = (object: KubeObject, now: number): boolean =>
  object.metadata.deletionTimestamp !== undefined && Date.parse(object.metadata.deletionTimestamp) < now - leeway

const checkBound =
  (objects: Objects, now: number) =>
  (resource: Resource<KubeObject>, namespace: string | undefined, to: { name: string; uid?: string }, what: string): void => {
    const object = objects.get(resource, namespace, to.name)
    if (!object || isGone(object, now)) throw new Error('service account token has been invalidated')
    if (object.metadata.uid === to.uid) return
    throw new Error(`${what} UID (${object.metadata.uid}) does not match service account ${what} ref claim (${to.uid})`)
  }

function extraOf({ jti, 'kubernetes.io': bound }: TokenClaims): Record<string, readonly string[]> {
  const prefix = 'authentication.kubernetes.io'
  const named = (what: string, to: TokenClaims['kubernetes.io']['node']) => ({
    ...(to ? { [`${prefix}/${what}-name`]: [to.name] } : {}),
    ...(to?.uid ? { [`${prefix}/${what}-uid`]: [to.uid] } : {}),
  })
  return {
    ...(jti ? { [`${prefix}/credential-id`]: [`JTI=${jti}`] } : {}),
    ...named('node', bound.node),
    ...named('pod', bound.pod),
  }
}
