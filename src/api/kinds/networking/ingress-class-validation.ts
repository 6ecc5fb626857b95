import { type FieldError, forbiddenField, required } from '../../../apimachinery/field-error.ts'
import type { IngressClass, IngressClassParametersReference } from '../../../apimachinery/kinds.generated.ts'
import { isDns1123Label } from '../../../apimachinery/names.ts'
import { checkDomainPath } from '../domain-path.ts'
import { checkLength, checkSupported, checkUnchanged, type Errors, pushInvalid } from '../errors.ts'
import { validateReference } from './references.ts'

function validateParameters(parameters: IngressClassParametersReference, at: string, errors: Errors): void {
  validateReference(parameters, at, errors)
  const { scope, namespace } = parameters
  if (scope === undefined) {
    errors.push(required(`${at}.scope`))
    return
  }
  checkSupported(scope, ['Cluster', 'Namespace'], `${at}.scope`, errors)
  const path = `${at}.namespace`
  if (scope === 'Namespace') {
    if (namespace === undefined) errors.push(required(path, "`parameters.scope` is set to 'Namespace'"))
    else pushInvalid(errors, path, namespace, isDns1123Label(namespace))
  } else if (scope === 'Cluster' && namespace !== undefined) {
    errors.push(forbiddenField(path, "`parameters.scope` is set to 'Cluster'"))
  }
}

export function validateIngressClass({ spec }: IngressClass): FieldError[] {
  const errors: Errors = []
  checkLength(spec?.controller, 250, 'spec.controller', errors)
  checkDomainPath(spec?.controller, 'spec.controller', errors)
  if (spec?.parameters) validateParameters(spec.parameters, 'spec.parameters', errors)
  return errors
}

export function validateIngressClassUpdate(now: IngressClass, old: IngressClass): FieldError[] {
  const errors: Errors = []
  checkUnchanged(now.spec?.controller, old.spec?.controller, 'spec.controller', errors, 'string')
  errors.push(...validateIngressClass(now))
  return errors
}
