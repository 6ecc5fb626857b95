import type { LabelSelector, MatchResources, NamedRuleWithOperations } from '../../../apimachinery/kinds.generated.ts'
import { matchesSelector } from '../../../apimachinery/label-selector.ts'
import type { KubeObject } from '../../../apimachinery/object.ts'
import { namespaces } from '../../../apimachinery/resources.generated.ts'
import { notFound } from '../../../apimachinery/status.ts'
import type { Objects } from '../../objects.ts'
import type { AdmissionRequest } from '../admission.ts'

/** A resource that is the same objects in another group or version. */
export interface Matched {
  readonly group: string
  readonly version: string
  readonly resource: string
}

interface Selectors {
  readonly namespaceSelector?: LabelSelector
  readonly objectSelector?: LabelSelector
}

/** Versions of one resource, of which a rule may name either. */
const equivalents: readonly (readonly Matched[])[] = [
  [
    { group: 'autoscaling', version: 'v1', resource: 'horizontalpodautoscalers' },
    { group: 'autoscaling', version: 'v2', resource: 'horizontalpodautoscalers' },
  ],
  [
    { group: '', version: 'v1', resource: 'events' },
    { group: 'events.k8s.io', version: 'v1', resource: 'events' },
  ],
]

/** The kinds that configure admission itself: nothing may lock out its own repair. */
export function isExempt({ group, kind }: AdmissionRequest): boolean {
  return (
    group === 'admissionregistration.k8s.io' &&
    /^(Validating|Mutating)(WebhookConfiguration|AdmissionPolicy(Binding)?)$/.test(kind)
  )
}

const hasOrAll = (list: readonly string[] | undefined, wanted: string): boolean =>
  !!list && (list.includes('*') || list.includes(wanted))

type Rule = Pick<NamedRuleWithOperations, 'apiGroups' | 'apiVersions' | 'operations' | 'resources' | 'scope'>

function ruleMatches(rule: Rule, request: AdmissionRequest, as: Matched): boolean {
  const isClusterWide = !request.namespace || (as.group === '' && as.resource === 'namespaces')
  if (rule.scope === 'Namespaced' && isClusterWide) return false
  if (rule.scope === 'Cluster' && !isClusterWide) return false
  if (!hasOrAll(rule.operations, request.operation)) return false
  if (!hasOrAll(rule.apiGroups, as.group) || !hasOrAll(rule.apiVersions, as.version)) return false
  return (rule.resources ?? []).some((text) => {
    const [resource = '', ...rest] = text.split('/')
    const subresource = rest.join('/')
    return (resource === '*' || resource === as.resource) && (subresource === '*' || subresource === request.subresource)
  })
}

/** The other resources of which the objects of `itself` are as well. */
function alsoServedAs({ alsoServed }: AdmissionRequest, itself: Matched): readonly Matched[] {
  if (alsoServed) return alsoServed.versions.map((version) => ({ ...itself, version }))
  return (equivalents.find((set) => set.some((a) => isSame(a, itself))) ?? []).filter((a) => !isSame(a, itself))
}

const isSame = (a: Matched, b: Matched): boolean => a.group === b.group && a.version === b.version && a.resource === b.resource

/** As which resource one of `rules` means the write; undefined when none does. */
export function matchRules(
  rules: readonly (Rule & { readonly resourceNames?: readonly string[] })[],
  matchPolicy: string | undefined,
  request: AdmissionRequest,
): Matched | undefined {
  const itself = { group: request.group, version: request.version, resource: request.resource }
  const others = matchPolicy === 'Exact' ? [] : alsoServedAs(request, itself)
  const names = (rule: { readonly resourceNames?: readonly string[] }): boolean =>
    !rule.resourceNames?.length || rule.resourceNames.includes(request.name)
  return [itself, ...others].find((as) => rules.some((rule) => ruleMatches(rule, request, as) && names(rule)))
}

/** Whether the labels of the write's namespace and of its object (before or after) are meant. Throws when the namespace is missing. */
export function matchSelectors(
  objects: Objects,
  { namespaceSelector, objectSelector }: Selectors,
  request: AdmissionRequest,
): boolean {
  return matchesNamespace(objects, namespaceSelector, request) && matchesObject(objectSelector, request)
}

const isEmpty = (selector: LabelSelector | undefined): boolean =>
  Object.keys(selector?.matchLabels ?? {}).length === 0 && !selector?.matchExpressions?.length

function matchesNamespace(objects: Objects, selector: LabelSelector | undefined, request: AdmissionRequest): boolean {
  const isNamespace = request.resource === 'namespaces'
  if (!selector || isEmpty(selector) || (!request.namespace && !isNamespace)) return true
  if (isNamespace && request.subresource === '' && (request.operation === 'CREATE' || request.operation === 'UPDATE')) {
    return matchesSelector(selector, request.object?.metadata?.labels ?? {})
  }
  const name = request.namespace || request.name
  const namespace = objects.get(namespaces, undefined, name)
  if (!namespace) throw notFound(namespaces, name)
  return matchesSelector(selector, namespace.metadata.labels ?? {})
}

function matchesObject(selector: LabelSelector | undefined, { object, oldObject }: AdmissionRequest): boolean {
  if (!selector || isEmpty(selector)) return true
  const matches = (o: KubeObject | undefined): boolean =>
    o?.metadata !== undefined && matchesSelector(selector, o.metadata.labels ?? {})
  return matches(object) || matches(oldObject)
}

/** As which resource matchConstraints (or a binding's matchResources) mean the write; undefined when they do not. */
export function matchResources(
  objects: Objects,
  wanted: MatchResources | undefined,
  request: AdmissionRequest,
): Matched | undefined {
  const itself = { group: request.group, version: request.version, resource: request.resource }
  if (!wanted) return itself
  if (!matchSelectors(objects, wanted, request)) return undefined
  if (matchRules(wanted.excludeResourceRules ?? [], wanted.matchPolicy, request)) return undefined
  return wanted.resourceRules?.length ? matchRules(wanted.resourceRules, wanted.matchPolicy, request) : itself
}
