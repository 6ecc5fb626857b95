import type {
  AggregationRule,
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  RbacV1Subject,
  Role,
  RoleBinding,
  RoleRef,
} from '../../../apimachinery/kinds.generated.ts'
import type { KubeObject, ObjectMeta } from '../../../apimachinery/object.ts'
import type { Resource } from '../../../apimachinery/resource.ts'
import { clusterrolebindings, clusterroles, rolebindings, roles } from '../../../apimachinery/resources.generated.ts'
import { sameJson } from '../../../apimachinery/same-json.ts'
import { atOnce } from '../../../apimachinery/steps.ts'
import type { Objects } from '../../objects.ts'
import policy from './bootstrap-policy.json' with { type: 'json' }
import { missingRules } from './policy-rule.ts'

/** One write that brings the default roles and bindings up to date. */
export type BootstrapWrite =
  | { readonly operation: 'create' | 'update'; readonly resource: Resource<KubeObject>; readonly object: KubeObject }
  /** A binding to another role can't be changed: it is made anew. */
  | { readonly operation: 'recreate'; readonly resource: Resource<KubeObject>; readonly object: KubeObject }

const autoupdate = 'rbac.authorization.kubernetes.io/autoupdate'

interface Default {
  readonly name: string
  readonly namespace?: string
  readonly labels?: Record<string, string>
  readonly annotations?: Record<string, string>
}

/**
 * What must be written at start so that every default role has at least its rules, and every default binding its subjects
 * (k8s.io/component-helpers/auth/rbac/reconciliation). What an administrator added stays; who sets the annotation
 * rbac.authorization.kubernetes.io/autoupdate to "false" keeps the object as it is.
 */
export function decideBootstrap(objects: Objects): BootstrapWrite[] {
  const forRoles = (resource: Resource<ClusterRole | Role>, kind: string, defaults: readonly Default[]) =>
    defaults.flatMap((wanted) => reconcileRole(resource, made(wanted, kind) as ClusterRole, current(objects, resource, wanted)))
  const forBindings = (resource: Resource<ClusterRoleBinding | RoleBinding>, kind: string, defaults: readonly Default[]) =>
    defaults.flatMap((wanted) =>
      reconcileBinding(resource, made(wanted, kind) as RoleBinding, current(objects, resource, wanted)),
    )
  return [
    ...forRoles(clusterroles, 'ClusterRole', policy.clusterRoles as Default[]),
    ...forBindings(clusterrolebindings, 'ClusterRoleBinding', policy.clusterRoleBindings as Default[]),
    ...forRoles(roles as Resource<ClusterRole | Role>, 'Role', policy.roles as Default[]),
    ...forBindings(rolebindings, 'RoleBinding', policy.roleBindings as Default[]),
  ]
}

const current = <T extends KubeObject>(objects: Objects, resource: Resource<T>, { namespace, name }: Default): T | undefined =>
  objects.get(resource, namespace, name)

function made({ name, namespace, labels, annotations, ...rest }: Default, kind: string): KubeObject {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind,
    metadata: {
      name,
      ...(namespace ? { namespace } : {}),
      labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', ...labels },
      annotations: { [autoupdate]: 'true', ...annotations },
    },
    ...rest,
  } as KubeObject
}

const isHeld = (object: KubeObject): boolean => object.metadata.annotations?.[autoupdate] === 'false'

/** The metadata with missing labels and annotations added, or undefined when none is missing. */
function merged(now: ObjectMeta, wanted: ObjectMeta): ObjectMeta | undefined {
  const lacks = (have: Record<string, string> = {}, want: Record<string, string> = {}) =>
    Object.keys(want).some((k) => have[k] === undefined)
  if (!lacks(now.labels, wanted.labels) && !lacks(now.annotations, wanted.annotations)) return undefined
  return { ...now, labels: { ...wanted.labels, ...now.labels }, annotations: { ...wanted.annotations, ...now.annotations } }
}

function reconcileRole(
  resource: Resource<KubeObject>,
  wanted: ClusterRole,
  now: ClusterRole | Role | undefined,
): BootstrapWrite[] {
  if (!now) return [{ operation: 'create', resource, object: wanted }]
  if (isHeld(now)) return []
  const metadata = merged(now.metadata, wanted.metadata)
  const existing = now as ClusterRole
  const missing: PolicyRule[] = wanted.aggregationRule ? [] : atOnce(missingRules(existing.rules ?? [], wanted.rules ?? []))
  const aggregationRule = reconciledAggregation(existing.aggregationRule, wanted.aggregationRule)
  if (!metadata && missing.length === 0 && aggregationRule === existing.aggregationRule) return []
  const rules = missing.length > 0 ? [...(existing.rules ?? []), ...missing] : existing.rules
  const { aggregationRule: _, ...rest } = existing
  const object = {
    ...rest,
    metadata: metadata ?? existing.metadata,
    ...(rules ? { rules } : {}),
    ...(aggregationRule ? { aggregationRule } : {}),
  } as ClusterRole
  return [{ operation: 'update', resource, object }]
}

/** With the selectors that are wanted; what is not to be put together of others is no more. `now` itself when it is right. */
function reconciledAggregation(
  now: AggregationRule | undefined,
  wanted: AggregationRule | undefined,
): AggregationRule | undefined {
  if (!wanted) return undefined
  const own = now?.clusterRoleSelectors ?? []
  const missing = (wanted.clusterRoleSelectors ?? []).filter((selector) => !own.some((have) => sameJson(have, selector)))
  return missing.length > 0 ? { clusterRoleSelectors: [...own, ...missing] } : now
}

const sameRole = (a: RoleRef, b: RoleRef): boolean => a.kind === b.kind && a.name === b.name
const sameSubject = (a: RbacV1Subject, b: RbacV1Subject): boolean =>
  a.kind === b.kind && a.name === b.name && (a.namespace ?? '') === (b.namespace ?? '')

function reconcileBinding(resource: Resource<KubeObject>, wanted: RoleBinding, now: RoleBinding | undefined): BootstrapWrite[] {
  if (!now) return [{ operation: 'create', resource, object: wanted }]
  if (isHeld(now)) return []
  if (!sameRole(now.roleRef, wanted.roleRef)) return [{ operation: 'recreate', resource, object: wanted }]
  const metadata = merged(now.metadata, wanted.metadata)
  const missing = (wanted.subjects ?? []).filter((s) => !now.subjects?.some((have) => sameSubject(have, s)))
  if (!metadata && missing.length === 0) return []
  const object = { ...now, metadata: metadata ?? now.metadata, subjects: [...(now.subjects ?? []), ...missing] }
  return [{ operation: 'update', resource, object }]
}
