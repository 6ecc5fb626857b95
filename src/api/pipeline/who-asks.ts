import type { Trail } from '../audit/trail.ts'
import type { Attributes } from '../auth/authorizer.ts'
import { forbiddenRequest } from '../auth/forbidden.ts'
import type { Impersonate } from '../auth/impersonate.ts'
import type { SecurityMetrics } from '../health/security-metrics.ts'
import type { ApiRequest, UserInfo } from '../request.ts'
import { isOffered } from './accepted.ts'
import type { Core } from './call.ts'
import { statusOf } from './failure.ts'
import type { RequestInfo } from './request-info.ts'
import type { Security } from './security.ts'
import { Unauthorizable } from './unauthorizable.ts'

/** Who sends the request. Throws 401, which the audit learns of. */
export async function authenticated(
  core: Core,
  security: Security,
  metrics: SecurityMetrics,
  request: ApiRequest,
  info: RequestInfo,
  id: string,
): Promise<UserInfo> {
  const started = performance.now()
  try {
    const user = await security.authenticate(request)
    metrics.authenticated(user.name, (performance.now() - started) / 1000)
    return user
  } catch (error) {
    metrics.authenticated(undefined, (performance.now() - started) / 1000)
    throw await toldEarly(core, request, info, id, error)
  }
}

/** Logs a refusal that comes before it is known who asks, and gives it back. */
export async function toldEarly(
  core: Core,
  request: ApiRequest,
  info: RequestInfo,
  id: string,
  error: unknown,
): Promise<unknown> {
  const trail = core.audit?.open({ id, request, info, user: undefined, receivedMs: core.audit.now() })
  const status = statusOf(request, error)
  await trail?.refused(status, isOffered(request) ? undefined : status.code === 401 ? { message: attempted(request) } : {})
  return error
}

/** What audit says of a request that nobody could be found for (k8s.io/apiserver/pkg/endpoints/filters getAuthMethods). */
function attempted({ headers, query }: ApiRequest): string {
  const [scheme = '', value] = (headers.authorization ?? '').trim().split(' ')
  const methods = ['basic', 'bearer'].filter((method) => value !== undefined && scheme.toLowerCase() === method)
  if (query.get('access_token')?.trim()) methods.push('access_token')
  return `Authentication failed, ${methods.length > 0 ? `attempted: ${methods.join(', ')}` : 'no credentials provided'}`
}

/** The user that the request goes on as. */
export async function impersonated(
  impersonate: Impersonate,
  sender: UserInfo,
  request: ApiRequest,
  info: RequestInfo,
  trail: Trail | undefined,
): Promise<UserInfo> {
  const found = await impersonate(request.headers, attributesOf(sender, info, request.query))
  if (found.user !== sender) trail?.impersonated(found)
  return found.user
}

/** Throws 403. */
export async function authorize(
  security: Security,
  metrics: SecurityMetrics,
  user: UserInfo,
  request: ApiRequest,
  info: RequestInfo,
  trail: Trail | undefined,
): Promise<void> {
  const attributes = attributesOf(user, info, request.query)
  const started = performance.now()
  const decision = await security.authorize(attributes)
  metrics.authorized(decision, (performance.now() - started) / 1000)
  if (!decision.allowed && decision.error !== undefined) {
    trail?.annotate('authorization.k8s.io/reason', 'internal error')
    throw new Unauthorizable(request, decision.error)
  }
  trail?.decided(decision)
  if (!decision.allowed) throw forbiddenRequest(attributes, decision.reason)
}

/** Selectors mean something where several objects are asked for. */
const multiple = new Set(['list', 'watch', 'deletecollection'])

function attributesOf(user: UserInfo, info: RequestInfo, query: URLSearchParams): Attributes {
  if (!info.isResource) return { user, verb: info.verb, path: info.path }
  const { group, version, resource, subresource, namespace, name, verb } = info
  if (!multiple.has(verb)) return { user, verb, resource: { group, version, resource, subresource, namespace, name } }
  const [fieldSelector, labelSelector] = [query.get('fieldSelector'), query.get('labelSelector')]
  const selectors = { ...(fieldSelector ? { fieldSelector } : {}), ...(labelSelector ? { labelSelector } : {}) }
  return { user, verb, resource: { group, version, resource, subresource, namespace, name, ...selectors } }
}
