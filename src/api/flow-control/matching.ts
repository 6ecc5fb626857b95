import type {
  FlowSchema,
  FlowSchemaSpec,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
  Subject,
} from '../../apimachinery/kinds.generated.ts'
import { serviceAccountUser } from '../auth/users.ts'
import type { RequestInfo } from '../pipeline/request-info.ts'
import type { UserInfo } from '../request.ts'

/** In the order in which they are asked: the lowest precedence first, then by name. */
export function inOrder(schemas: readonly FlowSchema[]): FlowSchema[] {
  const precedence = ({ spec }: FlowSchema) => spec?.matchingPrecedence ?? 1000
  const name = ({ metadata }: FlowSchema) => metadata.name ?? ''
  return schemas.toSorted((a, b) => precedence(a) - precedence(b) || (name(a) < name(b) ? -1 : 1))
}

/** Whether a FlowSchema means this request (k8s.io/apiserver/pkg/util/flowcontrol). */
export function isMeant(spec: FlowSchemaSpec | undefined, info: RequestInfo, user: UserInfo): boolean {
  return spec?.rules?.some((rule) => isOfSubject(rule, user) && isRuled(rule, info)) ?? false
}

/** What tells the flows of a schema apart: requests of one flow wait in one line. */
export function flowOf(spec: FlowSchemaSpec | undefined, info: RequestInfo, user: UserInfo): string {
  const type = spec?.distinguisherMethod?.type
  return type === 'ByUser' ? user.name : type === 'ByNamespace' ? info.namespace : ''
}

const isOfSubject = ({ subjects }: PolicyRulesWithSubjects, user: UserInfo): boolean => subjects.some((s) => isSubject(s, user))

function isSubject({ kind, user: one, group, serviceAccount }: Subject, user: UserInfo): boolean {
  switch (kind) {
    case 'User':
      return one?.name === '*' || one?.name === user.name
    case 'Group':
      return group?.name === '*' || user.groups.includes(group?.name ?? '')
    case 'ServiceAccount':
      if (!serviceAccount) return false
      if (serviceAccount.name !== '*') return user.name === serviceAccountUser(serviceAccount.namespace, serviceAccount.name)
      return user.name.startsWith(`system:serviceaccount:${serviceAccount.namespace}:`)
    default:
      return false
  }
}

function isRuled({ resourceRules = [], nonResourceRules = [] }: PolicyRulesWithSubjects, info: RequestInfo): boolean {
  if (info.isResource) return resourceRules.some((rule) => isRuledResource(rule, info))
  return nonResourceRules.some(
    ({ verbs, nonResourceURLs }) => has(verbs, info.verb) && nonResourceURLs.some((url) => isUnder(url, info.path)),
  )
}

function isRuledResource(rule: ResourcePolicyRule, { verb, group, resource, subresource, namespace }: RequestInfo): boolean {
  const full = subresource ? `${resource}/${subresource}` : resource
  if (!has(rule.verbs, verb) || !has(rule.resources, full) || !has(rule.apiGroups, group)) return false
  return namespace === '' ? rule.clusterScope === true : has(rule.namespaces ?? [], namespace)
}

const has = (list: readonly string[], text: string): boolean => list.includes(text) || (list.length === 1 && list[0] === '*')

/** `/healthz` means what is below it too, with or without a star. */
function isUnder(url: string, path: string): boolean {
  if (url === '*' || url === path) return true
  const prefix = url.endsWith('*') ? url.slice(0, -1) : url
  return path.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`)
}
