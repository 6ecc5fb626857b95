// A StatefulSet's pods and claims: names, identity, storage, revision. Pure.
import type {
  ControllerRevision,
  PersistentVolumeClaim,
  Pod,
  PodTemplateSpec,
  StatefulSet,
} from '../../apimachinery/kinds.generated.ts'
import type { OwnerReference } from '../../apimachinery/object.ts'
import { pods, statefulsets } from '../../apimachinery/resources.generated.ts'
import { controlledBy } from '../../operators/owners.ts'
import { podFrom } from '../pods.ts'
import { revisionLabel } from '../revisions.ts'

const nameLabel = 'statefulset.kubernetes.io/pod-name'
const indexLabel = 'apps.kubernetes.io/pod-index'

export const firstOrdinal = (set: StatefulSet): number => set.spec?.ordinals?.start ?? 0
export const podName = (set: StatefulSet, ordinal: number): string => `${set.metadata.name}-${ordinal}`

/** The ordinal in a pod's name; undefined when it is no name of `set`'s. */
export function ordinalOf(set: StatefulSet, pod: Pod): number | undefined {
  const prefix = `${set.metadata.name}-`
  const name = pod.metadata.name ?? ''
  const rest = name.slice(prefix.length)
  return name.startsWith(prefix) && /^(0|[1-9]\d*)$/.test(rest) ? Number(rest) : undefined
}

export const revisionOf = (pod: Pod): string => pod.metadata.labels?.[revisionLabel] ?? ''

/** The template that `revision` keeps. */
function templateIn(revision: ControllerRevision): PodTemplateSpec {
  const { $patch: _, ...template } = (revision.data as { spec: { template: PodTemplateSpec & { $patch?: string } } }).spec
    .template
  return template
}

const claimName = (template: PersistentVolumeClaim, set: StatefulSet, ordinal: number): string =>
  `${template.metadata.name}-${podName(set, ordinal)}`

/** The pod `ordinal` of `set`, by the template of `revision`. */
export function statefulPod(set: StatefulSet, ordinal: number, revision: ControllerRevision): Pod {
  const name = podName(set, ordinal)
  const pod = podFrom(templateIn(revision), statefulsets, set, name)
  const claims = (set.spec?.volumeClaimTemplates ?? []).map((t) => ({
    name: t.metadata.name ?? '',
    persistentVolumeClaim: { claimName: claimName(t, set, ordinal), readOnly: false },
  }))
  const own = new Set(claims.map((c) => c.name))
  const volumes = [...claims, ...(pod.spec?.volumes ?? []).filter((v) => !own.has(v.name))]
  const identity = { [nameLabel]: name, [indexLabel]: String(ordinal), [revisionLabel]: revision.metadata.name ?? '' }
  return {
    ...pod,
    metadata: { ...pod.metadata, labels: { ...pod.metadata.labels, ...identity } },
    spec: {
      ...(pod.spec ?? { containers: [] }),
      hostname: name,
      ...(set.spec?.serviceName ? { subdomain: set.spec.serviceName } : {}),
      ...(volumes.length > 0 ? { volumes } : {}),
    },
  }
}

/** Who owns the claim of `ordinal`, by the retention policy: nobody when it is to be kept. */
export function claimOwners(set: StatefulSet, pod: Pod | undefined, isCondemned: boolean): OwnerReference[] {
  const { whenDeleted = 'Retain', whenScaled = 'Retain' } = set.spec?.persistentVolumeClaimRetentionPolicy ?? {}
  if (whenScaled === 'Delete' && isCondemned && pod) return [{ ...controlledBy(pods, pod), controller: false }]
  return whenDeleted === 'Delete' ? [{ ...controlledBy(statefulsets, set), controller: false }] : []
}

/** The claims that the pod `ordinal` mounts. */
export function claimsFor(set: StatefulSet, ordinal: number): PersistentVolumeClaim[] {
  return (set.spec?.volumeClaimTemplates ?? []).map((t) => {
    const owners = claimOwners(set, undefined, false)
    return {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: {
        ...t.metadata,
        name: claimName(t, set, ordinal),
        ...(set.metadata.namespace ? { namespace: set.metadata.namespace } : {}),
        labels: { ...t.metadata.labels, ...set.spec?.selector.matchLabels },
        ...(owners.length > 0 ? { ownerReferences: owners } : {}),
      },
      ...(t.spec ? { spec: t.spec } : {}),
    }
  })
}
