import { duplicate, type FieldError, forbiddenField, invalid, notSupported, required } from '../../../apimachinery/field-error.ts'
import type { CertificateSigningRequest } from '../../../apimachinery/kinds.generated.ts'
import { certificatesProblem, pemType } from '../../../apimachinery/pem.ts'
import { structDiff } from '../diff.ts'
import { checkSupported, type Errors, isSame } from '../errors.ts'
import type { KindContext } from '../kind.ts'
import { checkSignerName } from './signer-name.ts'

const usages = [
  'any',
  'cert sign',
  'client auth',
  'code signing',
  'content commitment',
  'crl sign',
  'data encipherment',
  'decipher only',
  'digital signature',
  'email protection',
  'encipher only',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'key agreement',
  'key encipherment',
  'microsoft sgc',
  'netscape sgc',
  'ocsp signing',
  's/mime',
  'server auth',
  'signing',
  'timestamping',
]
const known: ReadonlySet<string> = new Set(usages)
const legacySigner = 'kubernetes.io/legacy-unknown'

function validateUsages(list: readonly string[], old: readonly string[] | undefined, errors: Errors): void {
  const at = 'spec.usages'
  if (list.length === 0) errors.push(required(at))
  const anyUsage = old?.some((usage) => !known.has(usage)) ?? false
  const anyRepeat = old !== undefined && new Set(old).size < old.length
  if (!anyUsage) {
    for (const [i, usage] of list.entries()) if (!known.has(usage)) errors.push(notSupported(`${at}[${i}]`, usage, usages))
  }
  if (anyRepeat) return
  const seen = new Set<string>()
  for (const [i, usage] of list.entries()) {
    if (seen.has(usage)) errors.push(duplicate(`${at}[${i}]`, usage))
    seen.add(usage)
  }
}

const trueOnly: ReadonlySet<string> = new Set(['Approved', 'Denied', 'Failed'])

type Request = CertificateSigningRequest

function validateConditions({ status }: Request, old: Request | undefined, errors: Errors): void {
  const at = 'status.conditions'
  const before = (old?.status?.conditions ?? []).map((c) => c.type)
  const anyBoth = before.includes('Approved') && before.includes('Denied')
  const anyRepeat = new Set(before).size < before.length
  const seen = new Set<string>()
  for (const [i, condition] of (status?.conditions ?? []).entries()) {
    const type: string = condition.type ?? ''
    const path = `${at}[${i}]`
    if (!type && !before.includes('')) errors.push(required(`${path}.type`))
    const allowed = trueOnly.has(type) ? ['True'] : ['False', 'True', 'Unknown']
    if (!condition.status) errors.push(required(`${path}.status`))
    else checkSupported(condition.status, allowed, `${path}.status`, errors)
    const opposite = type === 'Approved' ? 'Denied' : type === 'Denied' ? 'Approved' : undefined
    if (!anyBoth && opposite !== undefined && seen.has(opposite)) {
      errors.push(invalid(at, type, 'Approved and Denied conditions are mutually exclusive'))
    }
    if (!anyRepeat && seen.has(type)) errors.push(duplicate(`${path}.type`, type))
    seen.add(type)
  }
}

function validate(request: Request, old: Request | undefined): FieldError[] {
  const errors: Errors = []
  const { spec, status } = request
  if (pemType(spec?.request) !== 'CERTIFICATE REQUEST') {
    errors.push(invalid('spec.request', spec?.request ?? null, 'PEM block type must be CERTIFICATE REQUEST'))
  }
  validateUsages(spec?.usages ?? [], old?.spec?.usages, errors)
  if (spec?.signerName === legacySigner && old?.spec?.signerName !== legacySigner) {
    const text = 'the legacy signerName is not allowed via this API version'
    errors.push(invalid('spec.signerName', spec.signerName, text))
  } else checkSignerName(spec?.signerName, 'spec.signerName', errors)
  const seconds = spec?.expirationSeconds
  if (seconds !== undefined && seconds < 600) {
    const text = 'may not specify a duration less than 600 seconds (10 minutes)'
    errors.push(invalid('spec.expirationSeconds', seconds, text))
  }
  validateConditions(request, old, errors)
  if (status?.certificate && (!old || old.status?.certificate !== status.certificate)) {
    const problem = certificatesProblem(status.certificate)
    if (problem) errors.push(invalid('status.certificate', '<certificate data>', problem))
  }
  return errors
}

export const validateCertificateSigningRequest = (request: Request): FieldError[] => validate(request, undefined)

const conditionsOf = (request: Request, type: string) => (request.status?.conditions ?? []).filter((c) => c.type === type)

export function validateCertificateSigningRequestUpdate(
  request: Request,
  old: Request,
  { subresource }: KindContext,
): FieldError[] {
  const errors = validate(request, old)
  const at = 'status.conditions'
  for (const type of ['Approved', 'Denied', 'Failed']) {
    const isRemoved = conditionsOf(request, type).length < conditionsOf(old, type).length
    if (isRemoved) errors.push(forbiddenField(at, `updates may not remove a condition of type "${type}"`))
  }
  for (const type of subresource === 'approval' ? [] : ['Approved', 'Denied']) {
    const before = conditionsOf(old, type)
    const now = conditionsOf(request, type)
    if (now.length > before.length) errors.push(forbiddenField(at, `updates may not add a condition of type "${type}"`))
    if (now.length !== before.length || isSame(now, before)) continue
    const difference = structDiff('[]certificates.CertificateSigningRequestCondition', before, now)
    errors.push(forbiddenField(at, `updates may not modify a condition of type "${type}"\n${difference}`))
  }
  if (request.status?.certificate !== old.status?.certificate) {
    if (subresource !== 'status') errors.push(forbiddenField('status.certificate', 'updates may not set certificate content'))
    else if (old.status?.certificate) {
      errors.push(forbiddenField('status.certificate', 'updates may not modify existing certificate content'))
    }
  }
  return errors
}
