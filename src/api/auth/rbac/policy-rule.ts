import type { PolicyRule } from '../../../apimachinery/kinds.generated.ts'
import type { Attributes } from '../authorizer.ts'

const hasOrAll = (list: readonly string[] | undefined, wanted: string): boolean =>
  list !== undefined && (list.includes('*') || list.includes(wanted))

/** `*` at the end of a path of a rule matches any rest. */
function pathCovers(rulePath: string, path: string): boolean {
  return rulePath === path || (rulePath.endsWith('*') && path.startsWith(rulePath.replace(/\*+$/, '')))
}

function resourceMatches(rule: PolicyRule, resource: string, subresource: string): boolean {
  const combined = subresource ? `${resource}/${subresource}` : resource
  return (rule.resources ?? []).some((r) => r === '*' || r === combined || (subresource !== '' && r === `*/${subresource}`))
}

/** Whether `rule` alone permits what is asked (k8s.io/kubernetes/pkg/apis/rbac/v1/evaluation_helpers.go). */
export function ruleAllows(rule: PolicyRule, { verb, resource, path }: Attributes): boolean {
  if (!hasOrAll(rule.verbs, verb)) return false
  if (!resource) return (rule.nonResourceURLs ?? []).some((p) => pathCovers(p, path ?? ''))
  if (!hasOrAll(rule.apiGroups, resource.group)) return false
  if (!resourceMatches(rule, resource.resource, resource.subresource)) return false
  return !rule.resourceNames?.length || rule.resourceNames.includes(resource.name)
}

/** Splits a rule into rules of one verb, one resource and at most one name, which are wholly covered or not at all. */
function atoms(rule: PolicyRule): PolicyRule[] {
  const names: (string[] | undefined)[] = rule.resourceNames?.length ? rule.resourceNames.map((n) => [n]) : [undefined]
  const resources = (rule.apiGroups ?? []).flatMap((group) =>
    (rule.resources ?? []).flatMap((resource) =>
      rule.verbs.flatMap((verb) =>
        names.map((n) => ({
          verbs: [verb],
          apiGroups: [group],
          resources: [resource],
          ...(n ? { resourceNames: n } : {}),
        })),
      ),
    ),
  )
  const paths = (rule.nonResourceURLs ?? []).flatMap((url) =>
    rule.verbs.map((verb) => ({ verbs: [verb], nonResourceURLs: [url] })),
  )
  return [...resources, ...paths]
}

function covers(owner: PolicyRule, atom: PolicyRule): boolean {
  const [verb, group, resource, url, name] = [
    atom.verbs,
    atom.apiGroups,
    atom.resources,
    atom.nonResourceURLs,
    atom.resourceNames,
  ].map((list) => list?.[0])
  if (verb !== undefined && !hasOrAll(owner.verbs, verb)) return false
  if (url !== undefined) return (owner.nonResourceURLs ?? []).some((u) => pathCovers(u, url))
  if (group !== undefined && !hasOrAll(owner.apiGroups, group)) return false
  if (resource !== undefined && !coversResource(owner.resources ?? [], resource)) return false
  return !owner.resourceNames?.length || (name !== undefined && owner.resourceNames.includes(name))
}

function coversResource(owned: readonly string[], resource: string): boolean {
  if (owned.includes('*') || owned.includes(resource)) return true
  const slash = resource.indexOf('/')
  return slash >= 0 && owned.includes(`*/${resource.slice(slash + 1)}`)
}

/** What of `wanted` is not held by somebody who holds `owned`; empty when all is. */
export function missingRules(owned: readonly PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] {
  // At each start of a server all default roles are as they should be: a rule that is held as it stands needs no taking apart.
  const others = wanted.filter((rule) => !owned.some((owner) => isSame(owner, rule)))
  return others.flatMap(atoms).filter((atom) => !owned.some((owner) => covers(owner, atom)))
}

const parts = ['verbs', 'apiGroups', 'resources', 'resourceNames', 'nonResourceURLs'] as const

function isSame(a: PolicyRule, b: PolicyRule): boolean {
  return parts.every((part) => {
    const [x = [], y = []] = [a[part], b[part]]
    return x.length === y.length && x.every((text, i) => text === y[i])
  })
}

/** Joins rules that differ only by verb. */
export function compactRules(rules: readonly PolicyRule[]): PolicyRule[] {
  const simple = new Map<string, PolicyRule>()
  const others: PolicyRule[] = []
  for (const rule of rules) {
    if (rule.nonResourceURLs?.length || rule.apiGroups?.length !== 1 || rule.resources?.length !== 1) {
      others.push(rule)
      continue
    }
    const key = JSON.stringify([rule.apiGroups, rule.resources, rule.resourceNames])
    const known = simple.get(key)
    simple.set(key, known ? { ...known, verbs: [...known.verbs, ...rule.verbs] } : rule)
  }
  return [...others, ...simple.values()]
}

/** `{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}`, as the API server's refusals write a rule. */
export function ruleText(rule: PolicyRule): string {
  const part = (name: string, list: readonly string[] | undefined) => (list?.length ? [`${name}:${quotedList(list)}`] : [])
  const parts = [
    ...part('APIGroups', rule.apiGroups),
    ...part('Resources', rule.resources),
    ...part('NonResourceURLs', rule.nonResourceURLs),
    ...part('ResourceNames', rule.resourceNames),
    ...part('Verbs', rule.verbs),
  ]
  return `{${parts.join(', ')}}`
}

/** Go's %q of a list of strings. */
export function quotedList(list: readonly string[]): string {
  return `[${list.map((s) => JSON.stringify(s)).join(' ')}]`
}
