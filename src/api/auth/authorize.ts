import type { StatusError } from '../../apimachinery/status.ts'
import { type Steps, soon } from '../../apimachinery/steps.ts'
import type { Objects } from '../objects.ts'
import type { UserInfo } from '../request.ts'
import { authorizeBy, type ChainLink, type Rules, rulesBy } from './authorization/chain.ts'
import type { AuthorizerType } from './authorization/configuration.ts'
import type { AuthorizationMetrics } from './authorization/metrics.ts'
import type { Attributes, Authorize, Decision } from './authorizer.ts'
import { NodeGraph } from './node/graph.ts'
import { authorizeNode } from './node/node-authorizer.ts'
import { type RoleWrite, refuseEscalation } from './rbac/escalation.ts'
import { Grants } from './rbac/grants.ts'
import { authorizeByRoles, rulesFor } from './rbac/rbac.ts'
import { nodeOf } from './users.ts'

export interface Authorizer {
  readonly authorize: Authorize
  /** Why a write of a role or binding would give more than the writer holds; undefined when it would not. */
  refuseEscalation(write: RoleWrite): Promise<StatusError | undefined>
  /** What SelfSubjectRulesReview lists. `problems` make the list incomplete. */
  rulesFor(user: UserInfo, namespace: string): Steps<Rules>
}

/** An authorizer of the chain; of another server with how it is asked. */
export interface ChosenAuthorizer {
  readonly type: AuthorizerType
  readonly name: string
  readonly webhook?: Authorize
}

/** Which authorizers are asked, in order. Another list from one request to the next makes another chain. */
export interface AuthorizerChoice {
  readonly chosen: readonly ChosenAuthorizer[]
  readonly metrics?: AuthorizationMetrics
}

/** kube-apiserver's usual order: after the privileged group, Node and RBAC. */
const usual: AuthorizerChoice = {
  chosen: [
    { type: 'Node', name: 'node' },
    { type: 'RBAC', name: 'rbac' },
  ],
}

export function createAuthorizer(objects: Objects, choice: AuthorizerChoice = usual): Authorizer {
  const grants = new Grants(objects)
  const graph = new NodeGraph(objects)
  let known: readonly ChosenAuthorizer[] | undefined
  let links: readonly ChainLink[] = []
  const chain = () => {
    if (known === choice.chosen) return links
    known = choice.chosen
    links = known.map((chosen) => linkOf(chosen, grants, graph))
    return links
  }
  const authorize = (attributes: Attributes): Decision | Promise<Decision> => authorizeBy(chain(), attributes, choice.metrics)
  return {
    authorize,
    refuseEscalation: (write) => refuseEscalation(grants, authorize, write),
    rulesFor: (user, namespace) => rulesBy(chain(), user, namespace),
  }
}

const nothing: Rules = { rules: [], problems: [], incomplete: false }
const everything: Rules = {
  ...nothing,
  rules: [
    { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
    { verbs: ['*'], nonResourceURLs: ['*'] },
  ],
}
const unlisted = (who: string): Rules => ({
  rules: [],
  problems: [`${who} authorizer does not support user rule resolution`],
  incomplete: true,
})

/** Rules that are there at once. */
const always = (find: (user: UserInfo) => Rules): ChainLink['rulesFor'] =>
  function* (user) {
    yield
    return find(user)
  }

function linkOf({ type, name, webhook }: ChosenAuthorizer, grants: Grants, graph: NodeGraph): ChainLink {
  const link = (authorize: Authorize, rules: ChainLink['rulesFor']): ChainLink => ({ type, name, authorize, rulesFor: rules })
  switch (type) {
    case 'Node':
      return link(
        (attributes) => authorizeNode(graph, attributes),
        always((user) => (nodeOf(user) ? unlisted('node') : nothing)),
      )
    case 'RBAC':
      return link(
        (attributes) => soon(authorizeByRoles(grants, attributes)),
        function* (user, namespace) {
          return { ...(yield* rulesFor(grants, user, namespace)), incomplete: false }
        },
      )
    case 'AlwaysAllow':
      return link(
        () => ({ allowed: true, reason: '' }),
        always(() => everything),
      )
    case 'AlwaysDeny':
      return link(
        () => ({ allowed: false, reason: 'Everything is forbidden.' }),
        always(() => nothing),
      )
    case 'Webhook':
      if (!webhook) throw new Error(`authorizer ${name}: a webhook needs a way to be asked`)
      return link(
        webhook,
        always(() => unlisted('webhook')),
      )
  }
}
