import type {
  CertificateSigningRequest,
  CertificateSigningRequestCondition as Condition,
} from '../../../apimachinery/kinds.generated.ts'
import { isPathSegmentName } from '../../../apimachinery/names.ts'
import { type KindContext, kind } from '../kind.ts'
import { copyField } from '../status.ts'
import { age, humanDuration } from '../table.ts'
import {
  validateCertificateSigningRequest,
  validateCertificateSigningRequestUpdate,
} from './certificate-signing-request-validation.ts'

/** Who asks is recorded, whatever the request says. */
function recordRequester(request: CertificateSigningRequest, { user, userInfo }: KindContext): void {
  const spec = request.spec
  if (!spec) return
  const { uid, groups, extra } = userInfo ?? { groups: [] }
  spec.username = user
  spec.groups = [...groups]
  delete spec.uid
  delete spec.extra
  if (uid) spec.uid = uid
  if (extra && Object.keys(extra).length > 0) {
    spec.extra = Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, [...values]]))
  }
}

function prepareUpdate(request: CertificateSigningRequest, old: CertificateSigningRequest, context: KindContext): void {
  copyField(request, old, 'spec')
  const before = old.status?.conditions ?? []
  if (context.subresource === '') {
    copyField(request, old, 'status')
    return
  }
  request.status ??= {}
  if (context.subresource === 'status') {
    request.status.conditions = preserve(request.status.conditions ?? [], before, ['Approved', 'Denied'])
    stamp(request.status.conditions, before, context.now)
    return
  }
  const conditions = request.status.conditions ?? []
  stamp(conditions, before, context.now)
  request.status = { ...old.status, conditions }
}

/** The status endpoint may not approve or deny: conditions of those types stay what they were; another number of them is an error. */
function preserve(conditions: readonly Condition[], before: readonly Condition[], types: readonly string[]): Condition[] {
  const kept = [...conditions]
  for (const type of types) {
    const old = before.filter((c) => c.type === type)
    if (conditions.filter((c) => c.type === type).length !== old.length) continue
    for (const [i, condition] of kept.entries()) if (condition.type === type) kept[i] = { ...(old.shift() ?? condition) }
  }
  return kept
}

/** Times that are not given: when it was set is now, when it changed is when its status did. */
function stamp(conditions: Condition[], before: readonly Condition[], now: string): void {
  for (const condition of conditions) {
    condition.lastUpdateTime ??= now
    if (condition.lastTransitionTime) continue
    const same = before.find((c) => c.type === condition.type && c.status === condition.status && c.lastTransitionTime)
    condition.lastTransitionTime = same?.lastTransitionTime ?? now
  }
}

function conditionCell({ status }: CertificateSigningRequest): string {
  const has = (type: string) => status?.conditions?.some((c) => c.type === type) ?? false
  const decision = has('Denied') ? 'Denied' : has('Approved') ? 'Approved' : 'Pending'
  return `${decision}${has('Failed') ? ',Failed' : ''}${status?.certificate ? ',Issued' : ''}`
}

export const certificateSigningRequest = kind<CertificateSigningRequest>({
  gvk: 'certificates.k8s.io/v1/CertificateSigningRequest',
  nameRule: isPathSegmentName,
  validate: validateCertificateSigningRequest,
  validateUpdate: validateCertificateSigningRequestUpdate,
  specFields: [],
  prepareForCreate: (request, context) => {
    recordRequester(request, context)
    request.status = {}
  },
  prepareForUpdate: prepareUpdate,
  cells: (request, now) => [
    request.metadata.name,
    age(request, now),
    request.spec?.signerName || '<none>',
    request.spec?.username ?? '',
    request.spec?.expirationSeconds == null ? '<none>' : humanDuration(request.spec.expirationSeconds * 1000),
    conditionCell(request),
  ],
  selectableFields: { 'spec.signerName': (request) => request.spec?.signerName ?? '' },
})
