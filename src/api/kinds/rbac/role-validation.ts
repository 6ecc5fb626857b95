import { type FieldError, invalid, required } from '../../../apimachinery/field-error.ts'
import type { ClusterRole, PolicyRule, Role } from '../../../apimachinery/kinds.generated.ts'
import { selects } from '../apps/selected-template.ts'
import type { Errors } from '../errors.ts'
import { hasInvalidValue, validateLabelSelector } from '../selector.ts'

function validateRule(rule: PolicyRule, isNamespaced: boolean, at: string, errors: Errors): void {
  const { verbs, apiGroups, resources, resourceNames, nonResourceURLs: urls } = rule
  if (!verbs?.length) errors.push(required(`${at}.verbs`, 'verbs must contain at least one value'))
  if (urls?.length) {
    const path = `${at}.nonResourceURLs`
    if (isNamespaced) errors.push(invalid(path, urls, 'namespaced rules cannot apply to non-resource URLs'))
    if (apiGroups?.length || resources?.length || resourceNames?.length) {
      errors.push(invalid(path, urls, 'rules cannot apply to both regular resources and non-resource URLs'))
    }
    return
  }
  if (!apiGroups?.length) errors.push(required(`${at}.apiGroups`, 'resource rules must supply at least one api group'))
  if (!resources?.length) errors.push(required(`${at}.resources`, 'resource rules must supply at least one resource'))
}

export function validateRole({ rules }: Role): FieldError[] {
  const errors: Errors = []
  for (const [i, rule] of (rules ?? []).entries()) validateRule(rule, true, `rules[${i}]`, errors)
  return errors
}

export const validateRoleUpdate = (role: Role): FieldError[] => validateRole(role)

function validateCluster({ rules, aggregationRule }: ClusterRole, anyValue: boolean): FieldError[] {
  const errors: Errors = []
  for (const [i, rule] of (rules ?? []).entries()) validateRule(rule, false, `rules[${i}]`, errors)
  if (!aggregationRule) return errors
  const at = 'aggregationRule.clusterRoleSelectors'
  const selectors = aggregationRule.clusterRoleSelectors ?? []
  if (selectors.length === 0) {
    errors.push(required(at, 'at least one clusterRoleSelector required if aggregationRule is non-nil'))
  }
  for (const [i, selector] of selectors.entries()) {
    validateLabelSelector(selector, `${at}[${i}]`, errors, anyValue)
    if (selects(selector, {}) === undefined) errors.push(invalid(`${at}[${i}]`, null, 'invalid label selector.'))
  }
  return errors
}

export const validateClusterRole = (role: ClusterRole): FieldError[] => validateCluster(role, false)

export const validateClusterRoleUpdate = (role: ClusterRole, old: ClusterRole): FieldError[] =>
  validateCluster(role, old.aggregationRule?.clusterRoleSelectors?.some(hasInvalidValue) ?? false)
