import { randomUUID } from 'node:crypto'
import { StatusError } from '../../apimachinery/status.ts'
import type { Aggregator } from '../aggregation/aggregator.ts'
import { jsonOf, objectSent, statusIn } from '../audit/answer-text.ts'
import type { Audit, Opening } from '../audit/audit.ts'
import type { Trail } from '../audit/trail.ts'
import { type Impersonate, impersonator } from '../auth/impersonate.ts'
import type { FlowControl, Place } from '../flow-control/flow-control.ts'
import type { RequestMetrics } from '../health/request-metrics.ts'
import type { SecurityMetrics } from '../health/security-metrics.ts'
import type { Accepted } from '../negotiation/accept.ts'
import type { ServedResource } from '../registry/served.ts'
import type { ApiRequest, ApiResponse, HandleRequest, UserInfo } from '../request.ts'
import { accepted, connections, formatOf, isOffered, routed } from './accepted.ts'
import type { Answer, Bulk, Call, Core } from './call.ts'
import { askedTime, Deadline, overdue, within } from './deadline.ts'
import { encode } from './encode.ts'
import { failure, isUnrouted, statusOf } from './failure.ts'
import { type InFlight, isLongRunning } from './in-flight.ts'
import { Latencies } from './latencies.ts'
import { PlainRefusal } from './plain-refusal.ts'
import { breath, bulkOf, readable } from './readable.ts'
import { type RequestInfo, requestInfo } from './request-info.ts'
import { verbOf } from './route.ts'
import type { Security } from './security.ts'
import { warned } from './warnings.ts'
import { authenticated, authorize, impersonated, toldEarly } from './who-asks.ts'

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

/** What every request meets. */
interface Server {
  readonly core: Core
  readonly security: Security
  readonly paths: readonly PathRoute[]
  readonly gauges: Gauges
  readonly impersonate: Impersonate
}

/** What answers requests. */
export function createHandler(core: Core, security: Security, paths: readonly PathRoute[], gauges: Gauges): HandleRequest {
  const server: Server = { core, security, paths, gauges, impersonate: impersonator(security.authorize) }
  return (request) => new Passage(server, request).answer()
}

/** One request on its way: the steps of every request, in order. */
class Passage {
  readonly #server: Server
  readonly #request: ApiRequest
  readonly #info: RequestInfo
  readonly #auditId: string
  readonly #started = performance.now()
  readonly #warnings = new Set<string>()
  readonly #latencies = new Latencies()
  readonly #bulk: Bulk
  #accept: Accepted
  #trail: Trail | undefined
  #place: Place | undefined
  #leave = () => {}
  #isServed = false

  constructor(server: Server, request: ApiRequest) {
    this.#server = server
    this.#request = request
    this.#info = requestInfo(request.method, request.path, request.query)
    this.#auditId = request.headers['audit-id']?.slice(0, maxAuditId) || randomUUID()
    this.#bulk = bulkOf(request)
    this.#accept = formatOf(request)
  }

  async answer(): Promise<ApiResponse> {
    const response = await this.#inTime()
    if (this.#request.wantsObjects) return response
    return { ...response, headers: { ...notKept, ...response.headers, ...this.#place?.headers, 'audit-id': this.#auditId } }
  }

  #inTime(): Promise<ApiResponse> {
    const { wantsObjects, query } = this.#request
    if (wantsObjects || isLongRunning(this.#info)) return this.#outcome(undefined)
    try {
      const ms = askedTime(query)
      const deadline = new Deadline(ms)
      const outcome = this.#outcome(deadline)
      return ms === undefined ? outcome : within(deadline, outcome)
    } catch (error) {
      return this.#refuseEarly(error)
    }
  }

  async #refuseEarly(error: unknown): Promise<ApiResponse> {
    const refusal = await toldEarly(this.#server.core, this.#request, this.#info, this.#auditId, error)
    const response = await this.#refuse(refusal)
    this.#depart(response)
    return response
  }

  /** `deadline` undefined: it may last as long as it likes. */
  async #outcome(deadline: Deadline | undefined): Promise<ApiResponse> {
    let response: ApiResponse
    try {
      const user = await this.#admit()
      const resource = this.#resource()
      response = resource ? await this.#serve(resource, user, deadline) : await this.#elsewhere(user)
    } catch (error) {
      response = await this.#refuse(error)
    }
    this.#depart(response)
    return response
  }

  /** Gives its place to others, and counts it. */
  #depart(response: ApiResponse): void {
    const request = this.#request
    const info = this.#info
    const { metrics } = this.#server.gauges
    this.#leave()
    this.#place?.leave()
    const counted = {
      info,
      method: request.method,
      isApply: info.verb === 'patch' && request.headers['content-type']?.startsWith('application/apply-patch') === true,
      isDryRun: request.query.has('dryRun'),
    }
    const seconds = (performance.now() - this.#started) / 1000
    if (this.#isServed || (!info.isResource && response.status !== 429))
      metrics.record(counted, { response, seconds, elsewhereSeconds: this.#latencies.elsewhereMs / 1000 })
    else if (response.status === 429) metrics.terminated(counted, 429)
  }

  /** Gives the user that the request goes on as, once it has its turn and is allowed. */
  async #admit(): Promise<UserInfo> {
    const request = this.#request
    const info = this.#info
    const { core, security, impersonate, gauges } = this.#server
    if (wantsNewest(request, info)) {
      const newest = core.store.current()
      if (newest instanceof Promise) await newest
    }
    const began = performance.now()
    const sender = await authenticated(core, security, gauges.security, request, info, this.#auditId)
    if (core.audit) {
      this.#latencies.add('authentication', performance.now() - began)
      this.#trail = core.audit.open({ ...this.#audited(core.audit), user: sender })
      await this.#trail?.received()
    }
    const user = await impersonated(impersonate, sender, request, info, this.#trail)
    const entered = gauges.flow?.enter(request, info, user)
    this.#place = entered instanceof Promise ? await entered : entered
    if (this.#place) this.#latencies.add('apf-queue-wait', this.#place.waitedMs)
    this.#leave = gauges.inFlight.enter(request, info, user)
    const asking = performance.now()
    await authorize(security, gauges.security, user, request, info, this.#trail)
    this.#took('authorization', asking)
    return user
  }

  /** For the audit log, which alone asks for these. */
  #took(layer: 'authorization' | 'serialize-response-object', began: number): void {
    if (this.#trail) this.#latencies.add(layer, performance.now() - began)
  }

  #audited(audit: Audit): Omit<Opening, 'user'> {
    const slow = isLongRunning(this.#info) ? undefined : () => this.#latencies.notes(performance.now() - this.#started)
    return {
      id: this.#auditId,
      request: this.#request,
      info: this.#info,
      receivedMs: audit.now(),
      ...(slow ? { lastNotes: slow } : {}),
    }
  }

  /** What the path is a resource of; undefined: another server's, or none. */
  #resource(): ServedResource | undefined {
    const { aggregator, registry } = this.#server.core
    const { isResource, group, version, resource } = this.#info
    const isOurs =
      isResource && !isForNobody(this.#request) && !isBroken(this.#request.path) && !aggregator?.find(this.#request.path)
    return isOurs ? registry.find(group, version, resource) : undefined
  }

  async #elsewhere(user: UserInfo): Promise<ApiResponse> {
    const request = this.#request
    const info = this.#info
    const { core, paths } = this.#server
    // The router takes no path that begins with two slashes for one of its own.
    if (isForNobody(request)) return told(this.#trail, notFoundPage())
    if (isBroken(request.path)) return told(this.#trail, brokenPath(core, request.path))
    const server = core.aggregator?.find(request.path)
    if (server && request.unreadable) throw request.unreadable
    if (server) return told(this.#trail, await (core.aggregator as Aggregator).forward(server, request, user))
    const response = await byPath(paths, request, info, user)
    if (!response) return told(this.#trail, info.isResource ? unknownResource(core, info) : notFoundPage())
    if (!this.#trail) return response
    // Audit shows discovery as JSON, whatever was asked for.
    const isJson = response.headers['content-type']?.startsWith('application/json') || !request.path.startsWith('/api')
    const plain = { ...request, headers: { ...request.headers, accept: 'application/json' } }
    const shown = async () => (isJson ? response : ((await byPath(paths, plain, info, user)) ?? response))
    return this.#trail.answered(response, undefined, async () => objectSent(await shown()))
  }

  async #serve(resource: ServedResource, user: UserInfo, deadline: Deadline | undefined): Promise<ApiResponse> {
    const request = this.#request
    const info = this.#info
    const trail = this.#trail
    const { core, gauges } = this.#server
    if (resource.isCustom && !isInScope(resource, info)) return told(trail, notFoundPage())
    const run = verbOf(resource, info, request.method)
    this.#isServed = true
    if (request.unreadable) throw request.unreadable
    if (!resource.isCustom) routed(request, info, resource)
    if (resource.deprecation) {
      this.#warnings.add(resource.deprecation)
      gauges.metrics.deprecated(info, resource.deprecation)
      trail?.annotateLast('k8s.io/deprecated', 'true')
    }
    if (!connections.has(info.subresource)) this.#accept = accepted(request, resource, info)
    const asked = await readable(request, resource)
    this.#bulk.bytes = Math.max(this.#bulk.bytes, bulkOf(asked).bytes)
    const call: Call = {
      core,
      request: asked,
      info,
      user,
      resource,
      accept: this.#accept,
      latencies: this.#latencies,
      bulk: this.#bulk,
      warnings: this.#warnings,
      deadline,
      ...(trail ? { trail } : {}),
    }
    const answer = await inItsTime(call, run)
    const began = performance.now()
    const response = warned(await encode(call, answer), this.#warnings)
    this.#took('serialize-response-object', began)
    return trail ? await trail.answered(response, statusIn(answer), () => jsonOf(call, answer, response)) : response
  }

  async #refuse(error: unknown): Promise<ApiResponse> {
    const trail = this.#trail
    if (error instanceof PlainRefusal) return await told(trail, error.response)
    const status = statusOf(this.#request, error)
    await breath(this.#bulk)
    const warnings = isUnrouted(this.#info, error) ? new Set<string>() : this.#warnings
    const began = performance.now()
    const response = warned(failure(this.#request, this.#accept, status), warnings)
    this.#took('serialize-response-object', began)
    if (!trail) return response
    // A refusal in no form that was asked for is sent past what logs it.
    const shown = isOffered(this.#request) ? status.status : undefined
    return trail.answered(response, shown, async () => shown && JSON.stringify(shown))
  }
}

/** A write that is over has failed, whatever it came to; who only reads is never told so. */
async function inItsTime(call: Call, run: (call: Call) => Answer | Promise<Answer>): Promise<Answer> {
  const isLate = () => call.deadline?.isOver === true && !reading.has(call.info.verb)
  try {
    const answer = await run(call)
    if (!isLate()) return answer
  } catch (error) {
    if (!isLate()) throw error
  }
  throw overdue()
}

const reading = new Set(['get', 'list', 'watch'])

const maxAuditId = 64
/** Answers are of this moment and for this client, unless they say otherwise. */
const notKept = { 'cache-control': 'no-cache, private' }

const told = (trail: Trail | undefined, response: ApiResponse): ApiResponse | Promise<ApiResponse> =>
  trail ? trail.answered(response, undefined, async () => objectSent(response)) : response

/** Whether the answer must show what other servers have written before. `resourceVersion=0` asks for no such thing. */
function wantsNewest({ query, path }: ApiRequest, { isResource, verb }: RequestInfo): boolean {
  if (!isResource) return path.startsWith('/api') || path.startsWith('/openapi')
  const reads = verb === 'get' || verb === 'list' || verb === 'watch'
  return !(reads && query.get('resourceVersion') === '0')
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

const isForNobody = ({ path }: ApiRequest): boolean => path.startsWith('//')

/** The router finds nothing behind a name that is left out, unless it is that of a namespace. */
const isBroken = (path: string): boolean =>
  path.includes('//') && path.startsWith('/api') && /[^/]\/\/+[^/]/.test(path.replace(/\/namespaces\/\/+/, '/'))

function brokenPath(core: Core, path: string): ApiResponse {
  const [, prefix, group = ''] = path.split('/')
  if (prefix === 'api' || (group !== '' && core.registry.hasBuiltInGroup(group))) throw unknownPath()
  return notFoundPage()
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
  throw unknownPath()
}

const unknownPath = () => new StatusError(404, 'NotFound', 'the server could not find the requested resource', {})
