import type { PolicyRule } from '../../../apimachinery/kinds.generated.ts'
import type { Attributes, Decision } from '../authorizer.ts'
import policy from '../rbac/bootstrap-policy.json' with { type: 'json' }
import { ruleAllows } from '../rbac/policy-rule.ts'
import { nodeOf } from '../users.ts'
import type { NodeGraph, Reachable } from './graph.ts'

type Resource = NonNullable<Attributes['resource']>
type Rule = (graph: NodeGraph, node: string, verb: string, r: Resource) => Decision

const allow: Decision = { allowed: true, reason: '' }
const refuse = (reason = ''): Decision => ({ allowed: false, reason })
const nodeRules = (policy.clusterRoles.find((r) => r.name === 'system:node')?.rules ?? []) as PolicyRule[]

/** What a node agent may do beyond RBAC: only what concerns its own pods (k8s.io/kubernetes/plugin/pkg/auth/authorizer/node). */
export function authorizeNode(graph: NodeGraph, attributes: Attributes): Decision {
  const { user, verb, resource } = attributes
  const node = nodeOf(user)?.name
  if (node === undefined) return refuse()
  if (node === '') return refuse(`unknown node for user ${JSON.stringify(user.name)}`)
  const rule = resource && rules[resource.group ? `${resource.resource}.${resource.group}` : resource.resource]
  if (resource && rule) return rule(graph, node, verb, resource)
  return nodeRules.some((r) => ruleAllows(r, attributes)) ? allow : refuse()
}

function reach(graph: NodeGraph, node: string, kind: Reachable, r: Resource): Decision {
  if (!r.name) return refuse('No Object name found')
  const namespace = r.namespace || undefined
  return graph.reaches(node, kind, namespace, r.name)
    ? allow
    : refuse(`no relationship found between node '${node}' and this object`)
}

const readNamespaced =
  (kind: Reachable): Rule =>
  (graph, node, verb, r) => {
    if (!['get', 'list', 'watch'].includes(verb)) return refuse('can only read resources of this type')
    if (r.subresource) return refuse('cannot read subresource')
    if (!r.namespace) return refuse('can only read namespaced object of this type')
    return reach(graph, node, kind, r)
  }

const getOnly =
  (kind: Reachable): Rule =>
  (graph, node, verb, r) => {
    if (verb !== 'get') return refuse('can only get individual resources of this type')
    if (r.subresource) return refuse('cannot get subresource')
    return reach(graph, node, kind, r)
  }

const claims: Rule = (graph, node, verb, r) => {
  if (r.subresource !== 'status') return getOnly('persistentvolumeclaims')(graph, node, verb, r)
  if (verb !== 'update' && verb !== 'patch') return refuse('can only get/update/patch this type')
  return reach(graph, node, 'persistentvolumeclaims', r)
}

const accounts: Rule = (graph, node, verb, r) => {
  if (verb === 'get' && !r.subresource) return readNamespaced('serviceaccounts')(graph, node, verb, r)
  if (verb !== 'create' || !r.name) return refuse('can only create tokens for individual service accounts')
  if (r.subresource !== 'token') return refuse('can only create token subresource of serviceaccount')
  return reach(graph, node, 'serviceaccounts', r)
}

const ownVerbs = ['get', 'create', 'update', 'patch', 'delete']

// The name of a create is not known here: the NodeRestriction admission plugin checks it.
const leases: Rule = (_graph, node, verb, r) => {
  if (!ownVerbs.includes(verb)) return refuse('can only get, create, update, patch, or delete a node lease')
  if (r.namespace !== 'kube-node-lease') return refuse('can only access leases in the "kube-node-lease" system namespace')
  if (verb !== 'create' && r.name !== node) return refuse('can only access node lease with the same name as the requesting node')
  return allow
}

const csiNodes: Rule = (_graph, node, verb, r) => {
  if (!ownVerbs.includes(verb)) return refuse('can only get, create, update, patch, or delete a CSINode')
  if (r.subresource) return refuse('cannot authorize CSINode subresources')
  if (verb !== 'create' && r.name !== node) return refuse('can only access CSINode with the same name as the requesting node')
  return allow
}

const selectsNode = (r: Resource, field: string, node: string): boolean =>
  (r.fieldSelector ?? '').split(',').some((term) => {
    const [key, value] = term.split(/==?/)
    return key === field && value === node
  })

const slices: Rule = (graph, node, verb, r) => {
  if (r.subresource) return refuse('cannot authorize ResourceSlice subresources')
  if (verb === 'create') return allow
  if (['get', 'update', 'patch', 'delete'].includes(verb)) return reach(graph, node, 'resourceslices', r)
  if (['watch', 'list', 'deletecollection'].includes(verb)) {
    if (selectsNode(r, 'spec.nodeName', node)) return allow
    return refuse('can only list/watch/deletecollection resourceslices with nodeName field selector')
  }
  return refuse(
    'only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, patch, delete, deletecollection',
  )
}

const nodes: Rule = (_graph, node, verb, r) => {
  const writes = ['update', 'patch'].includes(verb)
  if (r.subresource === 'status') return writes ? allow : refuse()
  if (r.subresource !== '') return refuse()
  if (writes || verb === 'create') return allow
  if (!['get', 'list', 'watch'].includes(verb)) return refuse()
  if (r.name === node) return allow
  if (r.name === '') return refuse(`node '${node}' cannot read all nodes, only its own Node object`)
  return refuse(`node '${node}' cannot read '${r.name}', only its own Node object`)
}

const podsRule: Rule = (graph, node, verb, r) => {
  if (r.subresource === 'status') return ['update', 'patch'].includes(verb) ? allow : refuse()
  if (r.subresource === 'eviction') return verb === 'create' ? allow : refuse()
  if (r.subresource !== '') return refuse()
  if (verb === 'create' || verb === 'delete') return allow
  if (verb === 'get') return reach(graph, node, 'pods', r)
  if (verb !== 'list' && verb !== 'watch') return refuse()
  if (selectsNode(r, 'spec.nodeName', node)) return allow
  return r.name ? reach(graph, node, 'pods', r) : refuse('can only list/watch pods with spec.nodeName field selector')
}

const rules: Readonly<Record<string, Rule | undefined>> = {
  secrets: readNamespaced('secrets'),
  configmaps: readNamespaced('configmaps'),
  persistentvolumeclaims: claims,
  persistentvolumes: getOnly('persistentvolumes'),
  'resourceclaims.resource.k8s.io': getOnly('resourceclaims'),
  'volumeattachments.storage.k8s.io': getOnly('volumeattachments'),
  serviceaccounts: accounts,
  'leases.coordination.k8s.io': leases,
  'csinodes.storage.k8s.io': csiNodes,
  'resourceslices.resource.k8s.io': slices,
  nodes,
  pods: podsRule,
}
