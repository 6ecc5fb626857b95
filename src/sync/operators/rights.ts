import type { ClusterRole, PolicyRule, Role, RoleBinding } from '../../apimachinery/kinds.generated.ts'
import { clusterroles, roles } from '../../apimachinery/resources.generated.ts'
import type { Client } from '../../client/client.ts'
import type { Described } from './messages.ts'
import type { OperatorObject } from './operator-object.ts'

/**
 * Everything that an operator may do: what follows from its kinds, and what its object asks for besides. One rule a resource.
 * Its webhooks are registered by the server, so it gets nothing for them.
 */
export function rulesFor({ spec }: OperatorObject, described: Described): PolicyRule[] {
  const merged = new Map<string, PolicyRule>()
  for (const { verbs, ...rest } of [...described.operators.flatMap((o) => o.rules), ...(spec.rules ?? [])]) {
    const id = JSON.stringify(rest)
    merged.set(id, { ...rest, verbs: [...new Set([...(merged.get(id)?.verbs ?? []), ...verbs])].sort() })
  }
  return [...merged.values()]
}

const isOfDefinitions = ({ apiGroups }: PolicyRule): boolean => apiGroups?.every((g) => g === 'apiextensions.k8s.io') ?? false

/** What is given in the whole cluster, and what in the operator's namespace: definitions, by which it waits for its kind, have none. */
export function dividedRules(
  { spec }: OperatorObject,
  rules: readonly PolicyRule[],
): { cluster: PolicyRule[]; namespace: PolicyRule[] } {
  if (spec.watch === 'Cluster') return { cluster: [...rules], namespace: [] }
  return { cluster: rules.filter(isOfDefinitions), namespace: rules.filter((rule) => !isOfDefinitions(rule)) }
}

export const accountName = ({ metadata }: OperatorObject): string => `operator-${metadata.name}`
/** Of the rights in the whole cluster, which belong to no namespace. */
export const clusterRoleName = ({ metadata }: OperatorObject): string => `slipway:operator:${metadata.namespace}:${metadata.name}`

const group = 'rbac.authorization.k8s.io'

export function bindingOf(object: OperatorObject, kind: 'Role' | 'ClusterRole'): Pick<RoleBinding, 'roleRef' | 'subjects'> {
  const name = kind === 'Role' ? accountName(object) : clusterRoleName(object)
  const subject = { kind: 'ServiceAccount', name: accountName(object), namespace: object.metadata.namespace ?? '' }
  return { roleRef: { apiGroup: group, kind, name }, subjects: [subject] }
}

/**
 * Has the API say whether somebody may give these rights: a dry run of a role as them, which the rule against escalation judges.
 * Throws StatusError (403) when they may not.
 */
export async function requireMayGrant(client: Client, object: OperatorObject, rules: readonly PolicyRule[]): Promise<void> {
  const { namespace = 'default' } = object.metadata
  const metadata = { generateName: 'slipway-may-grant-' }
  const divided = dividedRules(object, rules)
  // Reading definitions gives nothing away; somebody with rights in one namespace only need not have it.
  const cluster = divided.cluster.filter((rule) => !(isOfDefinitions(rule) && rule.verbs.every((verb) => reading.has(verb))))
  if (cluster.length > 0) await client.create<ClusterRole>(clusterroles, { metadata, rules: cluster }, { dryRun: true })
  if (divided.namespace.length === 0) return
  await client.create<Role>(
    roles,
    { metadata: { ...metadata, namespace }, rules: divided.namespace },
    { dryRun: true, namespace },
  )
}

const reading: ReadonlySet<string> = new Set(['get', 'list', 'watch'])
