import { readConfigFile } from '../../apimachinery/config-file.ts'
import { ConfigError, fields, flag, listOf, oneOf, optional, text } from '../../apimachinery/config-shape.ts'
import { isDns1123Subdomain } from '../../apimachinery/names.ts'
import type { Attributes } from '../auth/authorizer.ts'
import type { UserInfo } from '../request.ts'

export const levels = ['None', 'Metadata', 'Request', 'RequestResponse'] as const
const stages = ['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'] as const
export type Level = (typeof levels)[number]
export type Stage = (typeof stages)[number]

const shape = fields({
  rules: listOf(
    fields({
      level: oneOf(...levels),
      users: optional(listOf(text)),
      userGroups: optional(listOf(text)),
      verbs: optional(listOf(text)),
      resources: optional(
        listOf(fields({ group: optional(text), resources: optional(listOf(text)), resourceNames: optional(listOf(text)) })),
      ),
      namespaces: optional(listOf(text)),
      nonResourceURLs: optional(listOf(text)),
      omitStages: optional(listOf(oneOf(...stages))),
      omitManagedFields: optional(flag),
    }),
  ),
  omitStages: optional(listOf(oneOf(...stages))),
  omitManagedFields: optional(flag),
})

export type AuditPolicy = ReturnType<typeof shape>
type Rule = AuditPolicy['rules'][number]

/** How much of one request is logged. */
export interface Extent {
  readonly level: Level
  readonly omitStages: readonly Stage[]
  readonly omitManagedFields: boolean
}

/** Reads an audit.k8s.io/v1 Policy. Throws an Error that says where it is wrong. */
export function readAuditPolicy(textOfFile: string, origin: string): AuditPolicy {
  return readConfigFile(textOfFile, origin, ['audit.k8s.io/v1/Policy'], (value, at) => checked(shape(value, at)))
}

function checked(policy: AuditPolicy): AuditPolicy {
  if (policy.rules.length === 0) throw new ConfigError('rules', 'loaded illegal policy with 0 rules')
  policy.rules.forEach((rule, i) => {
    const at = `rules[${i}]`
    if (rule.nonResourceURLs?.length && (rule.resources?.length || rule.namespaces?.length))
      throw new ConfigError(`${at}.nonResourceURLs`, 'rules cannot apply to both regular resources and non-resource URLs')
    rule.nonResourceURLs?.forEach((url, j) => {
      const place = `${at}.nonResourceURLs[${j}]`
      if (url === '*') return
      if (!url.startsWith('/')) throw new ConfigError(place, "non-resource URL rules must begin with a '/' character")
      if (url.slice(0, -1).includes('*'))
        throw new ConfigError(place, "non-resource URL wildcards '*' must be the final character of the rule")
    })
    rule.resources?.forEach(({ group = '', resources = [], resourceNames = [] }, j) => {
      const place = `${at}.resources[${j}]`
      const [problem] = group === '' || group === '*' ? [] : isDns1123Subdomain(group)
      if (problem) throw new ConfigError(`${place}.group`, `Invalid value: "${group}": ${problem}`)
      if (resourceNames.length > 0 && resources.length === 0)
        throw new ConfigError(`${place}.resourceNames`, 'using resourceNames requires at least one resource')
    })
  })
  return policy
}

interface Asked {
  /** undefined: nobody, authentication failed. */
  readonly user: UserInfo | undefined
  readonly verb: string
  readonly resource?: Attributes['resource']
  readonly path?: string | undefined
}

/** The first rule that matches decides; what none matches is not logged. Pure. */
export function extentOf(policy: AuditPolicy, asked: Asked): Extent {
  const rule = policy.rules.find((r) => matches(r, asked))
  if (!rule) return { level: 'None', omitStages: policy.omitStages ?? [], omitManagedFields: policy.omitManagedFields ?? false }
  return {
    level: rule.level,
    omitStages: [...(policy.omitStages ?? []), ...(rule.omitStages ?? [])],
    omitManagedFields: rule.omitManagedFields ?? policy.omitManagedFields ?? false,
  }
}

const isSet = (list: readonly string[] | undefined): list is readonly string[] => list !== undefined && list.length > 0

function matches(rule: Rule, { user, verb, resource, path = '' }: Asked): boolean {
  if (isSet(rule.users) && !(user && rule.users.includes(user.name))) return false
  if (isSet(rule.userGroups) && !user?.groups.some((g) => rule.userGroups?.includes(g))) return false
  if (isSet(rule.verbs) && !rule.verbs.includes(verb)) return false
  if (isSet(rule.namespaces) || rule.resources?.length) return resource !== undefined && matchesResource(rule, resource)
  if (isSet(rule.nonResourceURLs)) return !resource && rule.nonResourceURLs.some((url) => matchesPath(url, path))
  return true
}

function matchesPath(wanted: string, path: string): boolean {
  return wanted === '*' || wanted === path || (wanted.endsWith('*') && path.startsWith(wanted.replace(/\*+$/, '')))
}

function matchesResource(rule: Rule, asked: NonNullable<Attributes['resource']>): boolean {
  if (isSet(rule.namespaces) && !rule.namespaces.includes(asked.namespace)) return false
  if (!rule.resources?.length) return true
  const { group, resource, subresource, name } = asked
  const combined = subresource ? `${resource}/${subresource}` : resource
  return rule.resources.some((wanted) => {
    if (wanted.group !== '*' && (wanted.group ?? '') !== group) return false
    if (!isSet(wanted.resources)) return true
    if (isSet(wanted.resourceNames) && !wanted.resourceNames.includes(name)) return false
    return wanted.resources.some(
      (r) =>
        r === combined ||
        r === '*' ||
        (subresource !== '' && r === `*/${subresource}`) ||
        (r.endsWith('/*') && r.slice(0, -2) === resource),
    )
  })
}
