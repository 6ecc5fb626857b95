import { type FieldError, forbiddenField, invalid, notSupported } from '../../../../apimachinery/field-error.ts'
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from '../../../../apimachinery/kinds.generated.ts'
import { isQualifiedName } from '../../../../apimachinery/names.ts'
import { compareQuantities, quantityValue } from '../../../../apimachinery/quantity.ts'
import { structDiff } from '../../diff.ts'
import { checkUnchanged, type Errors, isSameAs, pushInvalid } from '../../errors.ts'
import type { KindContext } from '../../kind.ts'
import { validateLabelSelector } from '../../selector.ts'
import { type ClaimRules, strictClaim, validateClaimSpec } from './claim-spec.ts'

const betaClass = 'volume.beta.kubernetes.io/storage-class'

export function validateClaim(claim: PersistentVolumeClaim): FieldError[] {
  const errors: Errors = []
  if (claim.spec) validateClaimSpec(claim.spec, 'spec', strictClaim, errors)
  return errors
}

function rulesFrom({ spec }: PersistentVolumeClaim): ClaimRules {
  const problems: Errors = []
  validateLabelSelector(spec?.selector, '', problems)
  return {
    anySelectorValue: problems.length > 0,
    anySourceGroup: spec?.dataSource?.apiGroup !== undefined || spec?.dataSourceRef?.apiGroup !== undefined,
  }
}

export function validateClaimUpdate(
  claim: PersistentVolumeClaim,
  old: PersistentVolumeClaim,
  { subresource }: KindContext,
): FieldError[] {
  const errors: Errors = []
  if (subresource === 'status') {
    validateStatus(claim, errors)
    return errors
  }
  const { spec } = claim
  const before = old.spec
  if (!spec || !before) return errors
  validateClaimSpec(spec, 'spec', rulesFrom(old), errors)
  validateSpecChange(claim, old, spec, before, errors)
  const size = spec.resources?.requests?.storage ?? '0'
  if (compareQuantities(size, before.resources?.requests?.storage ?? '0') < 0) {
    const text = 'field can not be less than status.capacity'
    if (compareQuantities(size, old.status?.capacity?.storage ?? '0') <= 0) {
      errors.push(forbiddenField('spec.resources.requests.storage', text))
    }
  }
  checkUnchanged(spec.volumeMode, before.volumeMode, 'volumeMode', errors)
  validateAttributesChange(claim, old, errors)
  return errors
}

function validateSpecChange(
  claim: PersistentVolumeClaim,
  old: PersistentVolumeClaim,
  spec: PersistentVolumeClaimSpec,
  before: PersistentVolumeClaimSpec,
  errors: Errors,
): void {
  const bound = claim.status?.phase === 'Bound'
  const rest: PersistentVolumeClaimSpec = { ...spec }
  const was: PersistentVolumeClaimSpec = { ...before }
  if (!before.volumeName && rest.volumeName) was.volumeName = rest.volumeName
  const annotation = old.metadata.annotations?.[betaClass]
  const now = claim.metadata.annotations?.[betaClass]
  const fromAnnotation = annotation !== undefined && before.storageClassName === undefined && spec.storageClassName === annotation
  if (fromAnnotation && (now === undefined || now === annotation)) delete rest.storageClassName
  else {
    if (now !== annotation) errors.push(invalid(`metadata.annotations[${betaClass}]`, now ?? '', 'field is immutable'))
    const fromNil = spec.storageClassName !== undefined && before.storageClassName === undefined
    if (fromNil && (annotation === undefined || spec.storageClassName === annotation)) delete rest.storageClassName
  }
  const storage = before.resources?.requests?.storage
  const asked = rest.resources?.requests?.storage
  // The same amount in other words is no change.
  const isSameAmount = storage !== undefined && asked !== undefined && compareQuantities(storage, asked) === 0
  if ((bound || isSameAmount) && rest.resources?.requests) {
    rest.resources = { ...rest.resources, requests: { ...rest.resources.requests, storage: storage ?? '0' } }
  }
  if (bound) {
    if (was.volumeAttributesClassName === undefined) delete rest.volumeAttributesClassName
    else rest.volumeAttributesClassName = was.volumeAttributesClassName
  }
  if (isSameAs('core.PersistentVolumeClaimSpec', rest, was)) return
  const text = 'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims'
  errors.push(forbiddenField('spec', `${text}\n${structDiff('core.PersistentVolumeClaimSpec', was, rest)}`))
}

function validateAttributesChange(claim: PersistentVolumeClaim, old: PersistentVolumeClaim, errors: Errors): void {
  const now = claim.spec?.volumeAttributesClassName
  if (now === old.spec?.volumeAttributesClassName || old.status?.currentVolumeAttributesClassName === undefined) return
  const text = 'is forbidden when status.currentVolumeAttributesClassName is not nil'
  if (now === undefined) errors.push(forbiddenField('spec.volumeAttributesClassName', `update to nil ${text}`))
  else if (now === '') errors.push(forbiddenField('spec.volumeAttributesClassName', `update to empty string ${text}`))
}

const resizeStates = [
  'ControllerResizeInProgress',
  'ControllerResizeInfeasible',
  'NodeResizeInProgress',
  'NodeResizeInfeasible',
  'NodeResizePending',
].sort()

function checkStorageKey(name: string, at: string, errors: Errors): boolean {
  const problems = isQualifiedName(name)
  pushInvalid(errors, at, name, problems)
  if (problems.length > 0) return false
  const native = !name.includes('/') || name.includes('kubernetes.io/')
  if (!native || name === 'storage') return true
  errors.push(notSupported(at, name, ['storage']))
  return false
}

const notAQuantity = 'must be a valid resource quantity'

function validateStatus({ status }: PersistentVolumeClaim, errors: Errors): void {
  for (const [name, quantity] of Object.entries(status?.capacity ?? {})) {
    const value = quantityValue(quantity)
    if (value < 0) errors.push(invalid(`status.capacity[${name}]`, value, notAQuantity))
  }
  for (const [name, state] of Object.entries(status?.allocatedResourceStatuses ?? {})) {
    const at = 'status.allocatedResourceStatuses'
    checkStorageKey(name, at, errors)
    if (!resizeStates.includes(state)) errors.push(notSupported(at, name, resizeStates))
  }
  for (const [name, quantity] of Object.entries(status?.allocatedResources ?? {})) {
    const at = 'status.allocatedResources'
    if (!checkStorageKey(name, at, errors)) continue
    const value = quantityValue(quantity)
    if (value < 0) errors.push(invalid(`${at}[${name}]`, value, notAQuantity))
  }
}
