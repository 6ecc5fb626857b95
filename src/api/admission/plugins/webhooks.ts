import { setImmediate } from 'node:timers/promises'
import { goJson } from '../../../apimachinery/go-quote.ts'
import { parseJson } from '../../../apimachinery/json.ts'
import type { WebhookClientConfig } from '../../../apimachinery/kinds.generated.ts'
import { isQualifiedName } from '../../../apimachinery/names.ts'
import { apiVersionOf } from '../../../apimachinery/resource.ts'
import { mutatingwebhookconfigurations, validatingwebhookconfigurations } from '../../../apimachinery/resources.generated.ts'
import { badRequest, internalError, StatusError } from '../../../apimachinery/status.ts'
import { inTurns } from '../../../apimachinery/steps.ts'
import type { Authorize } from '../../auth/authorizer.ts'
import type { AdmissionMetrics, WebhookStep } from '../../health/admission-metrics.ts'
import type { Objects } from '../../objects.ts'
import { jsonPatchSteps, parseJsonPatch } from '../../patch/json-patch.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../admission.ts'
import { isExempt, type Matched } from '../policy/matching.ts'
import { hasTurn, noteRun, reinvocationOf } from '../reinvocation.ts'
import { type FindKind, replaceContent, writtenKind } from '../served-kinds.ts'
import type { WebhookCalls } from '../webhook/call.ts'
import { isLegacyName } from '../webhook/go-error.ts'
import { type Hook, hooksOf, type Meant, meansWrite } from '../webhook/hooks.ts'
import { decodeAnswer, type ReviewAnswer, readAnswer, rejection, reviewFor } from '../webhook/review.ts'
import { inOwnVersion, inVersion, typeMetaOf, writtenObject } from '../written.ts'

/** The webhook could not be asked, or its answer not be understood: what its failure policy is for. */
class CallFailed extends Error {
  /** By which kube-apiserver counts it. */
  readonly code: 400 | 503

  constructor(message: string, code: 400 | 503 = 503) {
    super(message)
    this.code = code
  }
}

/** Asks one webhook after another to change the object. */
export function mutatingWebhooks(
  objects: Objects,
  authorize: Authorize,
  findKind: FindKind,
  calls: WebhookCalls,
  metrics: AdmissionMetrics,
): AdmissionPlugin {
  const hooks = hooksOf(objects, mutatingwebhookconfigurations)
  return {
    name: 'MutatingAdmissionWebhook',
    mutate: (request) => {
      if (hooks().length === 0 || isExempt(request)) return undefined
      return inTurn(hooks(), async (hook) => {
        const meant = await meansWrite(objects, authorize, hook, request)
        if (meant) await mutateBy(calls, hook, meant, request, findKind, metrics)
      })
    },
  }
}

/** Asks all webhooks at once whether they agree; the first that does not decides. */
export function validatingWebhooks(
  objects: Objects,
  authorize: Authorize,
  calls: WebhookCalls,
  metrics: AdmissionMetrics,
): AdmissionPlugin {
  const hooks = hooksOf(objects, validatingwebhookconfigurations)
  const askAll = async (request: AdmissionRequest): Promise<void> => {
    const looked = await Promise.all(
      hooks().map(async (hook) => ({ hook, meant: await meansWrite(objects, authorize, hook, request) })),
    )
    const asked = looked.flatMap(({ hook, meant }) => (meant ? [{ hook, meant }] : []))
    await Promise.all(asked.map(({ hook, meant }, i) => validateBy(calls, hook, meant, i, metrics)))
  }
  return {
    name: 'ValidatingAdmissionWebhook',
    // Nothing to wait for without webhooks: every write comes through here.
    validate: (request) => (hooks().length === 0 || isExempt(request) ? undefined : askAll(request)),
  }
}

async function inTurn<T>(items: readonly T[], run: (item: T) => Promise<void>): Promise<void> {
  for (const item of items) await run(item)
}

/** The answer was read in the turn in which it came: a patch of so many characters is read in another one. */
const largePatch = 64 * 1024

async function mutateBy(
  calls: WebhookCalls,
  hook: Hook,
  meant: Meant,
  request: AdmissionRequest,
  findKind: FindKind,
  metrics: AdmissionMetrics,
): Promise<void> {
  const state = reinvocationOf(request)
  if (!hasTurn(state, hook.id)) return
  const note = annotator(hook, request, state.isSecond ? 1 : 0)
  const failedOpen = () => {
    metrics.failedOpen(hook.webhook.name, 'admit')
    note.failedOpen()
  }
  await tolerating(hook, failedOpen, async () => {
    let changed = false
    try {
      const answer = await measured(hook, request, 'admit', metrics, () => ask(calls, hook, meant, true))
      if ((answer.patch?.length ?? 0) >= largePatch) await setImmediate()
      const operations = answer.patch === undefined ? [] : operationsOf(answer.patch)
      // From here on there is as much to do as if the client had sent it.
      request.grown?.(answer.patch?.length ?? 0)
      changed = operations.length > 0 && (await applyPatch(hook, operations, answer.patchType, request, meant, findKind))
      if (operations.length > 0) note.patched(answer.patch ?? '')
    } finally {
      note.mutated(changed)
    }
    noteRun(state, hook.id, changed, hook.webhook.reinvocationPolicy)
  })
}

const validateBy = (
  calls: WebhookCalls,
  hook: Hook,
  meant: Meant,
  /** Among those that look at this request. */
  index: number,
  metrics: AdmissionMetrics,
): Promise<void> =>
  tolerating(
    hook,
    () => {
      metrics.failedOpen(hook.webhook.name, 'validating')
      meant.seen.annotate?.(`failed-open.validating.webhook.admission.k8s.io/round_0_index_${index}`, hook.webhook.name)
    },
    async () => {
      await measured(hook, meant.seen, 'validating', metrics, () => ask(calls, hook, meant, false))
    },
  )

/** Counts how a webhook answered, and how long that took. */
async function measured<T>(
  { webhook: { name, failurePolicy } }: Hook,
  request: AdmissionRequest,
  step: WebhookStep,
  metrics: AdmissionMetrics,
  run: () => Promise<T>,
): Promise<T> {
  const { operation } = request
  const started = performance.now()
  const count = (code: number, isRejected: boolean) => {
    const ms = performance.now() - started
    metrics.webhook(name, step, operation, code, isRejected, ms / 1000)
    request.waited?.(ms, step)
  }
  try {
    const answer = await run()
    count(200, false)
    return answer
  } catch (error) {
    const isRejected = !(error instanceof CallFailed && failurePolicy === 'Ignore')
    const code = error instanceof CallFailed || error instanceof StatusError ? error.code : 0
    const kind =
      error instanceof CallFailed
        ? 'calling_webhook_error'
        : error instanceof StatusError
          ? 'no_error'
          : 'apiserver_internal_error'
    if (isRejected) metrics.webhookRejected(name, step, operation, kind, code)
    count(code, isRejected)
    throw error
  }
}

/** What a mutating webhook did, for the audit log. The patch may hold what only the request's body may. */
function annotator({ webhook, configuration, index }: Hook, { annotate }: AdmissionRequest, round: number) {
  const place = `webhook.admission.k8s.io/round_${round}_index_${index}`
  const by = { configuration, webhook: webhook.name }
  return {
    failedOpen: () => annotate?.(`failed-open.mutation.${place}`, webhook.name),
    mutated: (mutated: boolean) => annotate?.(`mutation.${place}`, JSON.stringify({ ...by, mutated })),
    patched: (patch: string) =>
      annotate?.(`patch.${place}`, goJson({ ...by, patch: parseJson(patch), patchType: 'JSONPatch' }), 'Request'),
  }
}

/** Failures to call are forgiven when the webhook's failure policy says so; refusals never are. */
async function tolerating({ webhook }: Hook, failedOpen: () => void, run: () => Promise<void>): Promise<void> {
  try {
    await run()
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error
    if (webhook.failurePolicy === 'Ignore') return failedOpen()
    throw internalError(`failed calling webhook ${JSON.stringify(webhook.name)}: ${error.message}`)
  }
}

async function ask(
  calls: WebhookCalls,
  { webhook }: Hook,
  { matched, seen: request }: Meant,
  mayPatch: boolean,
): Promise<ReviewAnswer> {
  const { name, clientConfig, sideEffects, timeoutSeconds = 10 } = webhook
  if (request.dryRun && sideEffects !== 'None' && sideEffects !== 'NoneOnDryRun') {
    throw badRequest(`admission webhook ${JSON.stringify(name)} does not support dry run`)
  }
  const { uid, version, body } = failing('', () => reviewFor(request, matched, webhook.admissionReviewVersions), 400)
  const review = await calls.ask(clientConfig, body, timeLeft(request, timeoutSeconds)).catch((error: Error) => {
    if (isLegacyName(error.message))
      request.annotate?.(`missing-san.invalid-cert.kubernetes.io/${hostOf(clientConfig)}`, legacyNote)
    throw new CallFailed(`failed to call webhook: ${error.message}`)
  })
  const decoded = failing('failed to call webhook: ', () => decodeAnswer(review, version))
  const answer = failing('received invalid webhook response: ', () => readAnswer(decoded, uid, { version, mayPatch }))
  for (const [key, value] of Object.entries(answer.auditAnnotations)) {
    // What is no qualified name is left out.
    if (isQualifiedName(`${name}/${key}`).length === 0) request.annotate?.(`${name}/${key}`, value)
  }
  for (const warning of answer.warnings) request.warn(warning)
  if (!answer.allowed) throw rejection(name, answer.status)
  return answer
}

const legacyNote = 'relies on a legacy Common Name field instead of the SAN extension for subject validation'

const hostOf = ({ url, service }: WebhookClientConfig): string =>
  url ? new URL(url).hostname : `${service?.name}.${service?.namespace}.svc`

/** In milliseconds: a webhook's own time, or what is left to the request. */
const timeLeft = ({ deadline }: AdmissionRequest, seconds: number): number =>
  Math.min(seconds * 1000, deadline?.leftMs ?? Number.POSITIVE_INFINITY)

function failing<T>(prefix: string, run: () => T, code: 400 | 503 = 503): T {
  try {
    return run()
  } catch (error) {
    throw new CallFailed(`${prefix}${(error as Error).message}`, code)
  }
}

type Operations = ReturnType<typeof parseJsonPatch>['operations']

const operationsOf = (patch: string): Operations =>
  failing('received undecodable patch in webhook response: ', () => parseJsonPatch(patch, false)).operations

async function applyPatch(
  { webhook }: Hook,
  operations: Operations,
  patchType: string | undefined,
  request: AdmissionRequest,
  { matched, seen }: Meant,
  findKind: FindKind,
): Promise<boolean> {
  const { object } = request
  if (!object || !seen.object) {
    throw internalError(
      `admission webhook ${JSON.stringify(webhook.name)} attempted to modify the object, which is not supported for this operation`,
    )
  }
  if ((patchType ?? 'JSONPatch') !== 'JSONPatch') throw new CallFailed(`unsupported patch type ${JSON.stringify(patchType)}`)
  try {
    const next = await inTurns(jsonPatchSteps(writtenObject(seen, seen.object, matched), operations))
    checkKind(next, request, matched)
    const kind = writtenKind({ ...request, ...matched }, findKind)
    const read = kind ? await inTurns(kind.read(next)) : (next as typeof object)
    const own = seen === request ? read : await inOwnVersion(request, read)
    return await inTurns(replaceContent(object, request.kindVersion ? own : inVersion(own, typeMetaOf(request).apiVersion)))
  } catch (error) {
    const why = error instanceof StatusError ? (error.cause ?? error.message) : (error as Error).message
    throw internalError(String(why))
  }
}

/** A patch changes an object, and does not make another kind of it. Throws Error. */
function checkKind(next: unknown, request: AdmissionRequest, matched: Matched): void {
  const { apiVersion, kind } = (next ?? {}) as { apiVersion?: unknown; kind?: unknown }
  const meant = { ...typeMetaOf(request), ...(request.kindVersion ? {} : { apiVersion: apiVersionOf(matched) }) }
  if (apiVersion === meant.apiVersion && kind === meant.kind) return
  throw new Error(`${meant.apiVersion}, Kind=${meant.kind} was patched to ${String(apiVersion)}, Kind=${String(kind)}`)
}
