import { duplicate, type FieldError, forbiddenField, invalid, required } from '../../../apimachinery/field-error.ts'
import type {
  MutatingAdmissionPolicyBinding,
  ParamRef,
  ValidatingAdmissionPolicyBinding,
} from '../../../apimachinery/kinds.generated.ts'
import { isDns1123Subdomain, isPathSegmentName } from '../../../apimachinery/names.ts'
import { checkChoice, checkSupported, type Errors, pushInvalid, requireText } from '../errors.ts'
import { validateLabelSelector } from '../selector.ts'
import { checkMutatingOperations, validateMatchResources } from './rules.ts'

function validateParamRef({ name, selector, parameterNotFoundAction }: ParamRef, at: string, errors: Errors): void {
  const both = 'name and selector are mutually exclusive'
  if (name) {
    pushInvalid(errors, `${at}.name`, name, isPathSegmentName(name))
    if (selector) errors.push(forbiddenField(`${at}.name`, both))
  }
  if (selector) {
    validateLabelSelector(selector, `${at}.selector`, errors)
    if (name) errors.push(forbiddenField(`${at}.selector`, both))
  }
  if (!name && !selector) errors.push(required(at, 'one of name or selector must be specified'))
  checkChoice(parameterNotFoundAction, ['Deny', 'Allow'], `${at}.parameterNotFoundAction`, errors)
}

function validateActions(actions: readonly string[], errors: Errors): void {
  const at = 'spec.validationActions'
  const seen = new Set<string>()
  for (const [i, action] of actions.entries()) {
    checkSupported(action, ['Audit', 'Deny', 'Warn'], `${at}[${i}]`, errors)
    if (seen.has(action)) errors.push(duplicate(`${at}[${i}]`, action))
    seen.add(action)
  }
  if (seen.has('Deny') && seen.has('Warn')) {
    const text =
      'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)'
    errors.push(invalid(at, actions, text))
  }
  if (seen.size === 0) errors.push(required(at, 'at least one validation action is required'))
}

function validateCommon(spec: NonNullable<MutatingAdmissionPolicyBinding['spec']>, errors: Errors): void {
  const at = 'spec.policyName'
  if (requireText(spec.policyName, at, errors))
    pushInvalid(errors, at, spec.policyName, isDns1123Subdomain(spec.policyName ?? ''))
  if (spec.paramRef) validateParamRef(spec.paramRef, 'spec.paramRef', errors)
  validateMatchResources(spec.matchResources, 'spec.matchResources', errors)
}

export function validateValidatingAdmissionPolicyBinding({ spec }: ValidatingAdmissionPolicyBinding): FieldError[] {
  const errors: Errors = []
  validateCommon(spec ?? {}, errors)
  validateActions(spec?.validationActions ?? [], errors)
  return errors
}

export function validateMutatingAdmissionPolicyBinding({ spec }: MutatingAdmissionPolicyBinding): FieldError[] {
  const errors: Errors = []
  validateCommon(spec ?? {}, errors)
  checkMutatingOperations(spec?.matchResources, 'spec.matchResources', errors)
  return errors
}

export const validateValidatingAdmissionPolicyBindingUpdate = (b: ValidatingAdmissionPolicyBinding): FieldError[] =>
  validateValidatingAdmissionPolicyBinding(b)
export const validateMutatingAdmissionPolicyBindingUpdate = (b: MutatingAdmissionPolicyBinding): FieldError[] =>
  validateMutatingAdmissionPolicyBinding(b)
