import type {
  ClusterRoleBinding,
  PolicyRule,
  RbacV1Subject,
  RoleBinding,
  RoleRef,
} from '../../../apimachinery/kinds.generated.ts'
import { clusterrolebindings, clusterroles, rolebindings, roles } from '../../../apimachinery/resources.generated.ts'
import type { Objects } from '../../objects.ts'
import type { UserInfo } from '../../request.ts'
import { serviceAccountUser } from '../users.ts'

/** One subject of one binding: who gets which role, and where. */
interface Grant {
  readonly roleRef: RoleRef
  /** '' for the whole cluster. */
  readonly namespace: string
  /** `ClusterRoleBinding "x" of ClusterRole "y" to Group "z"`. */
  readonly description: string
}

type Binding = ClusterRoleBinding | RoleBinding
/** Subject key → binding name → grant. */
type BySubject = Map<string, Map<string, Grant>>

const userKey = (name: string): string => `u:${name}`
const groupKey = (name: string): string => `g:${name}`

function subjectKey(subject: RbacV1Subject, namespace: string): string | undefined {
  if (subject.kind === 'User') return userKey(subject.name)
  if (subject.kind === 'Group') return groupKey(subject.name)
  const accountNamespace = subject.namespace || namespace
  return subject.kind === 'ServiceAccount' && accountNamespace
    ? userKey(serviceAccountUser(accountNamespace, subject.name))
    : undefined
}

function describe(binding: Binding, subject: RbacV1Subject, namespace: string): string {
  // The odd order name/namespace is Kubernetes' own; people grep for it.
  const name = namespace ? `${binding.metadata.name}/${namespace}` : binding.metadata.name
  const subjectName = subject.kind === 'ServiceAccount' ? `${subject.name}/${subject.namespace || namespace}` : subject.name
  const kind = namespace ? 'RoleBinding' : 'ClusterRoleBinding'
  return `${kind} "${name}" of ${binding.roleRef.kind} "${binding.roleRef.name}" to ${subject.kind} "${subjectName}"`
}

/** The bindings of the cluster by subject, kept current by change: an authorization looks only at what the user has. */
export class Grants {
  readonly #objects: Objects
  readonly #byNamespace = new Map<string, BySubject>()

  constructor(objects: Objects) {
    this.#objects = objects
    for (const resource of [clusterrolebindings, rolebindings] as const) {
      for (const binding of objects.list<Binding>(resource)) this.#add(binding)
      objects.onChange<Binding>(resource, (now, before) => {
        if (before) this.#remove(before)
        if (now) this.#add(now)
      })
    }
  }

  /** The user's grants that hold in `namespace` ('' = only those of the whole cluster), cluster-wide ones first. */
  *of(user: UserInfo, namespace: string): Generator<Grant> {
    const keys = [userKey(user.name), ...user.groups.map(groupKey)]
    for (const scope of namespace ? ['', namespace] : ['']) {
      const bySubject = this.#byNamespace.get(scope)
      if (bySubject) for (const key of keys) yield* bySubject.get(key)?.values() ?? []
    }
  }

  /** The rules of a role; undefined when there is no such role. */
  rulesOf(roleRef: RoleRef, namespace: string): readonly PolicyRule[] | undefined {
    const role =
      roleRef.kind === 'Role'
        ? this.#objects.get(roles, namespace, roleRef.name)
        : this.#objects.get(clusterroles, undefined, roleRef.name)
    return role && (role.rules ?? [])
  }

  #add(binding: Binding): void {
    const namespace = binding.metadata.namespace ?? ''
    const bySubject = this.#byNamespace.get(namespace) ?? new Map<string, Map<string, Grant>>()
    this.#byNamespace.set(namespace, bySubject)
    for (const subject of binding.subjects ?? []) {
      const key = subjectKey(subject, namespace)
      if (key === undefined) continue
      const grants = bySubject.get(key) ?? new Map<string, Grant>()
      bySubject.set(key, grants)
      const name = binding.metadata.name ?? ''
      if (!grants.has(name)) {
        grants.set(name, { roleRef: binding.roleRef, namespace, description: describe(binding, subject, namespace) })
      }
    }
  }

  #remove(binding: Binding): void {
    const namespace = binding.metadata.namespace ?? ''
    const bySubject = this.#byNamespace.get(namespace)
    for (const subject of binding.subjects ?? []) {
      const key = subjectKey(subject, namespace)
      const grants = key === undefined ? undefined : bySubject?.get(key)
      if (key === undefined || !grants) continue
      grants.delete(binding.metadata.name ?? '')
      if (grants.size === 0) bySubject?.delete(key)
    }
    if (bySubject?.size === 0) this.#byNamespace.delete(namespace)
  }
}
