import { randomUUID } from 'node:crypto'
import type { KubeObject } from '../../../apimachinery/object.ts'
import { type Status, StatusError } from '../../../apimachinery/status.ts'
import { decodeValue } from '../../schema/decode.ts'
import { typeOf } from '../../schema/types.ts'
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
  readonly patchType: string | undefined
}

/** The AdmissionReview that a webhook gets. `versions`: those it understands, the one it likes best first. */
export function reviewFor(
  request: AdmissionRequest,
  matched: Matched,
  versions: readonly string[],
): { uid: string; version: string; body: object } {
  const version = versions.find((v) => v === 'v1' || v === 'v1beta1')
  if (!version)
    throw new Error('could not create admission objects: webhook does not accept known AdmissionReview versions (v1, v1beta1)')
  const uid = randomUUID()
  const shown = (o: KubeObject | undefined) => (o ? writtenObject(request, o, matched) : null)
  const content = { object: shown(request.object), oldObject: shown(request.oldObject) }
  return {
    uid,
    version,
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

/** What Go's scheme knows in admission.k8s.io: an answer of another kind is not read. */
const registered = new Set(
  'AdmissionReview WatchEvent ListOptions GetOptions DeleteOptions CreateOptions UpdateOptions PatchOptions'.split(' '),
)

/** An answer as the AdmissionReview that it must be. Throws an Error that says what of it cannot be read. */
export function decodeAnswer(answer: unknown, version: string): Record<string, unknown> {
  const type = typeOf('admission.k8s.io', 'v1', 'AdmissionReview')
  if (!type) throw new Error('AdmissionReview is not among the types')
  const expected = `admission.k8s.io/${version}`
  const { apiVersion = expected, kind = 'AdmissionReview' } = (answer ?? {}) as { apiVersion?: string; kind?: string }
  const isKnown = apiVersion === 'v1' ? kind === 'Status' : /^admission\.k8s\.io\/v1(beta1)?$/.test(apiVersion)
  if (!isKnown || (apiVersion !== 'v1' && !registered.has(kind))) {
    const problem = `no kind "${kind}" is registered for version "${apiVersion}" in scheme "pkg/runtime/scheme.go:111"`
    throw new Error(problem)
  }
  if (apiVersion !== expected || kind !== 'AdmissionReview') {
    const from = `${apiVersion.replace('admission.k8s.io/', '')}.${kind}`
    throw new Error(`converting (${from}) to (${version}.AdmissionReview): unknown conversion`)
  }
  return decodeValue(type, answer).value
}

/** Judges a webhook's answer. Throws an Error that says what is wrong with it. */
export function readAnswer(
  review: Record<string, unknown>,
  uid: string,
  { version, mayPatch }: { readonly version: string; readonly mayPatch: boolean },
): ReviewAnswer {
  const { apiVersion = '', kind = '', response } = review as { apiVersion?: string; kind?: string; response?: Response }
  if (!response) throw new Error('webhook response was absent')
  const isV1 = version === 'v1'
  if (isV1 && response.uid !== uid)
    throw new Error(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response.uid ?? '')}`)
  if (isV1 && (apiVersion !== 'admission.k8s.io/v1' || kind !== 'AdmissionReview')) {
    const got = `${apiVersion.replace(/^(?!.*\/)/, '/')}, Kind=${kind}`
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
    patchType: isV1 && typeof response.patchType === 'string' ? response.patchType : undefined,
  }
}

function textsOf(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {}
  return Object.fromEntries(Object.entries(value).filter((e): e is [string, string] => typeof e[1] === 'string'))
}

function checkPatch(patch: string | undefined, type: unknown, mayPatch: boolean, isV1: boolean): void {
  // v1beta1's answers were never looked at so closely.
  if (!isV1) return
  if (!mayPatch && patch !== undefined) throw new Error('validating webhook may not return response.patch')
  if (!mayPatch && type !== undefined && type !== null) throw new Error('validating webhook may not return response.patchType')
  if (!mayPatch) return
  const hasType = type !== undefined && type !== null
  if (patch !== undefined && !hasType) throw new Error('webhook returned response.patch but not response.patchType')
  if (patch === undefined && hasType) throw new Error('webhook returned response.patchType but not response.patch')
  if (type === '') throw new Error('webhook returned invalid response.patchType of ""')
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
  const { reason, ...rest } = status
  return StatusError.from({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    ...rest,
    ...(reason ? { reason } : {}),
    status: 'Failure',
    message: why,
    code,
  })
}
