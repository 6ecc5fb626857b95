import type { PolicyRule } from '../../../apimachinery/kinds.generated.ts'
import type { Steps } from '../../../apimachinery/steps.ts'
import type { Attributes } from '../authorizer.ts'
import { type Atom, HeldRules } from './held-rules.ts'

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

/** Splits a rule into what is wholly held or not at all. */
function* atoms(rule: PolicyRule): Generator<Atom> {
  const names: readonly (string | undefined)[] = rule.resourceNames?.length ? rule.resourceNames : [undefined]
  for (const group of rule.apiGroups ?? []) {
    for (const resource of rule.resources ?? []) {
      for (const verb of rule.verbs) {
        for (const name of names) yield { verb, group, resource, ...(name === undefined ? {} : { name }) }
      }
    }
  }
  for (const url of rule.nonResourceURLs ?? []) for (const verb of rule.verbs) yield { verb, url }
}

const ruleOf = ({ verb, group = '', resource = '', name, url }: Atom): PolicyRule =>
  url === undefined
    ? { verbs: [verb], apiGroups: [group], resources: [resource], ...(name === undefined ? {} : { resourceNames: [name] }) }
    : { verbs: [verb], nonResourceURLs: [url] }

/** So much of what is missing is told; a few bytes of a rule may stand for billions of rights. */
const mostMissing = 10_000
/** So much is looked up before the rest is taken as missing. */
const mostAtoms = 1_000_000

/** What of `wanted` is not held by somebody who holds `owned`, as far as it is told; empty when all is held. */
export function* missingRules(owned: readonly PolicyRule[], wanted: readonly PolicyRule[]): Steps<PolicyRule[]> {
  const held = yield* HeldRules.of(owned)
  const missing: PolicyRule[] = []
  let seen = 0
  for (const rule of wanted) {
    // At each start of a server all default roles are as they should be: a rule that is held as it stands needs no taking apart.
    if (yield* held.holdsAll(rule)) continue
    for (const atom of atoms(rule)) {
      yield
      if (++seen > mostAtoms) return missing.length > 0 ? missing : [rule]
      if (yield* held.holds(atom)) continue
      missing.push(ruleOf(atom))
      if (missing.length === mostMissing) return missing
    }
  }
  return missing
}

/** Joins rules that differ only by verb. */
export function* compactRules(rules: readonly PolicyRule[]): Steps<PolicyRule[]> {
  const simple = new Map<string, PolicyRule>()
  const others: PolicyRule[] = []
  for (const rule of rules) {
    yield
    if (rule.nonResourceURLs?.length || rule.apiGroups?.length !== 1 || rule.resources?.length !== 1) {
      others.push(rule)
      continue
    }
    const key = JSON.stringify([rule.apiGroups, rule.resources, rule.resourceNames])
    const known = simple.get(key)
    if (known) known.verbs.push(...rule.verbs)
    else simple.set(key, { ...rule, verbs: [...rule.verbs] })
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
