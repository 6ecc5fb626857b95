import { duplicate, type FieldError, invalid, notSupported, required } from '../../../apimachinery/field-error.ts'
import type {
  MutatingAdmissionPolicy,
  Mutation,
  ParamKind,
  ValidatingAdmissionPolicy,
  Validation,
  Variable,
} from '../../../apimachinery/kinds.generated.ts'
import { isDns1035Label, isDns1123Subdomain } from '../../../apimachinery/names.ts'
import type { Steps } from '../../../apimachinery/steps.ts'
import { BOOL, NULL, STRING } from '../../../crd/cel/types.ts'
import { JsonPathError, parseJsonPath } from '../../../crd/jsonpath.ts'
import type { Expression, Scope } from '../../admission/policy/expressions.ts'
import { JSON_PATCHES, OBJECT } from '../../admission/policy/made-objects.ts'
import { internal } from '../../schema/internal.ts'
import { validateConditions } from '../conditions.ts'
import { checkChoice, checkGivenChoice, checkQualifiedName, checkSupported, type Errors, isSame, requireText } from '../errors.ts'
import type { KindContext, Problems } from '../kind.ts'
import { checkExpression, conditionScope, mutationScope, validationScope } from './expressions.ts'
import { validateMatchConditions } from './match-conditions.ts'
import { checkMutatingOperations, failurePolicies, reinvocationPolicies, validateMatchResources } from './rules.ts'

type Policy = ValidatingAdmissionPolicy | MutatingAdmissionPolicy

function validateParamKind({ apiVersion = '', kind = '' }: ParamKind, at: string, errors: Errors): void {
  const path = `${at}.apiVersion`
  const parts = apiVersion.split('/')
  if (!apiVersion) errors.push(required(path))
  else if (parts.length > 2 && apiVersion !== '/') {
    errors.push(invalid(path, apiVersion, `unexpected GroupVersion string: ${apiVersion}`))
  } else {
    const version = parts.at(-1) ?? ''
    const group = parts.length === 2 ? (parts[0] ?? '') : ''
    const wrongGroup = group ? isDns1123Subdomain(group) : []
    if (wrongGroup.length > 0) errors.push(invalid(path, group, wrongGroup.join(',')))
    const wrongVersion = version ? isDns1035Label(version) : []
    if (!version) errors.push(invalid(path, apiVersion, 'version must be specified'))
    else if (wrongVersion.length > 0) errors.push(invalid(path, version, wrongVersion.join(',')))
  }
  if (!requireText(kind, `${at}.kind`, errors)) return
  const problems = isDns1035Label(kind.toLowerCase())
  if (problems.length > 0) {
    const text = `may have mixed case, but should otherwise match: ${problems.join(',')}`
    errors.push(invalid(`${at}.kind`, kind, text))
  }
}

const identifier = /^[_a-zA-Z][_a-zA-Z0-9]*$/
const reserved: ReadonlySet<string> = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
)

function validateVariable(
  { name = '', expression = '' }: Variable,
  compiled: Expression | undefined,
  at: string,
  errors: Errors,
): void {
  if (name.trim() === '') errors.push(required(`${at}.name`, 'name is not specified'))
  else if (!identifier.test(name) || reserved.has(name)) {
    errors.push(invalid(`${at}.name`, name, 'must be a valid CEL identifier'))
  }
  if (expression.trim() === '') errors.push(required(`${at}.expression`, 'expression is not specified'))
  else if (compiled) checkExpression(compiled, `${at}.expression`, errors)
}

const reasons = ['Forbidden', 'Invalid', 'RequestEntityTooLarge']
const lineBreak = /[\n\r]/

function* validateValidation(v: Validation, scope: Scope, at: string, errors: Errors): Steps<void> {
  const { expression = '', message = '', messageExpression = '', reason } = v
  if (expression.trim() === '') errors.push(required(`${at}.expression`, 'expression is not specified'))
  else checkExpression(yield* scope.compile(expression, [BOOL]), `${at}.expression`, errors)
  if (messageExpression && messageExpression.trim() === '') {
    errors.push(invalid(`${at}.messageExpression`, messageExpression, 'must be non-empty if specified'))
  } else if (messageExpression) {
    checkExpression(yield* scope.compileMessage(messageExpression), `${at}.messageExpression`, errors)
  }
  if (message && message.trim() === '') errors.push(invalid(`${at}.message`, message, 'must be non-empty if specified'))
  else if (lineBreak.test(message.trim())) errors.push(invalid(`${at}.message`, message, 'must not contain line breaks'))
  if (reason !== undefined) checkSupported(reason, reasons, `${at}.reason`, errors)
}

function* validateCommon(policy: Policy, scope: Scope, anyConditions: boolean, errors: Errors): Steps<void> {
  const spec = policy.spec ?? {}
  checkGivenChoice(spec.failurePolicy, failurePolicies, 'spec.failurePolicy', errors)
  if (spec.paramKind) validateParamKind(spec.paramKind, 'spec.paramKind', errors)
  const at = 'spec.matchConstraints'
  if (!spec.matchConstraints) errors.push(required(at))
  else {
    validateMatchResources(spec.matchConstraints, at, errors)
    if (!spec.matchConstraints.resourceRules?.length) errors.push(required(`${at}.resourceRules`))
  }
  if (!anyConditions) {
    yield* validateMatchConditions(spec.matchConditions ?? [], conditionScope(policy), 'spec.matchConditions', errors)
  }
  for (const [i, variable] of (spec.variables ?? []).entries()) {
    validateVariable(variable, scope.variables[i], `spec.variables[${i}]`, errors)
  }
}

function* validateAnnotations({ metadata, spec }: ValidatingAdmissionPolicy, scope: Scope, errors: Errors): Steps<void> {
  const at = 'spec.auditAnnotations'
  const list = spec?.auditAnnotations ?? []
  if (list.length > 20)
    errors.push(
      invalid(at, internal('[]admissionregistration.AuditAnnotation', list), 'must not have more than 20 auditAnnotations'),
    )
  const seen = new Set<string>()
  for (const [i, { key = '', valueExpression = '' }] of list.entries()) {
    const path = `${at}[${i}].key`
    if (metadata.name) checkQualifiedName(`${metadata.name}/${key}`, path, errors)
    else errors.push(invalid(path, key, 'requires metadata.name be non-empty'))
    const text = valueExpression.trim()
    if (text === '') errors.push(required(`${at}[${i}].valueExpression`, 'valueExpression is not specified'))
    else if (text.length > 5 * 1024) {
      errors.push(required(`${at}[${i}].valueExpression`, 'must not exceed 5120 bytes in length'))
    } else {
      const compiled = yield* scope.compile(text, [STRING, NULL])
      checkExpression({ ...compiled, source: valueExpression }, `${at}[${i}].valueExpression`, errors)
    }
    if (seen.has(key)) errors.push(duplicate(path, key))
    seen.add(key)
  }
}

function* validateValidating(policy: ValidatingAdmissionPolicy, anyConditions: boolean): Steps<FieldError[]> {
  const errors: Errors = []
  const scope = yield* validationScope(policy)
  yield* validateCommon(policy, scope, anyConditions, errors)
  const { validations = [], auditAnnotations = [] } = policy.spec ?? {}
  if (validations.length === 0 && auditAnnotations.length === 0) {
    const text = 'validations or auditAnnotations must contain at least one item'
    errors.push(required('spec.validations', text), required('spec.auditAnnotations', text))
    return errors
  }
  for (const [i, v] of validations.entries()) {
    yield* validateValidation(v, scope, `spec.validations[${i}]`, errors)
    yield
  }
  yield* validateAnnotations(policy, scope, errors)
  return errors
}

const hasSameConditions = (now: Policy, old: Policy): boolean =>
  isSame(now.spec?.paramKind, old.spec?.paramKind) && isSame(now.spec?.matchConditions, old.spec?.matchConditions)

export const validateValidatingAdmissionPolicy = (policy: ValidatingAdmissionPolicy): Steps<FieldError[]> =>
  validateValidating(policy, false)

export function validateValidatingAdmissionPolicyUpdate(
  policy: ValidatingAdmissionPolicy,
  old: ValidatingAdmissionPolicy,
  { subresource }: KindContext,
): Problems {
  if (subresource !== 'status') return validateValidating(policy, hasSameConditions(policy, old))
  const errors: Errors = []
  for (const [i, warning] of (policy.status?.typeChecking?.expressionWarnings ?? []).entries()) {
    const at = `status.typeChecking.expressionWarnings[${i}]`
    requireText(warning.warning, `${at}.warning`, errors)
    const fieldRef = (warning.fieldRef ?? '').trim()
    if (requireText(fieldRef, `${at}.fieldRef`, errors)) checkJsonPath(fieldRef, `${at}.fieldRef`, errors)
  }
  validateConditions(policy.status?.conditions, 'status.conditions', errors)
  return errors
}

function checkJsonPath(path: string, at: string, errors: Errors): void {
  try {
    parseJsonPath(`{${path}}`)
  } catch (error) {
    if (!(error instanceof JsonPathError)) throw error
    errors.push(invalid(at, path, `invalid JSONPath: ${error.message}`))
  }
}

function* validateMutation(mutation: Mutation, scope: Scope, at: string, errors: Errors): Steps<void> {
  const { patchType, jsonPatch, applyConfiguration } = mutation
  if (!requireText(patchType, `${at}.patchType`, errors)) return
  const checkPatch = function* (
    wanted: 'jsonPatch' | 'applyConfiguration',
    other: 'jsonPatch' | 'applyConfiguration',
  ): Steps<void> {
    const given = { jsonPatch, applyConfiguration }
    const patch = given[wanted]
    if (!patch) errors.push(required(`${at}.${wanted}`, `must be specified when patchType is ${patchType}`))
    else {
      const text = (patch.expression ?? '').trim()
      const type = wanted === 'jsonPatch' ? JSON_PATCHES : OBJECT
      if (text === '') errors.push(required(`${at}.${wanted}.expression`))
      else checkExpression(yield* scope.compileMutation(text, type), `${at}.${wanted}.expression`, errors)
    }
    if (given[other]) {
      errors.push(invalid(`${at}.${other}`, `{${other}}`, `must not be specified when patchType is ${patchType}`))
    }
  }
  if (patchType === 'JSONPatch') yield* checkPatch('jsonPatch', 'applyConfiguration')
  else if (patchType === 'ApplyConfiguration') yield* checkPatch('applyConfiguration', 'jsonPatch')
  else errors.push(notSupported(`${at}.patchType`, patchType, ['ApplyConfiguration', 'JSONPatch']))
}

function* validateMutating(policy: MutatingAdmissionPolicy, anyConditions: boolean): Steps<FieldError[]> {
  const errors: Errors = []
  const scope = yield* mutationScope(policy)
  yield* validateCommon(policy, scope, anyConditions, errors)
  const spec = policy.spec ?? {}
  checkMutatingOperations(spec.matchConstraints, 'spec.matchConstraints', errors)
  if (!spec.mutations?.length) errors.push(required('spec.mutations', 'mutations must contain at least one item'))
  for (const [i, mutation] of (spec.mutations ?? []).entries()) {
    yield* validateMutation(mutation, scope, `spec.mutations[${i}]`, errors)
    yield
  }
  checkChoice(spec.reinvocationPolicy, reinvocationPolicies, 'spec.reinvocationPolicy', errors)
  return errors
}

export const validateMutatingAdmissionPolicy = (policy: MutatingAdmissionPolicy): Steps<FieldError[]> =>
  validateMutating(policy, false)

export const validateMutatingAdmissionPolicyUpdate = (
  policy: MutatingAdmissionPolicy,
  old: MutatingAdmissionPolicy,
): Steps<FieldError[]> => validateMutating(policy, hasSameConditions(policy, old))
