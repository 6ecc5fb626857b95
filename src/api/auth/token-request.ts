import { randomUUID } from 'node:crypto'
import { type FieldError, invalid, invalidObject } from '../../apimachinery/field-error.ts'
import type { Pod, TokenRequest } from '../../apimachinery/kinds.generated.ts'
import type { KubeObject } from '../../apimachinery/object.ts'
import { parseApiVersion, type Resource } from '../../apimachinery/resource.ts'
import { nodes, pods, secrets, serviceaccounts } from '../../apimachinery/resources.generated.ts'
import { badRequest, conflict, notFound } from '../../apimachinery/status.ts'
import type { Objects } from '../objects.ts'
import type { TokenIssuer } from './service-account-tokens.ts'

/** Clients that ask for exactly this many seconds get a year and a warning after them (the token of every pod's volume). */
const extendedWhenAsked = 3607
const extendedSeconds = 365 * 24 * 3600
const kind = { group: 'authentication.k8s.io', kind: 'TokenRequest' }

interface TokenRequestContext {
  readonly objects: Objects
  readonly issuer: TokenIssuer
  readonly namespace: string
  /** The service account's. */
  readonly name: string
  /** Milliseconds. */
  readonly now: number
  /** Must be called, and may throw, after validation and before the token is made. */
  readonly admit?: (request: TokenRequest) => void | Promise<void>
  readonly dryRun?: boolean
  /** Hears by what the token will be known in `authentication.kubernetes.io/credential-id`. */
  readonly issued?: (credentialId: string) => void
}

/** POST serviceaccounts/NAME/token: the request with its token in `status`. Throws StatusError. */
export async function requestToken(request: TokenRequest, context: TokenRequestContext): Promise<TokenRequest> {
  const { objects, issuer, namespace, name, now } = context
  checkNames(request, namespace, name)
  const account = objects.get(serviceaccounts, namespace, name)
  if (!account) throw notFound(serviceaccounts, name)
  checkUid(request, account, name)
  const wanted = completed(request, account, issuer, now)
  const errors = validate(wanted)
  if (errors.length > 0) throw invalidObject(kind, '', errors)
  await context.admit?.(wanted)
  const bound = boundObjects(objects, wanted, namespace, name)
  const { audiences, expirationSeconds } = wanted.spec
  const isOwnAudience = audiences.every((a) => issuer.audiences.includes(a))
  const extend = bound.pod !== undefined && expirationSeconds === extendedWhenAsked && isOwnAudience
  const id = randomUUID()
  const token = await issuer.issue(
    {
      account,
      ...bound,
      id,
      audiences,
      seconds: extend ? extendedSeconds : expirationSeconds,
      warnAfterSeconds: extend ? expirationSeconds : undefined,
    },
    now,
  )
  context.issued?.(`JTI=${id}`)
  const expirationTimestamp = timestamp(now + expirationSeconds * 1000)
  return { ...wanted, status: { token, expirationTimestamp } } as TokenRequest
}

const timestamp = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')

function checkNames({ metadata }: TokenRequest, namespace: string, name: string): void {
  const wrong = (field: string, value: string, what: string) =>
    invalidObject(kind, name, [invalid(`metadata.${field}`, value, `must match the service account ${what} if specified`)])
  if (metadata?.name && metadata.name !== name) throw wrong('name', metadata.name, 'name')
  if (metadata?.namespace && metadata.namespace !== namespace) throw wrong('namespace', metadata.namespace, 'namespace')
}

function checkUid({ metadata }: TokenRequest, account: KubeObject, name: string): void {
  const { uid } = account.metadata
  if (!metadata?.uid || metadata.uid === uid) return
  const why = `the UID in the token request (${metadata.uid}) does not match the UID of the service account (${uid})`
  throw conflict({ group: kind.group, resource: kind.kind }, name, why)
}

type Completed = TokenRequest & { readonly spec: { audiences: string[]; expirationSeconds: number } }

function completed(request: TokenRequest, account: KubeObject, issuer: TokenIssuer, now: number): Completed {
  const { name, namespace, uid } = account.metadata
  const audiences = request.spec?.audiences?.length ? request.spec.audiences : [...issuer.audiences]
  return {
    ...request,
    metadata: {
      ...request.metadata,
      ...(name && { name }),
      ...(namespace && { namespace }),
      ...(uid && { uid }),
      creationTimestamp: timestamp(now),
    },
    spec: { ...request.spec, audiences, expirationSeconds: request.spec?.expirationSeconds ?? 3600 },
  }
}

function validate({ spec }: Completed): FieldError[] {
  const field = 'spec.expirationSeconds'
  const seconds = spec.expirationSeconds
  return [
    ...(seconds < 600 ? [invalid(field, seconds, 'may not specify a duration less than 10 minutes')] : []),
    ...(seconds > 2 ** 32 ? [invalid(field, seconds, 'may not specify a duration larger than 2^32 seconds')] : []),
  ]
}

interface Bound {
  readonly pod?: KubeObject
  readonly node?: KubeObject
  readonly secret?: KubeObject
}

function boundObjects(objects: Objects, request: Completed, namespace: string, account: string): Bound {
  const reference = request.spec.boundObjectRef
  if (!reference) return {}
  const { group, version } = parseApiVersion(reference.apiVersion ?? '')
  const find = <T extends KubeObject>(resource: Resource<T>, inNamespace: string | undefined): T => {
    if (!reference.name) throw badRequest('Name parameter required.')
    const object = objects.get(resource, inNamespace, reference.name)
    if (!object) throw notFound(resource, reference.name)
    return object
  }
  const checked = (object: KubeObject): KubeObject => {
    const { uid } = object.metadata
    if (!reference.uid || reference.uid === uid) return object
    const why = `the UID in the bound object reference (${reference.uid}) does not match the UID in record. The object might have been deleted and then recreated`
    throw conflict({ group, resource: reference.kind ?? '' }, reference.name ?? '', why)
  }
  if (group === '' && reference.kind === 'Secret') return { secret: checked(find(secrets, namespace)) }
  if (group === '' && reference.kind === 'Node') return { node: checked(find(nodes, undefined)) }
  if (group === '' && reference.kind === 'Pod') {
    const pod = find(pods, namespace)
    if (account !== pod.spec?.serviceAccountName) {
      throw badRequest(
        `cannot bind token for serviceaccount ${JSON.stringify(account)} to pod running with different serviceaccount name.`,
      )
    }
    return { pod: checked(pod), ...nodeOfPod(objects, pod) }
  }
  throw badRequest(`cannot bind token to object of type ${group}/${version}, Kind=${reference.kind ?? ''}`)
}

function nodeOfPod(objects: Objects, pod: Pod): { node?: KubeObject } {
  const name = pod.spec?.nodeName
  return name ? { node: objects.get(nodes, undefined, name) ?? { metadata: { name } } } : {}
}
