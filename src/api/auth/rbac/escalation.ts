import { quote } from '../../../apimachinery/go-quote.ts'
import type { ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding } from '../../../apimachinery/kinds.generated.ts'
import type { KubeObject } from '../../../apimachinery/object.ts'
import { forbidden, notFound, type StatusError, unforeseen } from '../../../apimachinery/status.ts'
import { inTurns, type Steps } from '../../../apimachinery/steps.ts'
import type { UserInfo } from '../../request.ts'
import type { Authorize } from '../authorizer.ts'
import { isMaster } from '../users.ts'
import type { Grants } from './grants.ts'
import { compactRules, missingRules, quotedList, ruleText } from './policy-rule.ts'
import { rulesFor } from './rbac.ts'

const group = 'rbac.authorization.k8s.io'
const fullAuthority: PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
]

export interface RoleWrite {
  readonly user: UserInfo
  readonly resource: string
  readonly namespace: string
  readonly name: string
  readonly object: KubeObject
  readonly oldObject: KubeObject | undefined
}

/**
 * Nobody may grant what they do not hold: why writing this role or binding is refused, or undefined when it is not
 * (k8s.io/kubernetes/pkg/registry/rbac). Other resources are never refused.
 */
export async function refuseEscalation(grants: Grants, authorize: Authorize, write: RoleWrite): Promise<StatusError | undefined> {
  if (isMaster(write.user) || onlyForCollector(write)) return undefined
  switch (write.resource) {
    case 'roles':
    case 'clusterroles':
      return refuseRole(grants, authorize, write, write.object as Role | ClusterRole)
    case 'rolebindings':
    case 'clusterrolebindings':
      return refuseBinding(grants, authorize, write, write.object as RoleBinding | ClusterRoleBinding)
    default:
      return undefined
  }
}

async function refuseRole(grants: Grants, authorize: Authorize, write: RoleWrite, role: Role | ClusterRole) {
  if (await isAllowed(authorize, write, 'escalate', write.resource, write.name)) return undefined
  const refusal = await inTurns(refuseRules(grants, write, role.rules ?? []))
  if (refusal) return refusal
  const aggregates = [role, write.oldObject].some(
    (r) => (r as ClusterRole | undefined)?.aggregationRule?.clusterRoleSelectors?.length,
  )
  if (!aggregates || !(await inTurns(refuseRules(grants, write, fullAuthority)))) return undefined
  return refused(write, 'must have cluster-admin privileges to use the aggregationRule')
}

async function refuseBinding(grants: Grants, authorize: Authorize, write: RoleWrite, binding: RoleBinding | ClusterRoleBinding) {
  const { kind, name } = binding.roleRef
  if (kind !== 'Role' && kind !== 'ClusterRole') return unforeseen(`unsupported role reference kind: ${quote(kind ?? '')}`)
  const resource = kind === 'Role' ? 'roles' : 'clusterroles'
  if (await isAllowed(authorize, write, 'bind', resource, name)) return undefined
  const rules = grants.rulesOf(binding.roleRef, write.namespace)
  return rules ? inTurns(refuseRules(grants, write, rules)) : notFound({ group, resource: write.resource }, name)
}

function* refuseRules(grants: Grants, write: RoleWrite, wanted: readonly PolicyRule[]): Steps<StatusError | undefined> {
  const { rules, problems } = yield* rulesFor(grants, write.user, write.namespace)
  const missing = yield* missingRules(rules, wanted)
  if (missing.length === 0) return undefined
  const found = new Set<string>()
  for (const rule of yield* compactRules(missing)) {
    found.add(ruleText(rule))
    yield
  }
  const texts = [...found].sort().join('\n')
  const user = `user ${JSON.stringify(write.user.name)} (groups=${quotedList(write.user.groups)})`
  const errors = problems.length > 0 ? `; resolution errors: [${problems.join(' ')}]` : ''
  return refused(write, `${user} is attempting to grant RBAC permissions not currently held:\n${texts}${errors}`)
}

const refused = (write: RoleWrite, why: string): StatusError =>
  forbidden({ group, resource: write.resource }, write.object.metadata.name ?? '', why)

async function isAllowed(authorize: Authorize, write: RoleWrite, verb: string, resource: string, name: string): Promise<boolean> {
  const { user, namespace } = write
  const asked = { group, version: '*', resource, subresource: '', namespace, name }
  return (await authorize({ user, verb, resource: asked })).allowed
}

/** An update of ownerReferences or finalizers only: the garbage collector must be able to finish a deletion. */
function onlyForCollector({ object, oldObject }: RoleWrite): boolean {
  if (!oldObject) return false
  const rest = (o: KubeObject) => {
    const { ownerReferences, finalizers, managedFields, ...metadata } = o.metadata
    return JSON.stringify({ ...o, metadata: Object.fromEntries(Object.entries(metadata).sort()) })
  }
  return rest(object) === rest(oldObject)
}
