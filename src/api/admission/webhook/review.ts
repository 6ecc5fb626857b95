import { randomUUID } from 'node:crypto'
import { type Status, StatusError } from '../../../apimachinery/status.ts'
import type { AdmissionRequest } from '../admission.ts'
import { requestJson } from '../policy/inputs.ts'
import type { Matched } from '../policy/matching.ts'
import { writtenObject } from '../written.ts'

export interface ReviewAnswer {
  readonly allowed: boolean
  readonly status: Partial<Status> | undefined
  readonly warnings: readonly string[]
  /** For the audit log, below the webhook's name. */
  readonly auditAnnotations: Readonly<Record<string, string>>
  /** The operations of a JSON patch, in JSON. */
  readonly patch: string | undefined
}

/** The AdmissionReview that a webhook gets. `versions`: those it understands, the one it likes best first. */
export function reviewFor(
  request: AdmissionRequest,
  matched: Matched,
  versions: readonly string[],
): { uid: string; body: object } {
  const version = versions.find((v) => v === 'v1' || v === 'v1beta1')
  if (!version)
    throw new Error('could not create admission objects: webhook does not accept known AdmissionReview versions (v1, v1beta1)')
  const uid = randomUUID()
  const { object, oldObject } = request
  const shown = (o: typeof object) => (o ? writtenObject(request, o) : null)
  const content = { object: shown(object), oldObject: shown(oldObject) }
  return {
    uid,
    body: {
      kind: 'AdmissionReview',
      apiVersion: `admission.k8s.io/${version}`,
      request: { uid, ...requestJson(request, matched), ...content },
    },
  }
}

interface Response {
  uid?: unknown
  allowed?: unknown
  status?: Partial<Status>
  warnings?: unknown
  patch?: unknown
  patchType?: unknown
  auditAnnotations?: unknown
}

/** Reads a webhook's answer. Throws an Error that says what is wrong with it. */
export function readAnswer(review: unknown, uid: string, mayPatch: boolean): ReviewAnswer {
  const { apiVersion, kind, response } = (review ?? {}) as { apiVersion?: string; kind?: string; response?: Response }
  if (typeof response !== 'object' || response === null) throw new Error('webhook response was absent')
  const isV1 = apiVersion !== 'admission.k8s.io/v1beta1'
  if (isV1 && response.uid !== uid)
    throw new Error(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response.uid ?? '')}`)
  if (isV1 && (apiVersion !== 'admission.k8s.io/v1' || kind !== 'AdmissionReview')) {
    const got = `${(apiVersion ?? '').replace(/^(?!.*\/)/, '/')}, Kind=${kind ?? ''}`
    throw new Error(`expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got ${got}`)
  }
  const patch = typeof response.patch === 'string' && response.patch !== '' ? response.patch : undefined
  checkPatch(patch, response.patchType, mayPatch, isV1)
  const warnings = Array.isArray(response.warnings) ? response.warnings.filter((w): w is string => typeof w === 'string') : []
  return {
    allowed: response.allowed === true,
    status: response.status,
    warnings,
    auditAnnotations: textsOf(response.auditAnnotations),
    patch: patch === undefined ? undefined : Buffer.from(patch, 'base64').toString(),
  }
}

function textsOf(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {}
  return Object.fromEntries(Object.entries(value).filter((e): e is [string, string] => typeof e[1] === 'string'))
}

function checkPatch(patch: string | undefined, type: unknown, mayPatch: boolean, isV1: boolean): void {
  if (!mayPatch && patch !== undefined) throw new Error('validating webhook may not return response.patch')
  if (!mayPatch && type !== undefined && type !== null) throw new Error('validating webhook may not return response.patchType')
  if (!mayPatch || !isV1) return
  const hasType = type !== undefined && type !== null
  if (patch !== undefined && !hasType) throw new Error('webhook returned response.patch but not response.patchType')
  if (patch === undefined && hasType) throw new Error('webhook returned response.patchType but not response.patch')
  if (hasType && type !== 'JSONPatch') throw new Error(`unsupported patch type ${JSON.stringify(type)}`)
}

/** The refusal that a webhook's status stands for. */
export function rejection(name: string, status: Partial<Status> = {}): StatusError {
  const by = `admission webhook ${JSON.stringify(name)} denied the request`
  const why = status.message
    ? `${by}: ${status.message}`
    : status.reason
      ? `${by}: ${status.reason}`
      : `${by} without explanation`
  const code = Math.max(status.code ?? 0, 400)
  return StatusError.from({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    ...status,
    status: 'Failure',
    message: why,
    code,
  })
}
