import type { RoleRef } from '../../../apimachinery/kinds.generated.ts'
import type { KubeObject } from '../../../apimachinery/object.ts'
import { age } from '../table.ts'

const rbacGroup = 'rbac.authorization.k8s.io'

interface Subject {
  kind: string
  name: string
  namespace?: string
  apiGroup?: string
}

interface Binding extends KubeObject {
  roleRef?: RoleRef
  subjects?: Subject[]
}

/** Users and groups are of the RBAC group, service accounts of the core group. */
export function defaultBinding(binding: Binding): void {
  if (binding.roleRef && !binding.roleRef.apiGroup) binding.roleRef.apiGroup = rbacGroup
  for (const subject of binding.subjects ?? []) {
    if (!subject.apiGroup && (subject.kind === 'User' || subject.kind === 'Group')) subject.apiGroup = rbacGroup
  }
}

export function bindingCells(binding: Binding, now: number): unknown[] {
  const named = (kind: string) =>
    (binding.subjects ?? [])
      .filter((s) => s.kind === kind)
      .map((s) => (kind === 'ServiceAccount' ? (s.namespace ? `${s.namespace}/${s.name}` : s.name) : s.name))
      .join(', ')
  return [
    binding.metadata.name,
    `${binding.roleRef?.kind ?? ''}/${binding.roleRef?.name ?? ''}`,
    age(binding, now),
    named('User'),
    named('Group'),
    named('ServiceAccount'),
  ]
}
