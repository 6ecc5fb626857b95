import type { SubjectAccessReviewSpec, SubjectAccessReviewStatus } from '../../../apimachinery/kinds.generated.ts'
import { unexpectedResponse } from '../../../apimachinery/unexpected-response.ts'
import type { Attributes, Decision } from '../authorizer.ts'
import type { WebhookSettings } from './configuration.ts'
import { matchOf } from './match-conditions.ts'
import type { AuthorizationMetrics, CallResult } from './metrics.ts'
import { type ReviewVersion, reviewObject, reviewSpec } from './review.ts'

export interface WebhookAnswer {
  readonly status: number
  /** The body, as text. */
  readonly text: string
  /** Whether it says that it is text, or nothing. */
  readonly isText: boolean
  /** Of the Retry-After header. */
  readonly retryAfter: boolean
}

/** Posts a review to the server and gives what it answered. Throws an Error, worded as Go's client words it, when it could not. */
export type AskServer = (review: object, timeoutMs: number) => Promise<WebhookAnswer>

interface WebhookOptions {
  readonly name: string
  readonly settings: WebhookSettings
  readonly ask: AskServer
  readonly metrics: AuthorizationMetrics
  /** Milliseconds of any clock that only goes forwards. */
  readonly now: () => number
  readonly random: () => number
  readonly pause: (ms: number) => Promise<void>
}

/** Whether a call may be made again: kube's backoff of five steps from half a second. */
const retry = { steps: 5, firstMs: 500, factor: 1.5, jitter: 0.2 }
const mostAnswers = 8192
/** What a requester can make longer is not kept when it is this long. */
const mostControlled = 10_000

class CallError extends Error {
  readonly result: CallResult
  readonly isTransient: boolean
  constructor(message: string, result: CallResult, isTransient: boolean) {
    super(message)
    this.name = 'CallError'
    this.result = result
    this.isTransient = isTransient
  }
}

/** Another server's opinion, as k8s.io/apiserver/plugin/pkg/authorizer/webhook asks for it. */
export function webhookAuthorizer(options: WebhookOptions): (attributes: Attributes) => Decision | Promise<Decision> {
  const { name, settings, metrics, now } = options
  const answers = new Answers(now)
  const onError = (error: string): Decision => ({ allowed: false, denied: settings.failurePolicy === 'Deny', reason: '', error })
  return (attributes) => {
    const spec = reviewSpec(attributes)
    const { matchConditions } = settings
    if (matchConditions.length > 0) {
      const started = performance.now()
      const match = matchOf(matchConditions, spec)
      const outcome = match.error !== undefined ? 'error' : match.matches ? 'matched' : 'excluded'
      metrics.matched(name, (performance.now() - started) / 1000, outcome)
      if (match.error !== undefined) return onError(match.error)
      if (!match.matches) return { allowed: false, reason: '' }
    }
    const key = JSON.stringify(spec)
    const known = answers.get(key)
    if (known) return decisionOf(known)
    return called(options, spec).then(
      (status) => {
        const ttlMs = status.allowed ? settings.authorizedTtlMs : settings.unauthorizedTtlMs
        if (ttlMs > 0 && controlledLength(attributes) < mostControlled) answers.put(key, status, ttlMs)
        return decisionOf(status)
      },
      (error: CallError) => {
        console.error(`Failed to make webhook authorizer request: ${error.message}`)
        if (settings.failurePolicy === 'NoOpinion') metrics.failedOpen(name, error.result)
        return onError(error.message)
      },
    )
  }
}

function decisionOf({ allowed, denied, reason = '' }: SubjectAccessReviewStatus): Decision {
  if (denied && allowed)
    return { allowed: false, denied: true, reason, error: 'webhook subject access review returned both allow and deny response' }
  return { allowed: allowed === true, ...(denied ? { denied } : {}), reason }
}

function controlledLength({ verb, resource, path = '' }: Attributes): number {
  if (!resource) return verb.length + path.length
  const { namespace, group, version, subresource, name } = resource
  return [verb, namespace, group, version, resource.resource, subresource, name].reduce((sum, text) => sum + text.length, 0)
}

/** Throws CallError. */
async function called(options: WebhookOptions, spec: SubjectAccessReviewSpec): Promise<SubjectAccessReviewStatus> {
  const { name, metrics, random, pause } = options
  let waitMs = retry.firstMs
  for (let step = 1; ; step++) {
    const started = performance.now()
    const told = (result: CallResult) => metrics.called(name, result, (performance.now() - started) / 1000)
    try {
      const status = await asked(options, spec)
      told('success')
      return status
    } catch (error) {
      const failure = error instanceof CallError ? error : new CallError((error as Error).message, 'error', false)
      told(failure.result)
      if (!failure.isTransient || step === retry.steps) throw failure
    }
    await pause(waitMs * (1 + random() * retry.jitter))
    waitMs *= retry.factor
  }
}

async function asked({ settings, ask }: WebhookOptions, spec: SubjectAccessReviewSpec): Promise<SubjectAccessReviewStatus> {
  const answer = await ask(reviewObject(spec, settings.version), settings.timeoutMs).catch((error: Error) => {
    const isLate = error.message.includes('context deadline exceeded')
    throw new CallError(error.message, isLate ? 'timeout' : 'error', error.message.includes('connection reset by peer'))
  })
  const { status, text, isText, retryAfter } = answer
  if (status < 200 || status > 299) {
    const isTransient = status === 500 || status === 429 || status === 504 || retryAfter
    throw new CallError(statusText(status, isText ? text.trim() : 'unknown'), status === 504 ? 'timeout' : 'error', isTransient)
  }
  return statusIn(text, settings.version)
}

function statusIn(text: string, version: ReviewVersion): SubjectAccessReviewStatus {
  let object: { apiVersion?: unknown; kind?: unknown; status?: unknown }
  try {
    object = JSON.parse(text) as typeof object
  } catch (error) {
    throw new Error(`couldn't get version/kind; json parse error: ${(error as Error).message}`)
  }
  if (typeof object !== 'object' || object === null || typeof object.kind !== 'string')
    throw new Error("Object 'Kind' is missing in the answer of the webhook")
  const { apiVersion, kind } = object
  if (kind !== 'SubjectAccessReview') {
    const given = `${String(apiVersion).split('/').at(-1)}.${kind}`
    throw new Error(`converting (${given}) to (${version}.SubjectAccessReview): unknown conversion`)
  }
  const { allowed, denied, reason } = (object.status ?? {}) as Partial<Record<'allowed' | 'denied' | 'reason', unknown>>
  for (const [field, value] of Object.entries({ allowed, denied }))
    if (value !== undefined && typeof value !== 'boolean') throw new Error(`status.${field} of the answer is not a boolean`)
  return { allowed: allowed === true, ...(denied ? { denied: true } : {}), ...(typeof reason === 'string' ? { reason } : {}) }
}

const statusText = (code: number, said: string): string =>
  code === 401 ? 'Unauthorized' : unexpectedResponse(code, said.slice(0, 2048))

/** Answers until they are too old; of too many, those that were used least recently go. */
class Answers {
  readonly #now: () => number
  readonly #byKey = new Map<string, { readonly status: SubjectAccessReviewStatus; readonly until: number }>()

  constructor(now: () => number) {
    this.#now = now
  }

  get(key: string): SubjectAccessReviewStatus | undefined {
    const found = this.#byKey.get(key)
    if (!found) return undefined
    this.#byKey.delete(key)
    if (found.until <= this.#now()) return undefined
    this.#byKey.set(key, found)
    return found.status
  }

  put(key: string, status: SubjectAccessReviewStatus, ttlMs: number): void {
    this.#byKey.delete(key)
    this.#byKey.set(key, { status, until: this.#now() + ttlMs })
    const [oldest] = this.#byKey.keys()
    if (this.#byKey.size > mostAnswers && oldest !== undefined) this.#byKey.delete(oldest)
  }
}
