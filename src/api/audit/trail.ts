import { escapeHtml } from '../../apimachinery/go-quote.ts'
import { jsonText, parseJson } from '../../apimachinery/json.ts'
import type { KubeObject } from '../../apimachinery/object.ts'
import type { Status, StatusError } from '../../apimachinery/status.ts'
import type { Decision } from '../auth/authorizer.ts'
import type { Impersonated } from '../auth/impersonate.ts'
import { isLongRunning } from '../pipeline/in-flight.ts'
import type { RequestInfo } from '../pipeline/request-info.ts'
import type { ApiRequest, ApiResponse, Sink, UserInfo } from '../request.ts'
import { withoutManagedFields } from './managed-fields.ts'
import { ObservedSink } from './observed-sink.ts'
import { type Extent, type Level, levels, type Stage } from './policy.ts'
import { sourcesOf } from './source-addresses.ts'

/** Takes one line of the log. What it gives resolves when more may follow. */
export type LineSink = (line: string) => void | Promise<void>

export interface TrailOptions {
  readonly id: string
  readonly request: ApiRequest
  readonly info: RequestInfo
  /** undefined: authentication failed. */
  readonly user: UserInfo | undefined
  readonly extent: Extent
  readonly receivedMs: number
  /** More annotations of the last event. */
  readonly lastNotes?: () => readonly (readonly [key: string, value: string])[]
  readonly now: () => number
  readonly sink: LineSink
}

const maxUserAgent = 1024

/** What is known of one request that is logged, and its events (k8s.io/apiserver/pkg/audit). */
export class Trail {
  readonly #o: TrailOptions
  readonly #annotations = new Map<string, string>()
  readonly #lastAnnotations = new Map<string, string>()
  readonly #reference: Record<string, string> | undefined
  #impersonated: Impersonated | undefined
  /** JSON. */
  #requestObject: string | undefined
  #responseObject: string | undefined
  #status: object | undefined

  constructor(options: TrailOptions) {
    this.#o = options
    const { info } = options
    if (info.isResource) {
      const { resource, namespace, name, group, version, subresource } = info
      this.#reference = {
        resource,
        namespace,
        name,
        uid: '',
        apiGroup: group,
        apiVersion: version,
        resourceVersion: '',
        subresource,
      }
    }
  }

  impersonated(user: Impersonated): void {
    this.#impersonated = user
  }

  decided({ allowed, reason }: Decision): void {
    this.annotate('authorization.k8s.io/decision', allowed ? 'allow' : 'forbid')
    this.annotate('authorization.k8s.io/reason', reason)
  }

  /** The first value of a key stays. */
  annotate(key: string, value: string, level: Level = 'Metadata'): void {
    if (this.#has(level) && !this.#annotations.has(key)) this.#annotations.set(key, value)
  }

  /** What the last event alone tells: it is known when the answer is there. */
  annotateLast(key: string, value: string): void {
    this.#lastAnnotations.set(key, value)
  }

  /** The decoded object of the request, with its defaults. */
  asks(object: KubeObject): void {
    const { metadata = {} } = object as Partial<KubeObject>
    const reference = this.#reference
    if (reference) {
      reference.namespace ||= metadata.namespace ?? ''
      reference.name ||= metadata.name ?? ''
      reference.uid ||= metadata.uid ?? ''
      reference.resourceVersion ||= metadata.resourceVersion ?? ''
    }
    if (this.#has('Request')) this.#requestObject = jsonText(this.#shown(object))
  }

  /** The patch that was sent, as JSON; of what is none (kube-apiserver loses the whole event) nothing is shown. */
  patches(json: () => string | undefined): void {
    if (this.#has('Request')) this.#requestObject = json()
  }

  /** Refused before it was known who asks. `unseen`: all that is told of a refusal that was sent past what logs it. */
  refused({ status }: StatusError, unseen?: Pick<Status, 'message'>): void | Promise<void> {
    const { metadata: _, kind: __, apiVersion: ___, ...told } = status
    this.#status = { metadata: {}, ...(unseen ? { ...unseen, code: status.code } : told) }
    if (this.#has('RequestResponse') && !unseen) this.#responseObject = jsonText(status)
    return this.#tell('ResponseStarted')
  }

  received(): void | Promise<void> {
    return this.#tell('RequestReceived')
  }

  /** The answer; `status` when it is one, and `json` its body as JSON. Gives the response to send, which tells of its end when it is a stream. */
  async answered(
    response: ApiResponse,
    status: Status | undefined,
    json: () => Promise<string | undefined>,
  ): Promise<ApiResponse> {
    const isUpgrade = response.status === 101
    this.#status = {
      metadata: {},
      ...(status?.status ? { status: status.status } : {}),
      ...(status?.message ? { message: status.message } : {}),
      ...(status?.reason ? { reason: status.reason } : {}),
      ...(status?.details ? { details: status.details } : {}),
      code: response.status,
    }
    const runsLong = isLongRunning(this.#o.info)
    if (this.#has('RequestResponse') && (status || !runsLong)) {
      const text = await json()
      this.#responseObject = text && this.#o.extent.omitManagedFields ? jsonText(this.#shown(parseJson(text) as object)) : text
    }
    if (runsLong || isUpgrade) await this.#tell('ResponseStarted')
    const { body } = response
    const isStream = 'stream' in body || 'events' in body
    if (!isStream) {
      await this.#tell('ResponseComplete')
      return response
    }
    const end = once(() => this.#tell('ResponseComplete'))
    this.#o.request.signal.addEventListener('abort', () => void end(), { once: true })
    if ('stream' in body) {
      const { feed } = body
      const fed = feed && ((sink: Sink) => feed(new ObservedSink(sink, end)))
      return { ...response, body: { stream: observed(body.stream, end), ...(fed ? { feed: fed } : {}) } }
    }
    return { ...response, body: { events: observed(body.events, end) } }
  }

  /** Whether the level is at least this one. */
  #has(level: Level): boolean {
    return levels.indexOf(this.#o.extent.level) >= levels.indexOf(level)
  }

  #shown(object: object): object {
    return this.#o.extent.omitManagedFields ? withoutManagedFields(object) : object
  }

  #tell(stage: Stage): void | Promise<void> {
    if (this.#o.extent.omitStages.includes(stage)) return
    return this.#o.sink(this.#line(stage))
  }

  /** Fields in kube-apiserver's order, empty ones left out. */
  #line(stage: Stage): string {
    const { id, request, user, info, extent, receivedMs, now } = this.#o
    const event = {
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level: extent.level,
      auditID: id,
      stage,
      requestURI: uriOf(request),
      verb: info.verb,
      user: userJson(user),
      ...(this.#impersonated ? { impersonatedUser: userJson(this.#impersonated.user) } : {}),
      ...(this.#impersonated?.constraint
        ? { authenticationMetadata: { impersonationConstraint: this.#impersonated.constraint } }
        : {}),
      sourceIPs: sourcesOf(request),
      ...(request.headers['user-agent'] ? { userAgent: agentOf(request.headers['user-agent']) } : {}),
      ...(this.#reference ? { objectRef: filled(this.#reference) } : {}),
      ...(this.#status ? { responseStatus: this.#status } : {}),
    }
    const last = stage === 'ResponseComplete' ? [...this.#lastAnnotations, ...(this.#o.lastNotes?.() ?? [])] : []
    const annotations = [...this.#annotations, ...last]
    const rest = {
      requestReceivedTimestamp: microTime(receivedMs),
      stageTimestamp: microTime(now()),
      ...(annotations.length > 0 ? { annotations: Object.fromEntries(annotations.sort(byKey)) } : {}),
    }
    const bodies = [
      this.#requestObject ? `"requestObject":${this.#requestObject},` : '',
      this.#responseObject ? `"responseObject":${this.#responseObject},` : '',
    ].join('')
    return `${escapeHtml(`${jsonText(event).slice(0, -1)},${bodies}${jsonText(rest).slice(1)}`)}\n`
  }
}

const byKey = ([a]: readonly [string, string], [b]: readonly [string, string]): number => (a < b ? -1 : 1)

function userJson(user: UserInfo | undefined): object {
  if (!user) return {}
  const { name, uid, groups, extra } = user
  return {
    username: name,
    ...(uid ? { uid } : {}),
    ...(groups.length > 0 ? { groups } : {}),
    ...(extra && Object.keys(extra).length > 0 ? { extra } : {}),
  }
}

const filled = (reference: Record<string, string>): object =>
  Object.fromEntries(Object.entries(reference).filter(([, value]) => value !== ''))

const agentOf = (text: string): string => (text.length > maxUserAgent ? `${text.slice(0, maxUserAgent)}...TRUNCATED` : text)

const uriOf = ({ uri, path, query }: ApiRequest): string => uri ?? (query.size > 0 ? `${path}?${query}` : path)

/** RFC 3339 with microseconds. */
function microTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z')
}

function once(run: () => void | Promise<void>): () => void | Promise<void> {
  let isDone = false
  return () => {
    if (isDone) return undefined
    isDone = true
    return run()
  }
}

async function* observed<T>(items: AsyncIterable<T>, end: () => unknown): AsyncGenerator<T> {
  try {
    yield* items
  } finally {
    await end()
  }
}
