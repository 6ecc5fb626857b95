import { duplicate, invalid, notSupported, required } from '../../../apimachinery/field-error.ts'
import type { MatchResources } from '../../../apimachinery/kinds.generated.ts'
import { isPathSegmentName } from '../../../apimachinery/names.ts'
import { checkGivenChoice, checkSupported, type Errors, pushInvalid } from '../errors.ts'
import { validateLabelSelector } from '../selector.ts'

export const failurePolicies = ['Fail', 'Ignore']
export const matchPolicies = ['Equivalent', 'Exact']
export const reinvocationPolicies = ['IfNeeded', 'Never']
const scopes = ['*', 'Cluster', 'Namespaced']
const operations = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE']

interface Rule {
  apiGroups?: readonly string[]
  apiVersions?: readonly string[]
  resources?: readonly string[]
  operations?: readonly string[]
  scope?: string
}

function checkLoneStar(list: readonly string[], others: string, at: string, errors: Errors): void {
  if (list.length > 1 && list.includes('*')) errors.push(invalid(at, list, `if '*' is present, must not specify other ${others}`))
}

function validateResources(resources: readonly string[], at: string, errors: Errors): void {
  if (resources.length === 0) errors.push(required(at))
  const everySub = new Set<string>()
  const everyResource = new Set<string>()
  let hasPlain = false
  for (const [i, resource] of resources.entries()) {
    if (resource === '') {
      errors.push(required(`${at}[${i}]`))
      continue
    }
    const slash = resource.indexOf('/')
    if (slash < 0) {
      hasPlain = resource !== '*'
      continue
    }
    const name = resource.slice(0, slash)
    const sub = resource.slice(slash + 1)
    const problem = (star: string) => invalid(`${at}[${i}]`, resource, `if '${star}' is present, must not specify ${resource}`)
    if (everySub.has(name)) errors.push(problem(`${name}/*`))
    if (everyResource.has(sub)) errors.push(problem(`*/${sub}`))
    if (sub === '*') everySub.add(name)
    if (name === '*') everyResource.add(sub)
  }
  if (resources.length > 1 && resources.includes('*/*')) {
    errors.push(invalid(at, resources, "if '*/*' is present, must not specify other resources"))
  }
  if (resources.includes('*') && hasPlain) {
    errors.push(invalid(at, resources, "if '*' is present, must not specify other resources without subresources"))
  }
}

/** What a webhook or a policy looks at. */
export function validateRule(rule: Rule, at: string, errors: Errors): void {
  const { apiGroups = [], apiVersions = [], resources = [], operations: ops = [], scope } = rule
  if (ops.length === 0) errors.push(required(`${at}.operations`))
  checkLoneStar(ops, 'operations', `${at}.operations`, errors)
  for (const [i, op] of ops.entries()) checkSupported(op, operations, `${at}.operations[${i}]`, errors)
  if (apiGroups.length === 0) errors.push(required(`${at}.apiGroups`))
  checkLoneStar(apiGroups, 'API groups', `${at}.apiGroups`, errors)
  if (apiVersions.length === 0) errors.push(required(`${at}.apiVersions`))
  checkLoneStar(apiVersions, 'API versions', `${at}.apiVersions`, errors)
  for (const [i, version] of apiVersions.entries()) if (version === '') errors.push(required(`${at}.apiVersions[${i}]`))
  validateResources(resources, `${at}.resources`, errors)
  if (scope !== undefined && !scopes.includes(scope)) errors.push(notSupported(`${at}.scope`, scope, scopes))
}

function validateNamedRule(rule: Rule & { resourceNames?: readonly string[] }, at: string, errors: Errors): void {
  const seen = new Set<string>()
  for (const [i, name] of (rule.resourceNames ?? []).entries()) {
    const path = `${at}.resourceNames[${i}]`
    pushInvalid(errors, path, name, isPathSegmentName(name))
    if (seen.has(name)) errors.push(duplicate(path, name))
    seen.add(name)
  }
  validateRule(rule, at, errors)
}

const mutatingOperations = ['*', 'CONNECT', 'CREATE', 'UPDATE']

/** Only what creates and updates can be changed on its way. */
export function checkMutatingOperations(match: MatchResources | undefined, at: string, errors: Errors): void {
  for (const rule of match?.resourceRules ?? []) {
    for (const op of rule.operations ?? []) checkSupported(op, mutatingOperations, `${at}.resourceRules.operations`, errors)
  }
}

export function validateMatchResources(match: MatchResources | undefined, at: string, errors: Errors): void {
  if (!match) return
  checkGivenChoice(match.matchPolicy, matchPolicies, `${at}.matchPolicy`, errors)
  for (const field of ['namespaceSelector', 'objectSelector'] as const) {
    if (match[field] === undefined) errors.push(required(`${at}.${field}`))
    else validateLabelSelector(match[field], `${at}.${field}`, errors)
  }
  for (const field of ['resourceRules', 'excludeResourceRules'] as const) {
    for (const [i, rule] of (match[field] ?? []).entries()) validateNamedRule(rule, `${at}.${field}[${i}]`, errors)
  }
}
