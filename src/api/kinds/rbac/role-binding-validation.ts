import { type FieldError, invalid, notSupported, required } from '../../../apimachinery/field-error.ts'
import type { ClusterRoleBinding, RoleBinding } from '../../../apimachinery/kinds.generated.ts'
import { isDns1123Subdomain, isPathSegmentName } from '../../../apimachinery/names.ts'
import { checkSupported, type Errors, isSame, pushInvalid, requireText } from '../errors.ts'

type Binding = RoleBinding | ClusterRoleBinding
type Subject = NonNullable<Binding['subjects']>[number]

const group = 'rbac.authorization.k8s.io'

function validateSubject(subject: Subject, isNamespaced: boolean, at: string, errors: Errors): void {
  const { kind, name, apiGroup = '', namespace } = subject
  if (!name) errors.push(required(`${at}.name`))
  if (kind === 'ServiceAccount') {
    if (name) pushInvalid(errors, `${at}.name`, name, isDns1123Subdomain(name))
    if (apiGroup) errors.push(notSupported(`${at}.apiGroup`, apiGroup, ['']))
    if (!isNamespaced && !namespace) errors.push(required(`${at}.namespace`))
  } else if (kind === 'User' || kind === 'Group') {
    if (apiGroup !== group) errors.push(notSupported(`${at}.apiGroup`, apiGroup, [group]))
  } else errors.push(notSupported(`${at}.kind`, kind ?? '', ['ServiceAccount', 'User', 'Group']))
}

function validate({ roleRef, subjects }: Binding, isNamespaced: boolean): FieldError[] {
  const errors: Errors = []
  const { apiGroup = '', kind = '', name = '' } = roleRef ?? {}
  if (apiGroup !== group) errors.push(notSupported('roleRef.apiGroup', apiGroup, [group]))
  checkSupported(kind, isNamespaced ? ['Role', 'ClusterRole'] : ['ClusterRole'], 'roleRef.kind', errors)
  if (requireText(name, 'roleRef.name', errors)) pushInvalid(errors, 'roleRef.name', name, isPathSegmentName(name))
  for (const [i, subject] of (subjects ?? []).entries()) validateSubject(subject, isNamespaced, `subjects[${i}]`, errors)
  return errors
}

function validateChange(now: Binding, old: Binding, isNamespaced: boolean): FieldError[] {
  const errors = validate(now, isNamespaced)
  const { apiGroup = '', kind = '', name = '' } = now.roleRef ?? {}
  if (!isSame(now.roleRef, old.roleRef)) {
    errors.push(invalid('roleRef', { APIGroup: apiGroup, Kind: kind, Name: name }, 'cannot change roleRef'))
  }
  return errors
}

export const validateRoleBinding = (binding: RoleBinding): FieldError[] => validate(binding, true)
export const validateRoleBindingUpdate = (binding: RoleBinding, old: RoleBinding): FieldError[] =>
  validateChange(binding, old, true)
export const validateClusterRoleBinding = (binding: ClusterRoleBinding): FieldError[] => validate(binding, false)
export const validateClusterRoleBindingUpdate = (binding: ClusterRoleBinding, old: ClusterRoleBinding): FieldError[] =>
  validateChange(binding, old, false)
