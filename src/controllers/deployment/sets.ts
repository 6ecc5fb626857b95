// What a Deployment and its ReplicaSets say about one another: template hash, revision, sizes. Pure.
import { type IntOrString, scaledValue } from '../../apimachinery/intstr.ts'
import type { Deployment, PodTemplateSpec, ReplicaSet } from '../../apimachinery/kinds.generated.ts'
import { deployments } from '../../apimachinery/resources.generated.ts'
import { sameValue } from '../../operators/equality.ts'
import { controlledBy } from '../../operators/owners.ts'
import { templateHash } from '../template-hash.ts'

const hashLabel = 'pod-template-hash'
export const annotation = {
  revision: 'deployment.kubernetes.io/revision',
  history: 'deployment.kubernetes.io/revision-history',
  desired: 'deployment.kubernetes.io/desired-replicas',
  max: 'deployment.kubernetes.io/max-replicas',
} as const

/** Annotations of a Deployment that its ReplicaSets do not get. */
const ownAnnotations = new Set<string>([
  'kubectl.kubernetes.io/last-applied-configuration',
  'deprecated.deployment.rollback.to',
  ...Object.values(annotation),
])

export const replicasOf = (o: Deployment | ReplicaSet): number => o.spec?.replicas ?? 1
export const total = (sets: readonly ReplicaSet[]): number => sets.reduce((n, s) => n + replicasOf(s), 0)
export const available = (sets: readonly ReplicaSet[]): number => sets.reduce((n, s) => n + (s.status?.availableReplicas ?? 0), 0)
export const revisionOf = (o: ReplicaSet | Deployment): bigint =>
  readRevision(o.metadata.annotations?.[annotation.revision]) ?? 0n

/** Revisions are Go's int64: larger ones than a number holds are told apart. undefined: it is none. */
const readRevision = (text: string | undefined): bigint | undefined =>
  text !== undefined && /^[+-]?\d{1,19}$/.test(text) ? BigInt(text) : undefined
export const byCreation = (a: ReplicaSet, b: ReplicaSet): number =>
  (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? '') ||
  (a.metadata.name ?? '').localeCompare(b.metadata.name ?? '')
export const isRolling = (d: Deployment): boolean => d.spec?.strategy?.type !== 'Recreate'

/** How many pods above and below spec.replicas a rollout may go. Both rounding to nothing, one may be unavailable. */
export function bounds(d: Deployment): { surge: number; unavailable: number } {
  if (!isRolling(d)) return { surge: 0, unavailable: 0 }
  const { maxSurge = '25%', maxUnavailable = '25%' } = d.spec?.strategy?.rollingUpdate ?? {}
  const count = (value: IntOrString, round: 'up' | 'down') => scaledValue(value, replicasOf(d), round) ?? 0
  const surge = count(maxSurge, 'up')
  const unavailable = count(maxUnavailable, 'down')
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable }
}

/** maxUnavailable as it counts for availability: never more than the replicas there are to be. */
export const maxUnavailable = (d: Deployment): number =>
  isRolling(d) && replicasOf(d) > 0 ? Math.min(bounds(d).unavailable, replicasOf(d)) : 0

function withoutHash(template: PodTemplateSpec | undefined): unknown {
  const { [hashLabel]: _, ...labels } = template?.metadata?.labels ?? {}
  const { creationTimestamp: __, ...metadata } = template?.metadata ?? {}
  return { metadata: { ...metadata, labels }, spec: template?.spec }
}

const hasTemplate = (set: ReplicaSet, d: Deployment): boolean =>
  sameValue(withoutHash(set.spec?.template), withoutHash(d.spec?.template))

/** The set that has the Deployment's template: the oldest, should there be several. */
export const newSetOf = (d: Deployment, sets: readonly ReplicaSet[]): ReplicaSet | undefined =>
  [...sets].sort(byCreation).find((set) => hasTemplate(set, d))

/** The annotations that `set` ought to have as the new set of `d` with `revision`. */
export function newSetAnnotations(d: Deployment, set: ReplicaSet | undefined, revision: bigint): Record<string, string> {
  const copied = Object.entries(d.metadata.annotations ?? {}).filter(([key]) => !ownAnnotations.has(key))
  const own = set?.metadata.annotations ?? {}
  const result: Record<string, string> = { ...own, ...Object.fromEntries(copied) }
  const before = own[annotation.revision]
  const known = before === undefined ? 0n : readRevision(before)
  if (known !== undefined && known < revision) {
    result[annotation.revision] = String(revision)
    if (before !== undefined)
      result[annotation.history] = own[annotation.history] ? `${own[annotation.history]},${before}` : before
  }
  return result
}

/** `annotations` with the sizes that proportional scaling needs to know later. */
export function withSizes(annotations: Readonly<Record<string, string>>, d: Deployment): Record<string, string> {
  const desired = replicasOf(d)
  return { ...annotations, [annotation.desired]: String(desired), [annotation.max]: String(desired + bounds(d).surge) }
}

/** The ReplicaSet for the template of `d`, with `replicas` pods. */
export function newSet(d: Deployment, replicas: number, revision: bigint): ReplicaSet {
  const template = d.spec?.template as PodTemplateSpec
  const hash = templateHash(template, d.status?.collisionCount)
  const labels = { ...template.metadata?.labels, [hashLabel]: hash }
  const { selector, minReadySeconds } = d.spec ?? {}
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${d.metadata.name}-${hash}`,
      ...(d.metadata.namespace ? { namespace: d.metadata.namespace } : {}),
      labels,
      annotations: withSizes(newSetAnnotations(d, undefined, revision), d),
      ownerReferences: [controlledBy(deployments, d)],
    },
    spec: {
      replicas,
      ...(minReadySeconds ? { minReadySeconds } : {}),
      selector: { ...selector, matchLabels: { ...selector?.matchLabels, [hashLabel]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  }
}
