import { type FieldError, invalid, required } from '../../../apimachinery/field-error.ts'
import type {
  ResourceQuota,
  ResourceQuotaSpec,
  ScopedResourceSelectorRequirement,
} from '../../../apimachinery/kinds.generated.ts'
import { compareQuantities } from '../../../apimachinery/quantity.ts'
import { internal } from '../../schema/internal.ts'
import { type Errors, immutableText } from '../errors.ts'
import type { KindContext } from '../kind.ts'
import type { ResourceList } from '../pod-spec/resource-list.ts'
import { checkQuantity, checkResourceName, isQuotaHugePages, quotaResources } from '../pod-spec/resources.ts'

const isQuotaResource = (name: string): boolean => quotaResources.has(name) || isQuotaHugePages(name)

function validateList(list: ResourceList | undefined, at: string, errors: Errors): void {
  for (const name of Object.keys(list ?? {})) {
    const path = `${at}[${name}]`
    checkResourceName(name, path, errors)
    if (!name.includes('/') && !isQuotaResource(name)) errors.push(invalid(path, name, 'must be a standard resource for quota'))
    checkQuantity(name, list?.[name] ?? '0', path, errors)
  }
}

const computeScope = ['pods', 'cpu', 'memory', 'limits.cpu', 'limits.memory', 'requests.cpu', 'requests.memory']
/** What a quota with a scope may count. */
const scopes: ReadonlyMap<string, readonly string[]> = new Map([
  ['Terminating', computeScope],
  ['NotTerminating', computeScope],
  ['NotBestEffort', computeScope],
  ['PriorityClass', computeScope],
  ['CrossNamespacePodAffinity', computeScope],
  ['BestEffort', ['pods']],
  ['VolumeAttributesClass', ['persistentvolumeclaims', 'requests.storage']],
])

const badResources = (scope: string, hard: ResourceList | undefined): string[] => {
  const allowed = scopes.get(scope)
  return Object.keys(hard ?? {}).filter((name) => isQuotaResource(name) && allowed !== undefined && !allowed.includes(name))
}

function validateConflicts(used: ReadonlySet<string>, spec: ResourceQuotaSpec, at: string, errors: Errors): void {
  for (const [a, b] of [['BestEffort', 'NotBestEffort'] as const, ['Terminating', 'NotTerminating'] as const]) {
    if (used.has(a) && used.has(b)) errors.push(invalid(at, spec.scopes ?? null, 'conflicting scopes'))
  }
}

function validateScopes(spec: ResourceQuotaSpec, errors: Errors): void {
  if (!spec.scopes?.length) return
  const at = 'spec.scopes'
  for (const scope of spec.scopes) {
    if (!scopes.has(scope)) errors.push(invalid(at, spec.scopes, 'unsupported scope'))
    for (const _ of badResources(scope, spec.hard)) errors.push(invalid(at, spec.scopes, 'unsupported scope applied to resource'))
  }
  validateConflicts(new Set(spec.scopes), spec, at, errors)
}

const existsOnly = new Set(['BestEffort', 'NotBestEffort', 'Terminating', 'NotTerminating', 'CrossNamespacePodAffinity'])
const existsText =
  "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity"

function validateSelector(spec: ResourceQuotaSpec, errors: Errors): void {
  if (!spec.scopeSelector) return
  const at = 'spec.scopeSelector.matchExpressions'
  const used = new Set<string>()
  for (const requirement of spec.scopeSelector.matchExpressions ?? []) {
    const { scopeName } = requirement
    if (!scopes.has(scopeName)) errors.push(invalid(`${at}.scopeName`, scopeName, 'unsupported scope'))
    for (const _ of badResources(scopeName, spec.hard)) {
      errors.push(invalid(at, internal('*core.ScopeSelector', spec.scopeSelector), 'unsupported scope applied to resource'))
    }
    validateRequirement(requirement, at, errors)
    used.add(scopeName)
  }
  validateConflicts(used, spec, at, errors)
}

function validateRequirement(r: ScopedResourceSelectorRequirement, at: string, errors: Errors): void {
  const operator = r.operator ?? ''
  if (existsOnly.has(r.scopeName) && operator !== 'Exists') errors.push(invalid(`${at}.operator`, operator, existsText))
  if (operator === 'In' || operator === 'NotIn') {
    const text = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"
    if (!r.values?.length) errors.push(required(`${at}.values`, text))
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    const text = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"
    if (r.values?.length) errors.push(invalid(`${at}.values`, r.values, text))
  } else errors.push(invalid(`${at}.operator`, operator, 'not a valid selector operator'))
}

function validateStatus({ status }: ResourceQuota, errors: Errors): void {
  validateList(status?.hard, 'status.hard', errors)
  validateList(status?.used, 'status.used', errors)
}

function validateSpec({ spec }: ResourceQuota, errors: Errors): void {
  if (!spec) return
  validateList(spec.hard, 'spec.hard', errors)
  validateScopes(spec, errors)
  validateSelector(spec, errors)
}

export function validateResourceQuota(quota: ResourceQuota): FieldError[] {
  const errors: Errors = []
  validateSpec(quota, errors)
  validateStatus(quota, errors)
  return errors
}

export function validateResourceQuotaUpdate(
  quota: ResourceQuota,
  old: ResourceQuota,
  { subresource }: KindContext,
): FieldError[] {
  const errors: Errors = []
  if (subresource === 'status') {
    validateStatus(quota, errors)
    return errors
  }
  validateSpec(quota, errors)
  const now = new Set<string>(quota.spec?.scopes)
  const before = new Set<string>(old.spec?.scopes)
  if (now.size !== before.size || [...now].some((scope) => !before.has(scope))) {
    errors.push(invalid('spec.scopes', quota.spec?.scopes ?? null, immutableText))
  }
  return errors
}

/** Requests that may be more than the limits are no use. */
export function quotaWarnings({ spec }: ResourceQuota, _: ResourceQuota | undefined, { subresource }: KindContext): string[] {
  const hard = spec?.hard ?? {}
  if (subresource !== '') return []
  return ['cpu', 'memory', 'ephemeral-storage'].flatMap((name) => {
    const request = hard[`requests.${name}`] === undefined && name !== 'ephemeral-storage' ? name : `requests.${name}`
    const limit = `limits.${name}`
    const [asked, allowed] = [hard[request], hard[limit]]
    if (asked === undefined || allowed === undefined || compareQuantities(asked, allowed) <= 0) return []
    return [`ResourceQuota ${request} (${asked}) should be less than ${limit} (${allowed})`]
  })
}
