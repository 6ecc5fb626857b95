import { duplicate, type FieldError, invalid, notSupported, required } from '../../../apimachinery/field-error.ts'
import type { CSIDriver, CSIDriverSpec } from '../../../apimachinery/kinds.generated.ts'
import { checkSupported, checkUnchanged, type Errors } from '../errors.ts'

function validateTokens({ tokenRequests, serviceAccountTokenInSecrets: inSecrets }: CSIDriverSpec, errors: Errors): void {
  const seen = new Set<string>()
  for (const [i, { audience = '', expirationSeconds: seconds }] of (tokenRequests ?? []).entries()) {
    const at = `spec.tokenRequests[${i}]`
    if (seen.has(audience)) {
      errors.push(duplicate(`${at}.audience`, audience))
      continue
    }
    seen.add(audience)
    if (seconds === undefined) continue
    const path = `${at}.expirationSeconds`
    if (seconds < 600) errors.push(invalid(path, seconds, 'may not specify a duration less than 10 minutes'))
    if (seconds > 2 ** 32) errors.push(invalid(path, seconds, 'may not specify a duration larger than 2^32 seconds'))
  }
  if (inSecrets !== undefined && !tokenRequests?.length) {
    const text = 'serviceAccountTokenInSecrets is set but no tokenRequests are specified'
    errors.push(invalid('spec.serviceAccountTokenInSecrets', inSecrets, text))
  }
}

export function validateCSIDriver({ spec }: CSIDriver): FieldError[] {
  const errors: Errors = []
  if (!spec) return errors
  if (spec.attachRequired === undefined) errors.push(required('spec.attachedRequired'))
  if (spec.podInfoOnMount === undefined) errors.push(required('spec.podInfoOnMount'))
  if (spec.storageCapacity === undefined) errors.push(required('spec.storageCapacity'))
  if (spec.fsGroupPolicy !== undefined) {
    checkSupported(spec.fsGroupPolicy, ['File', 'None', 'ReadWriteOnceWithFSType'], 'spec.fsGroupPolicy', errors)
  }
  validateTokens(spec, errors)
  for (const mode of spec.volumeLifecycleModes ?? []) {
    if (mode !== 'Persistent' && mode !== 'Ephemeral') {
      errors.push(notSupported('spec.volumeLifecycleModes', mode, ['Persistent', 'Ephemeral']))
    }
  }
  if (spec.seLinuxMount === undefined) errors.push(required('spec.seLinuxMount'))
  const period = spec.nodeAllocatableUpdatePeriodSeconds
  if (period !== undefined && period < 10) {
    const text = 'must be greater than or equal to 10 seconds'
    errors.push(invalid('spec.nodeAllocatableUpdatePeriodSeconds', period, text))
  }
  return errors
}

export function validateCSIDriverUpdate(now: CSIDriver, old: CSIDriver): FieldError[] {
  const errors = validateCSIDriver(now)
  checkUnchanged(now.spec?.attachRequired, old.spec?.attachRequired, 'spec.attachedRequired', errors)
  checkUnchanged(now.spec?.volumeLifecycleModes, old.spec?.volumeLifecycleModes, 'spec.volumeLifecycleModes', errors, '[]string')
  return errors
}
