import type { PolicyRule } from '../../apimachinery/kinds.generated.ts'
import type { StatusError } from '../../apimachinery/status.ts'
import type { Objects } from '../objects.ts'
import type { UserInfo } from '../request.ts'
import type { Attributes, Authorize, Decision } from './authorizer.ts'
import { NodeGraph } from './node/graph.ts'
import { authorizeNode } from './node/node-authorizer.ts'
import { type RoleWrite, refuseEscalation } from './rbac/escalation.ts'
import { Grants } from './rbac/grants.ts'
import { authorizeByRoles, rulesFor } from './rbac/rbac.ts'
import { isMaster } from './users.ts'

export interface Authorizer {
  readonly authorize: Authorize
  /** Why a write of a role or binding would give more than the writer holds; undefined when it would not. */
  refuseEscalation(write: RoleWrite): Promise<StatusError | undefined>
  /** What SelfSubjectRulesReview lists. `problems` make the list incomplete. */
  rulesFor(user: UserInfo, namespace: string): { rules: PolicyRule[]; problems: string[] }
}

/** The authorizers in kube-apiserver's order: the privileged group, Node, RBAC. The first that allows decides. */
export function createAuthorizer(objects: Objects): Authorizer {
  const grants = new Grants(objects)
  const graph = new NodeGraph(objects)
  const decide = (attributes: Attributes): Decision => {
    if (isMaster(attributes.user)) return { allowed: true, reason: '' }
    const byNode = authorizeNode(graph, attributes)
    if (byNode.allowed) return byNode
    const byRoles = authorizeByRoles(grants, attributes)
    if (byRoles.allowed) return byRoles
    return { allowed: false, reason: [byNode.reason, byRoles.reason].filter(Boolean).join('\n') }
  }
  return {
    authorize: decide,
    refuseEscalation: (write) => refuseEscalation(grants, decide, write),
    rulesFor: (user, namespace) => rulesFor(grants, user, namespace),
  }
}
