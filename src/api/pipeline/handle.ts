import { randomUUID } from 'node:crypto'
import { internalError, StatusError } from '../../apimachinery/status.ts'
import type { Aggregator } from '../aggregation/aggregator.ts'
import { jsonOf, sentJson, statusIn } from '../audit/answer-text.ts'
import type { Trail } from '../audit/trail.ts'
import type { Attributes } from '../auth/authorizer.ts'
import { forbiddenRequest, RequestForbidden } from '../auth/forbidden.ts'
import { type Impersonate, impersonator } from '../auth/impersonate.ts'
import type { FlowControl, Place } from '../flow-control/flow-control.ts'
import type { RequestMetrics } from '../health/request-metrics.ts'
import type { SecurityMetrics } from '../health/security-metrics.ts'
import {
  type Accepted,
  isRoutable,
  mediaTypeNames,
  negotiate,
  notAcceptable,
  plainJson,
  unroutable,
} from '../negotiation/accept.ts'
import type { ServedResource } from '../registry/served.ts'
import type { ApiRequest, ApiResponse, HandleRequest, UserInfo } from '../request.ts'
import type { Answer, Call, Core } from './call.ts'
import { deadlineOf, within } from './deadline.ts'
import { encode, encodeObject } from './encode.ts'
import { type InFlight, isLongRunning } from './in-flight.ts'
import { PlainRefusal } from './plain-refusal.ts'
import { breath, bulkOf, readable } from './readable.ts'
import { type RequestInfo, requestInfo } from './request-info.ts'
import { verbOf } from './route.ts'
import type { Security } from './security.ts'
import { storeFailure } from './store-failure.ts'
import { Unauthorizable } from './unauthorizable.ts'
import { warned } from './warnings.ts'

/** Answers for paths that are no resources: discovery, health, versions. undefined: not this one's. */
export type PathRoute = (
  request: ApiRequest,
  info: RequestInfo,
  user: UserInfo,
) => ApiResponse | undefined | Promise<ApiResponse | undefined>

/** What counts requests. */
export interface Gauges {
  readonly inFlight: InFlight
  /** undefined: priority and fairness is off. */
  readonly flow?: FlowControl | undefined
  readonly metrics: RequestMetrics
  readonly security: SecurityMetrics
}

/** The steps of every request, in order. */
export function createHandler(
  core: Core,
  security: Security,
  paths: readonly PathRoute[],
  { inFlight, flow, metrics, security: securityMetrics }: Gauges,
): HandleRequest {
  const impersonate = impersonator(security.authorize)
  return async (request) => {
    const info = requestInfo(request.method, request.path, request.query)
    const auditId = request.headers['audit-id']?.slice(0, maxAuditId) || randomUUID()
    const started = performance.now()
    let leave = () => {}
    let place: Place | undefined
    let isServed = false
    const waits = { ms: 0 }
    const counted = {
      info,
      method: request.method,
      isApply: info.verb === 'patch' && request.headers['content-type']?.startsWith('application/apply-patch') === true,
      isDryRun: request.query.has('dryRun'),
    }
    const response = await answered()
    leave()
    place?.leave()
    const outcome = { response, seconds: (performance.now() - started) / 1000, elsewhereSeconds: waits.ms / 1000 }
    if (isServed || (!info.isResource && response.status !== 429)) metrics.record(counted, outcome)
    else if (response.status === 429) metrics.terminated(counted, 429)
    return request.wantsObjects
      ? response
      : { ...response, headers: { ...notKept, ...response.headers, ...place?.headers, 'audit-id': auditId } }

    async function answered(): Promise<ApiResponse> {
      let accept = formatOf(request)
      let trail: Trail | undefined
      const warnings = new Set<string>()
      const bulk = bulkOf(request)
      try {
        const deadline = request.wantsObjects || isLongRunning(info) ? undefined : deadlineOf(request.query)
        if (wantsNewest(request, info)) {
          const newest = core.store.current()
          if (newest instanceof Promise) await newest
        }
        const sender = await authenticated(core, security, securityMetrics, request, info, auditId)
        if (core.audit) {
          trail = core.audit.open({ id: auditId, request, info, user: sender, receivedMs: core.audit.now() })
          await trail?.received()
        }
        const user = await impersonated(impersonate, sender, request, info, trail)
        const entered = flow?.enter(request, info, user)
        place = entered instanceof Promise ? await entered : entered
        waits.ms += place?.waitedMs ?? 0
        leave = inFlight.enter(request, info, user)
        await authorize(security, securityMetrics, user, request, info, trail)
        const elsewhere = core.aggregator?.find(request.path)
        if (elsewhere) return told(trail, await (core.aggregator as Aggregator).forward(elsewhere, request, user))
        if (!info.isResource) return told(trail, (await byPath(paths, request, info, user)) ?? notFoundPage())
        const resource = core.registry.find(info.group, info.version, info.resource)
        if (!resource) return told(trail, (await byPath(paths, request, info, user)) ?? unknownResource(core, info))
        if (resource.isCustom && !isInScope(resource, info)) return told(trail, notFoundPage())
        const run = verbOf(resource, info, request.method)
        isServed = true
        if (!resource.isCustom) routed(request, info)
        if (resource.deprecation) {
          warnings.add(resource.deprecation)
          metrics.deprecated(info, resource.deprecation)
          trail?.annotate('k8s.io/deprecated', 'true')
        }
        if (!connections.has(info.subresource)) accept = accepted(request, resource, info)
        const asked = await readable(request, resource)
        bulk.bytes = Math.max(bulk.bytes, bulkOf(asked).bytes)
        const call: Call = {
          core,
          request: asked,
          info,
          user,
          resource,
          accept,
          waits,
          bulk,
          warnings,
          ...(trail ? { trail } : {}),
        }
        const answer: Answer = await within(deadline, run(call))
        const response = warned(await encode(call, answer), warnings)
        return trail ? await trail.answered(response, statusIn(answer), () => jsonOf(call, answer, response)) : response
      } catch (error) {
        if (error instanceof PlainRefusal) return await told(trail, error.response)
        const status = statusOf(request, error)
        await breath(bulk)
        const response = warned(failure(request, accept, status), isUnrouted(info, error) ? new Set() : warnings)
        return trail ? trail.answered(response, status.status, async () => JSON.stringify(status.status)) : response
      }
    }
  }
}

const maxAuditId = 64
/** Answers are of this moment and for this client, unless they say otherwise. */
const notKept = { 'cache-control': 'no-cache, private' }

async function authenticated(
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
    const trail = core.audit?.open({ id, request, info, user: undefined, receivedMs: core.audit.now() })
    await trail?.refused(statusOf(request, error))
    throw error
  }
}

const told = (trail: Trail | undefined, response: ApiResponse): ApiResponse | Promise<ApiResponse> =>
  trail ? trail.answered(response, undefined, async () => sentJson(response)) : response

/** Whether the answer must show what other servers have written before. `resourceVersion=0` asks for no such thing. */
function wantsNewest({ query, path }: ApiRequest, { isResource, verb }: RequestInfo): boolean {
  if (!isResource) return path.startsWith('/api') || path.startsWith('/openapi')
  const reads = verb === 'get' || verb === 'list' || verb === 'watch'
  return !(reads && query.get('resourceVersion') === '0')
}

/** The user that the request goes on as. */
async function impersonated(
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
async function authorize(
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

async function byPath(
  paths: readonly PathRoute[],
  request: ApiRequest,
  info: RequestInfo,
  user: UserInfo,
): Promise<ApiResponse | undefined> {
  for (const route of paths) {
    const response = await route(request, info, user)
    if (response) return response
  }
  return undefined
}

/** The format of errors: they have no other form than their own, and where none is accepted they are JSON, indented. */
function formatOf(request: ApiRequest): Accepted {
  return negotiate(request.headers, request.query, { views: false }) ?? { ...plainJson, pretty: true }
}

/** What these answer is nobody's to negotiate. */
const connections = new Set(['attach', 'exec', 'portforward', 'proxy'])

/** Throws the router's 406, which comes before what the resource itself has to say. */
function routed(request: ApiRequest, { subresource, verb }: RequestInfo): void {
  if (connections.has(subresource)) return
  const made = subresource === 'log' ? ['text/plain', ...mediaTypeNames] : mediaTypeNames
  if (!isRoutable(request.headers.accept, made)) throw unroutable(made, verb === 'list' || verb === 'watch')
}

/** The endpoints that kube-apiserver has no table for. */
const withoutTable = new Set([
  'apiservices/status',
  'certificatesigningrequests/approval',
  'customresourcedefinitions/status',
  'namespaces/finalize',
  'pods/ephemeralcontainers',
  'pods/log',
  'pods/resize',
  'resourceclaims/status',
  'serviceaccounts/token',
])

function accepted(request: ApiRequest, resource: ServedResource, info: RequestInfo): Accepted {
  if (request.wantsObjects) return plainJson
  // What can only be asked (reviews) has no table either.
  const isQuestion = !resource.verbs.has('get')
  const tables = !isQuestion && !withoutTable.has(info.subresource === '' ? '' : `${resource.resource}/${info.subresource}`)
  const options = { protobuf: !resource.isCustom, tables }
  const found = negotiate(request.headers, request.query, options)
  if (!found) throw notAcceptable()
  // A form that no stream has is refused by the watch, after everything else.
  return found
}

function notFoundPage(): ApiResponse {
  const headers = { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' }
  return { status: 404, headers, body: { bytes: Buffer.from('404 page not found\n') } }
}

/** A definition knows nothing of paths of the other scope; lists and watches may span all namespaces. */
function isInScope({ namespaced }: ServedResource, { namespace, verb }: RequestInfo): boolean {
  return namespaced ? namespace !== '' || verb === 'list' || verb === 'watch' : namespace === ''
}

function unknownResource(core: Core, info: RequestInfo): ApiResponse {
  if (!core.registry.hasBuiltInGroup(info.group)) return notFoundPage()
  throw new StatusError(404, 'NotFound', 'the server could not find the requested resource', {})
}

function statusOf(request: ApiRequest, error: unknown): StatusError {
  const known = error instanceof StatusError ? error : storeFailure(error)
  if (known) return known
  if (isTooDeep(error)) return new StatusError(400, 'BadRequest', 'the request is nested too deeply to be read')
  console.error(`${request.method} ${request.path}:`, error)
  return internalError(error instanceof Error ? error.message : String(error))
}

/** Whatever recurses over what a client sent ends here when that goes too deep. */
const isTooDeep = (error: unknown): boolean => error instanceof RangeError && error.message.startsWith('Maximum call stack size')

function failure(request: ApiRequest, accepted: Accepted, status: StatusError): ApiResponse {
  const accept = accepted.as === '' ? accepted : formatOf(request)
  const encoded = encodeObject(accept, status.code, status.status, statusKind, request.wantsObjects === true)
  const unsniffed = status instanceof RequestForbidden ? { 'x-content-type-options': 'nosniff' } : {}
  const response = { ...encoded, headers: { ...encoded.headers, ...unsniffed } }
  const retry = status.status.details?.retryAfterSeconds
  return retry ? { ...response, headers: { ...response.headers, 'retry-after': String(retry) } } : response
}

/** The router refuses a patch of a type that it does not know, before the resource is asked. */
const isUnrouted = ({ verb }: RequestInfo, error: unknown): boolean =>
  verb === 'patch' && error instanceof StatusError && error.code === 415

const statusKind = { group: '', version: 'v1', kind: 'Status' }
