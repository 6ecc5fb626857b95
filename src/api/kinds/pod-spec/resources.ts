import { duplicate, forbiddenField, invalid, notSupported, required } from '../../../apimachinery/field-error.ts'
import type { ResourceRequirements } from '../../../apimachinery/kinds.generated.ts'
import { isQualifiedName } from '../../../apimachinery/names.ts'
import { compareQuantities, isWhole, parseQuantity, QuantityError, scaledInt64, signOf } from '../../../apimachinery/quantity.ts'
import { checkLabel, type Errors, pushInvalid } from '../errors.ts'
import { isHugePages, isPodLevelResource } from './pod-defaults.ts'

/** Names of resources and how much of them may be asked for (pkg/apis/core/helper, validateResourceRequirements). */

const containerResources = new Set(['cpu', 'memory', 'ephemeral-storage'])
/** Of which there are whole ones only. */
const counted = [
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
]
const wholeResources = new Set(counted)
const quotaOnly = [
  'requests.cpu',
  'requests.memory',
  'requests.storage',
  'requests.ephemeral-storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
  ...counted,
]
export const quotaResources: ReadonlySet<string> = new Set([...containerResources, ...quotaOnly])
const standardResources: ReadonlySet<string> = new Set([...quotaResources, 'storage'])

const isNative = (name: string): boolean => !name.includes('/') || name.includes('kubernetes.io/')
export const isOvercommitAllowed = (name: string): boolean => isNative(name) && !isHugePages(name)
export const isExtended = (name: string): boolean =>
  !isNative(name) && !name.startsWith('requests.') && isQualifiedName(`requests.${name}`).length === 0
export const isQuotaHugePages = (name: string): boolean => name.startsWith('hugepages-') || name.startsWith('requests.hugepages-')

/** Whether `name` is a resource's: a standard one, or one with a domain. Returns whether it is. */
export function checkResourceName(name: string, at: string, errors: Errors): boolean {
  const problems = isQualifiedName(name)
  pushInvalid(errors, at, name, problems)
  if (problems.length > 0) return false
  if (name.includes('/') || standardResources.has(name) || isQuotaHugePages(name)) return true
  errors.push(invalid(at, name, 'must be a standard resource type or fully qualified'))
  return false
}

/** A resource that a container may ask for. */
export function checkContainerResource(name: string, at: string, errors: Errors): void {
  checkResourceName(name, at, errors)
  if (!name.includes('/')) {
    const known = containerResources.has(name) || isHugePages(name)
    if (!known) errors.push(invalid(at, name, 'must be a standard resource for containers'))
  } else if (!isNative(name) && !isExtended(name)) {
    errors.push(invalid(at, name, "doesn't follow extended resource name standard"))
  }
}

function checkPodResource(name: string, at: string, errors: Errors): void {
  if (!checkResourceName(name, at, errors) || isPodLevelResource(name)) return
  errors.push(notSupported(at, name, ['cpu', 'hugepages-', 'memory']))
}

/** Not negative, and whole where only whole ones can be counted. */
export function checkQuantity(name: string, quantity: string, at: string, errors: Errors): void {
  if (signOf(quantity) < 0) errors.push(invalid(at, quantity, 'must be greater than or equal to 0'))
  const mustBeWhole = wholeResources.has(name) || isExtended(name)
  if (mustBeWhole && !isWhole(quantity)) errors.push(invalid(at, quantity, 'must be an integer'))
}

function isDivisible(name: string, quantity: string): boolean {
  try {
    const page = parseQuantity(name.slice('hugepages-'.length))
    if (signOf(page) <= 0 || !isWhole(page)) return false
    const size = scaledInt64(page, 0)
    return size !== 0n && scaledInt64(quantity, 0) % size === 0n
  } catch (error) {
    if (error instanceof QuantityError) return false
    throw error
  }
}

interface RequirementRules {
  readonly podLevel?: boolean
  readonly anyHugePagesValue?: boolean
  readonly claims: ReadonlySet<string>
}

export function validateRequirements(
  requirements: ResourceRequirements | undefined,
  at: string,
  errors: Errors,
  rules: RequirementRules,
): void {
  if (!requirements) return
  const checkName = rules.podLevel ? checkPodResource : checkContainerResource
  const { limits = {}, requests = {}, claims } = requirements
  const check = (name: string, quantity: string, path: string) => {
    checkName(name, path, errors)
    checkQuantity(name, quantity, path, errors)
  }
  const checkPages = (name: string, quantity: string, path: string) => {
    if (!isHugePages(name) || rules.anyHugePagesValue || isDivisible(name, quantity)) return
    errors.push(invalid(path, quantity, `${quantity} is not positive integer multiple of ${name}`))
  }
  for (const name of Object.keys(limits)) {
    const quantity = limits[name] ?? '0'
    check(name, quantity, `${at}.limits[${name}]`)
    checkPages(name, quantity, `${at}.limits[${name}]`)
  }
  for (const name of Object.keys(requests)) {
    const quantity = requests[name] ?? '0'
    check(name, quantity, `${at}.requests[${name}]`)
    compareWithLimit(name, quantity, limits[name], at, errors)
    checkPages(name, quantity, `${at}.requests[${name}]`)
  }
  const names = [...Object.keys(limits), ...Object.keys(requests)]
  if (names.some(isHugePages) && !names.includes('cpu') && !names.includes('memory')) {
    errors.push(forbiddenField(at, 'HugePages require cpu or memory'))
  }
  if (claims) validateClaims(claims, rules.claims, `${at}.claims`, errors)
}

function compareWithLimit(name: string, quantity: string, limit: string | undefined, at: string, errors: Errors): void {
  const canOvercommit = isOvercommitAllowed(name)
  if (limit === undefined) {
    if (!canOvercommit) errors.push(required(`${at}.limits`, 'Limit must be set for non overcommitable resources'))
    return
  }
  const order = compareQuantities(quantity, limit)
  if (order !== 0 && !canOvercommit) {
    errors.push(invalid(`${at}.requests`, quantity, `must be equal to ${name} limit of ${limit}`))
  } else if (order > 0) {
    errors.push(invalid(`${at}.requests`, quantity, `must be less than or equal to ${name} limit of ${limit}`))
  }
}

type Claims = NonNullable<ResourceRequirements['claims']>

function validateClaims(claims: Claims, known: ReadonlySet<string>, at: string, errors: Errors): void {
  const seen = new Set<string>()
  /** Of each claim the requests that are seen. */
  const requests = new Map<string, string[]>()
  let names: string | undefined
  claims.forEach(({ name, request }, i) => {
    const path = `${at}[${i}]`
    if (!name) errors.push(required(path))
    else if (seen.has(name)) errors.push(duplicate(path, name))
    else {
      if (request) checkLabel(request, `${path}.request`, errors)
      const key = request ? `${name}/${request}` : name
      if (seen.has(key)) errors.push(duplicate(path, key))
      else if (!request) {
        for (const _ of requests.get(name) ?? []) errors.push(duplicate(path, name))
      } else {
        const same = requests.get(name)
        if (same) same.push(request)
        else requests.set(name, [request])
      }
      seen.add(key)
    }
    if (!name || known.has(name)) return
    // Made once: thousands may be unknown.
    names ??= known.size === 0 ? ' which is empty' : `: ${[...known].sort().join(', ')}`
    errors.push(unknownClaim(path, name, names))
  })
}

function unknownClaim(at: string, name: string, list: string): Errors[number] {
  const detail = `must be one of the names in pod.spec.resourceClaims${list}`
  return { type: 'FieldValueNotFound', field: at, message: `Not found: ${JSON.stringify(name)}: ${detail}` }
}
