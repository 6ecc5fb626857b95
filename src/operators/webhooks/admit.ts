import { jsonText } from '../../apimachinery/json.ts'
import type { KubeObject } from '../../apimachinery/object.ts'
import { jsonPatch } from './json-patch.ts'
import type { ServedWebhook } from './served-webhooks.ts'
import type { FieldProblem, Operation, Review } from './webhook.ts'

/** The request of an AdmissionReview of admission.k8s.io/v1. */
export interface AdmissionRequest {
  readonly uid: string
  readonly operation: Operation
  readonly name?: string
  readonly namespace?: string
  readonly subResource?: string
  readonly dryRun?: boolean
  readonly userInfo?: { readonly username?: string; readonly uid?: string; readonly groups?: string[] }
  readonly object?: KubeObject | null
  readonly oldObject?: KubeObject | null
}

interface Answer {
  readonly uid: string
  readonly allowed: boolean
  readonly status?: object
  readonly patchType?: 'JSONPatch'
  /** Base64 of the JSON. */
  readonly patch?: string
  readonly warnings?: readonly string[]
}

/** Answers an AdmissionReview. What a webhook's function throws refuses the request, with its message. */
export async function admit(webhook: ServedWebhook, request: AdmissionRequest): Promise<object> {
  const warnings: string[] = []
  const review = reviewOf(request, warnings)
  const answer = await decide(webhook, request, review).catch((error: Error): Answer => {
    const status = { code: 500, reason: 'InternalError', message: `${webhook.name} failed: ${error.message}` }
    return { uid: request.uid, allowed: false, status }
  })
  const response = warnings.length > 0 ? { ...answer, warnings } : answer
  return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response }
}

function reviewOf(request: AdmissionRequest, warnings: string[]): Review<KubeObject> {
  return {
    operation: request.operation,
    old: request.oldObject ?? undefined,
    user: request.userInfo ?? {},
    namespace: request.namespace,
    name: request.name ?? request.object?.metadata.name ?? '',
    subresource: request.subResource || undefined,
    dryRun: request.dryRun ?? false,
    warn: (message) => void warnings.push(message),
  }
}

async function decide(webhook: ServedWebhook, request: AdmissionRequest, review: Review<KubeObject>): Promise<Answer> {
  const { uid } = request
  // A deletion has no new object: what is deleted is judged.
  const object = request.object ?? request.oldObject
  if (!object) return { uid, allowed: true }
  if (webhook.validate) {
    const problems = await webhook.validate(object, review)
    return problems.length === 0 ? { uid, allowed: true } : { uid, allowed: false, status: refusal(problems) }
  }
  const draft = structuredClone(object)
  const changed = (await webhook.mutate?.(draft, review)) ?? draft
  const patch = jsonPatch(object, changed)
  if (patch.length === 0) return { uid, allowed: true }
  return { uid, allowed: true, patchType: 'JSONPatch', patch: Buffer.from(jsonText(patch)).toString('base64') }
}

function refusal(problems: readonly FieldProblem[]): object {
  const text = ({ value, message }: FieldProblem) =>
    value === undefined ? message : `Invalid value: ${jsonText(value)}: ${message}`
  const all = problems.map((p) => `${p.field}: ${text(p)}`)
  return {
    code: 422,
    reason: 'Invalid',
    message: all.length === 1 ? all[0] : `[${all.join(', ')}]`,
    details: { causes: problems.map((p) => ({ reason: 'FieldValueInvalid', message: text(p), field: p.field })) },
  }
}
