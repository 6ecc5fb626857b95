import { internalError, StatusError } from '../../apimachinery/status.ts'
import type { Aggregator } from '../aggregation/aggregator.ts'
import type { Attributes } from '../auth/authorizer.ts'
import { forbiddenRequest } from '../auth/forbidden.ts'
import { impersonate } from '../auth/impersonate.ts'
import type { RequestMetrics } from '../health/metrics.ts'
import { type Accepted, isRoutable, negotiate, notAcceptable, plainJson, unroutable } from '../negotiation/accept.ts'
import type { ServedResource } from '../registry/served.ts'
import type { ApiRequest, ApiResponse, HandleRequest, UserInfo } from '../request.ts'
import type { Answer, Call, Core } from './call.ts'
import { encode, encodeObject } from './encode.ts'
import type { InFlight } from './in-flight.ts'
import { type RequestInfo, requestInfo } from './request-info.ts'
import { verbOf } from './route.ts'
import type { Security } from './security.ts'
import { storeFailure } from './store-failure.ts'

/** Answers for paths that are no resources: discovery, health, versions. undefined: not this one's. */
export type PathRoute = (
  request: ApiRequest,
  info: RequestInfo,
  user: UserInfo,
) => ApiResponse | undefined | Promise<ApiResponse | undefined>

/** What counts requests. */
export interface Gauges {
  readonly inFlight: InFlight
  readonly metrics: RequestMetrics
}

/** The steps of every request, in order. */
export function createHandler(
  core: Core,
  security: Security,
  paths: readonly PathRoute[],
  { inFlight, metrics }: Gauges,
): HandleRequest {
  return async (request) => {
    const info = requestInfo(request.method, request.path, request.query)
    const started = performance.now()
    let leave = () => {}
    let isServed = false
    const response = await answered()
    leave()
    metrics.record(isServed ? info : { ...info, isResource: false }, response.status, (performance.now() - started) / 1000)
    return response

    async function answered(): Promise<ApiResponse> {
      let accept = plainJson
      const warnings = new Set<string>()
      try {
        if (wantsNewest(request, info)) {
          const newest = core.store.current()
          if (newest instanceof Promise) await newest
        }
        const user = await authorized(security, request, info)
        leave = inFlight.enter(request, info, user)
        const elsewhere = core.aggregator?.find(request.path)
        if (elsewhere) return await (core.aggregator as Aggregator).forward(elsewhere, request, user)
        if (!info.isResource) return (await byPath(paths, request, info, user)) ?? notFoundPage()
        accept = formatOf(request)
        const resource = core.registry.find(info.group, info.version, info.resource)
        if (!resource) return (await byPath(paths, request, info, user)) ?? unknownResource(core, info)
        if (resource.isCustom && !isInScope(resource, info)) return notFoundPage()
        const run = verbOf(resource, info, request.method)
        isServed = true
        if (resource.deprecation) warnings.add(resource.deprecation)
        accept = accepted(request, resource, info)
        const call: Call = { core, request, info, user, resource, accept, warnings }
        const answer: Answer = await run(call)
        return warned(await encode(call, answer), warnings)
      } catch (error) {
        return warned(failure(request, accept, error), warnings)
      }
    }
  }
}

/** Whether the answer must show what other servers have written before. `resourceVersion=0` asks for no such thing. */
function wantsNewest({ query, path }: ApiRequest, { isResource, verb }: RequestInfo): boolean {
  if (!isResource) return path.startsWith('/api') || path.startsWith('/openapi')
  const reads = verb === 'get' || verb === 'list' || verb === 'watch'
  return !(reads && query.get('resourceVersion') === '0')
}

async function authorized(security: Security, request: ApiRequest, info: RequestInfo): Promise<UserInfo> {
  const sender = await security.authenticate(request)
  const user = await impersonate(request.headers, attributesOf(sender, info, request.query), security.authorize)
  const attributes = attributesOf(user, info, request.query)
  const decision = await security.authorize(attributes)
  if (!decision.allowed) throw forbiddenRequest(attributes, decision.reason)
  return user
}

function attributesOf(user: UserInfo, info: RequestInfo, query: URLSearchParams): Attributes {
  if (!info.isResource) return { user, verb: info.verb, path: info.path }
  const { group, version, resource, subresource, namespace, name, verb } = info
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

/** The format for errors that come before the resource is known. */
function formatOf(request: ApiRequest): Accepted {
  return { ...(negotiate(request.headers.accept, request.query) ?? plainJson), as: '', version: '' }
}

/** The endpoints that kube-apiserver has no table for. */
const withoutTable = new Set([
  'apiservices/status',
  'certificatesigningrequests/approval',
  'customresourcedefinitions/status',
  'namespaces/finalize',
  'pods/ephemeralcontainers',
  'pods/resize',
  'resourceclaims/status',
  'serviceaccounts/token',
])

function accepted(request: ApiRequest, resource: ServedResource, info: RequestInfo): Accepted {
  if (request.wantsObjects) return plainJson
  const header = request.headers.accept
  if (!isRoutable(header)) throw unroutable(info.verb === 'list' || info.verb === 'watch')
  // What can only be asked (reviews) has no table either.
  const isQuestion = !resource.verbs.has('get')
  const tables = !isQuestion && !withoutTable.has(info.subresource === '' ? '' : `${resource.resource}/${info.subresource}`)
  const options = { protobuf: !resource.isCustom, stream: info.verb === 'watch', tables }
  const found = negotiate(header, request.query, options)
  if (!found) throw notAcceptable(options)
  return found
}

export function notFoundPage(): ApiResponse {
  const headers = { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' }
  return { status: 404, headers, body: { bytes: Buffer.from('404 page not found\n') } }
}

/** A definition knows nothing of paths of the other scope; lists and watches may span all namespaces. */
function isInScope({ namespaced }: ServedResource, { namespace, verb }: RequestInfo): boolean {
  return namespaced ? namespace !== '' || verb === 'list' || verb === 'watch' : namespace === ''
}

function unknownResource(core: Core, info: RequestInfo): ApiResponse {
  if (!core.registry.hasBuiltInVersion(info.group, info.version)) return notFoundPage()
  throw new StatusError(404, 'NotFound', 'the server could not find the requested resource', {})
}

function failure(request: ApiRequest, accept: Accepted, error: unknown): ApiResponse {
  const known = error instanceof StatusError ? error : storeFailure(error)
  const status = known ?? internalError(error instanceof Error ? error.message : String(error))
  if (!known) console.error(`${request.method} ${request.path}:`, error)
  const pretty = accept.pretty || (status.code === 406 && accept.format === 'json')
  const response = encodeObject(
    { ...accept, as: '', pretty },
    status.code,
    status.status,
    statusKind,
    request.wantsObjects === true,
  )
  const retry = status.status.details?.retryAfterSeconds
  return retry ? { ...response, headers: { ...response.headers, 'retry-after': String(retry) } } : response
}

const statusKind = { group: '', version: 'v1', kind: 'Status' }

/** RFC 7234's `Warning: 299 - "text"`, one header line for each; several are joined by newlines for the transport to split. */
function warned(response: ApiResponse, warnings: ReadonlySet<string>): ApiResponse {
  if (warnings.size === 0) return response
  const lines = [...warnings].map((w) => `299 - ${quoted(w)}`)
  return { ...response, headers: { ...response.headers, warning: lines.join('\n') } }
}

function quoted(text: string): string {
  const clean = text.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ')
  return `"${clean.replace(/[\\"]/g, '\\$&')}"`
}
