import { type FieldError, forbiddenField, invalid, notSupported, required } from '../../../apimachinery/field-error.ts'
import type {
  FlowSchema,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
} from '../../../apimachinery/kinds.generated.ts'
import { isDns1123Label, isDns1123Subdomain } from '../../../apimachinery/names.ts'
import { type Errors, pushInvalid, requireText } from '../errors.ts'
import type { KindContext } from '../kind.ts'
import { validateConditions } from './conditions.ts'

type Subject = PolicyRulesWithSubjects['subjects'][number]

const subjectFields = [
  ['serviceAccount', 'ServiceAccount'],
  ['user', 'User'],
  ['group', 'Group'],
] as const

function validateSubject(subject: Subject, at: string, errors: Errors): void {
  if (!subjectFields.some(([, kind]) => kind === subject.kind)) {
    errors.push(notSupported(`${at}.kind`, subject.kind ?? '', ['Group', 'ServiceAccount', 'User']))
    return
  }
  for (const [field, kind] of subjectFields) {
    const path = `${at}.${field}`
    if (subject.kind !== kind) {
      if (subject[field]) errors.push(forbiddenField(path, `${field} is forbidden when subject kind is not '${kind}'`))
      continue
    }
    const name = subject[field]?.name
    if (!subject[field]) errors.push(required(path, `${field} is required when subject kind is '${kind}'`))
    else if (requireText(name, `${path}.name`, errors) && kind === 'ServiceAccount' && name !== '*') {
      pushInvalid(errors, `${path}.name`, name, isDns1123Subdomain(name ?? ''))
    }
    if (field !== 'serviceAccount' || !subject.serviceAccount) continue
    const { namespace } = subject.serviceAccount
    if (requireText(namespace, `${path}.namespace`, errors, 'must specify namespace for service account')) {
      pushInvalid(errors, `${path}.namespace`, namespace, isDns1123Label(namespace))
    }
  }
}

const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'proxy', 'update', 'watch']

/** A list with at least one value, where `*` stands alone. Says whether its values are to be looked at. */
function checkList(
  list: readonly string[] | null | undefined,
  emptyText: string,
  others: string,
  at: string,
  errors: Errors,
): boolean {
  if (!list?.length) errors.push(required(at, emptyText))
  else if (!list.includes('*')) return true
  else if (list.length > 1) errors.push(invalid(at, list, `if '*' is present, must not specify other ${others}`))
  return false
}

function validateVerbs(list: readonly string[] | undefined, at: string, errors: Errors): void {
  if (!checkList(list, 'verbs must contain at least one value', 'verbs', at, errors)) return
  if (!list?.every((verb) => verbs.includes(verb))) errors.push(notSupported(at, list, verbs))
}

const namespaceText = "each member of this list must be '*' or a DNS-1123 label; "

function validateResourceRule(rule: ResourcePolicyRule, at: string, errors: Errors): void {
  validateVerbs(rule.verbs, `${at}.verbs`, errors)
  checkList(rule.apiGroups, 'resource rules must supply at least one api group', 'api groups', `${at}.apiGroups`, errors)
  checkList(rule.resources, 'resource rules must supply at least one resource', 'resources', `${at}.resources`, errors)
  if (!rule.namespaces?.length && rule.clusterScope) return
  const text = 'resource rules that are not cluster scoped must supply at least one namespace'
  if (!checkList(rule.namespaces, text, 'namespaces', `${at}.namespaces`, errors)) return
  for (const [i, namespace] of (rule.namespaces ?? []).entries()) {
    const problems = isDns1123Label(namespace).map((problem) => namespaceText + problem)
    pushInvalid(errors, `${at}.namespaces[${i}]`, namespace, problems)
  }
}

function urlProblem(url: string): string | undefined {
  if (url === '') return 'must not be empty'
  if (url === '/') return undefined
  if (!url.startsWith('/')) return 'must start with slash'
  if (url.includes(' ')) return 'must not contain white-space'
  if (url.includes('//')) return 'must not contain double slash'
  const stars = url.split('*').length - 1
  return stars > 1 || (stars === 1 && !url.endsWith('/*')) ? 'wildcard can only do suffix matching' : undefined
}

function validateNonResourceRule(rule: NonResourcePolicyRule, at: string, errors: Errors): void {
  validateVerbs(rule.verbs, `${at}.verbs`, errors)
  const path = `${at}.nonResourceURLs`
  const text = 'nonResourceURLs must contain at least one value'
  if (!checkList(rule.nonResourceURLs, text, 'non-resource URLs', path, errors)) return
  for (const [i, url] of rule.nonResourceURLs.entries()) {
    const problem = urlProblem(url)
    if (problem !== undefined) errors.push(invalid(`${path}[${i}]`, url, problem))
  }
}

function validateRule(rule: PolicyRulesWithSubjects, at: string, errors: Errors): void {
  if (!rule.subjects?.length) errors.push(required(`${at}.subjects`, 'subjects must contain at least one value'))
  for (const [i, subject] of (rule.subjects ?? []).entries()) validateSubject(subject, `${at}.subjects[${i}]`, errors)
  const { resourceRules, nonResourceRules } = rule
  if (!resourceRules?.length && !nonResourceRules?.length) {
    errors.push(required(at, 'at least one of resourceRules and nonResourceRules has to be non-empty'))
  }
  for (const [i, r] of (resourceRules ?? []).entries()) validateResourceRule(r, `${at}.resourceRules[${i}]`, errors)
  for (const [i, r] of (nonResourceRules ?? []).entries()) validateNonResourceRule(r, `${at}.nonResourceRules[${i}]`, errors)
}

function validatePrecedence({ metadata, spec }: FlowSchema, errors: Errors): void {
  const at = 'spec.matchingPrecedence'
  const precedence = spec?.matchingPrecedence ?? 0
  if (precedence <= 0) errors.push(invalid(at, precedence, 'must be a positive value'))
  if (precedence > 10_000) errors.push(invalid(at, precedence, 'must not be greater than 10000'))
  if (precedence === 1 && metadata.name !== 'exempt') {
    errors.push(invalid(at, precedence, "only the schema named 'exempt' may have matchingPrecedence 1"))
  }
}

export function validateFlowSchema(schema: FlowSchema): FieldError[] {
  const errors: Errors = []
  validatePrecedence(schema, errors)
  const { distinguisherMethod: method, priorityLevelConfiguration: level, rules } = schema.spec ?? {}
  if (method && method.type !== 'ByNamespace' && method.type !== 'ByUser') {
    const shown = { Type: method.type ?? '' }
    errors.push(notSupported('spec.distinguisherMethod.type', shown, ['ByNamespace', 'ByUser']))
  }
  const at = 'spec.priorityLevelConfiguration.name'
  if (requireText(level?.name, at, errors, 'must reference a priority level')) {
    pushInvalid(errors, at, level?.name, isDns1123Subdomain(level?.name ?? ''))
  }
  for (const [i, rule] of (rules ?? []).entries()) validateRule(rule, `spec.rules[${i}]`, errors)
  validateConditions(schema.status?.conditions, errors)
  return errors
}

export function validateFlowSchemaUpdate(schema: FlowSchema, _: FlowSchema, { subresource }: KindContext): FieldError[] {
  if (subresource !== 'status') return validateFlowSchema(schema)
  const errors: Errors = []
  validateConditions(schema.status?.conditions, errors)
  return errors
}
