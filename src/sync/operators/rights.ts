import type { ClusterRole, PolicyRule, Role, RoleBinding } from '../../apimachinery/kinds.generated.ts'
import { clusterroles, roles } from '../../apimachinery/resources.generated.ts'
import type { Client } from '../../client/client.ts'
import type { Described } from './messages.ts'
import type { OperatorObject } from './operator-object.ts'

/** Everything that an operator may do: what follows from its kinds, and what its object asks for besides. One rule a resource. */
export function rulesFor({ spec }: OperatorObject, described: Described): PolicyRule[] {
  const merged = new Map<string, PolicyRule>()
  for (const { verbs, ...rest } of [...described.operators.flatMap((o) => o.rules), ...(spec.rules ?? [])]) {
    const id = JSON.stringify(rest)
    merged.set(id, { ...rest, verbs: [...new Set([...(merged.get(id)?.verbs ?? []), ...verbs])].sort() })
  }
  return [...merged.values()]
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
  if (object.spec.watch === 'Cluster') {
    await client.create<ClusterRole>(clusterroles, { metadata, rules: [...rules] }, { dryRun: true })
    return
  }
  await client.create<Role>(roles, { metadata: { ...metadata, namespace }, rules: [...rules] }, { dryRun: true, namespace })
}
