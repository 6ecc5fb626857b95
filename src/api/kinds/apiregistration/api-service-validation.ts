import { type FieldError, invalid, required } from '../../../apimachinery/field-error.ts'
import type { APIService } from '../../../apimachinery/kinds.generated.ts'
import { isDns1035Label, isDns1123Subdomain, isPathSegmentName, isPortNumber } from '../../../apimachinery/names.ts'
import { checkSupported, type Errors, pushInvalid, requireText } from '../errors.ts'
import type { KindContext } from '../kind.ts'

function validateService({ spec }: APIService, errors: Errors): void {
  const { service, caBundle, insecureSkipTLSVerify } = spec ?? {}
  const skip = 'spec.insecureSkipTLSVerify'
  if (!service) {
    if (caBundle) {
      const size = Buffer.from(caBundle, 'base64').length
      errors.push(invalid('spec.caBundle', `${size} bytes`, 'local APIServices may not have a caBundle'))
    }
    if (insecureSkipTLSVerify) errors.push(invalid(skip, true, 'local APIServices may not have insecureSkipTLSVerify'))
    return
  }
  requireText(service.namespace, 'spec.service.namespace', errors)
  requireText(service.name, 'spec.service.name', errors)
  const port = service.port ?? 0
  const problems = isPortNumber(port)
  if (problems.length > 0) errors.push(invalid('spec.service.port', port, `port is not valid: ${problems.join(', ')}`))
  if (insecureSkipTLSVerify && caBundle) errors.push(invalid(skip, true, 'may not be true if caBundle is present'))
}

/** The rule of an APIService's name, and of what its name is made of. */
export function nameOfAPIService(name: string, { spec }: APIService): readonly string[] {
  const problems = isPathSegmentName(name)
  const wanted = `${spec?.version ?? ''}.${spec?.group ?? ''}`
  if (problems.length > 0 || name === wanted) return problems
  return [`must be \`spec.version+"."+spec.group\`: ${JSON.stringify(wanted)}`]
}

export function validateAPIService(service: APIService): FieldError[] {
  const errors: Errors = []
  const { group = '', version = '', groupPriorityMinimum: groupPriority = 0, versionPriority = 0 } = service.spec ?? {}
  if (!group && version !== 'v1') {
    errors.push(required('spec.group', 'only v1 may have an empty group and it better be legacy kube'))
  }
  if (group) pushInvalid(errors, 'spec.group', group, isDns1123Subdomain(group))
  pushInvalid(errors, 'spec.version', version, isDns1035Label(version))
  if (groupPriority <= 0 || groupPriority > 20_000) {
    errors.push(invalid('spec.groupPriorityMinimum', groupPriority, 'must be positive and less than 20000'))
  }
  if (versionPriority <= 0 || versionPriority > 1000) {
    errors.push(invalid('spec.versionPriority', versionPriority, 'must be positive and less than 1000'))
  }
  validateService(service, errors)
  return errors
}

export function validateAPIServiceUpdate(service: APIService, _: APIService, { subresource }: KindContext): FieldError[] {
  if (subresource !== 'status') return validateAPIService(service)
  const errors: Errors = []
  for (const [i, { status }] of (service.status?.conditions ?? []).entries()) {
    checkSupported(status, ['True', 'False', 'Unknown'], `status.conditions[${i}].status`, errors)
  }
  return errors
}
