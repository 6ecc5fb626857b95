import type {
  Container,
  LabelSelector,
  Pod,
  PodAffinity,
  PodCondition,
  PodStatus,
} from '../../../../apimachinery/kinds.generated.ts'
import type { KindContext } from '../../kind.ts'
import { dropDisabledFields } from '../../pod-spec/disabled-fields.ts'
import { copyField, keepMeta } from '../../status.ts'
import { syncAppArmor } from './pod-app-armor.ts'
import { qosOf } from './pod-qos.ts'

type Labels = Readonly<Record<string, string>>

/** What a new pod starts as (podStrategy.PrepareForCreate). */
export function preparePod(pod: Pod, { now, warn = () => {} }: KindContext): void {
  dropDisabledFields(pod.spec)
  // What the client says is taken, as kube-apiserver's GetPodQOS does.
  pod.status = { phase: 'Pending', qosClass: pod.status?.qosClass || qosOf(pod) }
  if ((pod.spec?.schedulingGates ?? []).length > 0) pod.status.conditions = [gated(now)]
  const labels = pod.metadata.labels ?? {}
  applyToAffinity(pod.spec?.affinity?.podAffinity, labels)
  applyToAffinity(pod.spec?.affinity?.podAntiAffinity, labels)
  for (const constraint of pod.spec?.topologySpreadConstraints ?? []) {
    addExpressions(constraint.labelSelector, constraint.matchLabelKeys, 'In', labels)
  }
  syncAppArmor(pod, warn)
}

const gated = (now: string): PodCondition => ({
  type: 'PodScheduled',
  status: 'False',
  lastProbeTime: null as unknown as string,
  lastTransitionTime: now,
  reason: 'SchedulingGated',
  message: 'Scheduling is blocked due to non-empty scheduling gates',
})

function applyToAffinity(affinity: PodAffinity | undefined, labels: Labels): void {
  if (!affinity) return
  const preferred = (affinity.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((p) => p.podAffinityTerm)
  for (const term of [...preferred, ...(affinity.requiredDuringSchedulingIgnoredDuringExecution ?? [])]) {
    addExpressions(term?.labelSelector, term?.matchLabelKeys, 'In', labels)
    addExpressions(term?.labelSelector, term?.mismatchLabelKeys, 'NotIn', labels)
  }
}

/** matchLabelKeys become expressions with the pod's own values. */
function addExpressions(
  selector: LabelSelector | undefined,
  keys: readonly string[] | undefined,
  operator: string,
  labels: Labels,
) {
  if (!selector) return
  for (const key of keys ?? []) {
    const value = Object.hasOwn(labels, key) ? labels[key] : undefined
    if (value === undefined) continue
    selector.matchExpressions = [...(selector.matchExpressions ?? []), { key, operator, values: [value] }]
  }
}

/** What each endpoint of a pod may change. */
export function preparePodUpdate(pod: Pod, old: Pod, { subresource }: KindContext): void {
  dropDisabledFields(pod.spec, old.spec)
  if (subresource === 'status') prepareStatus(pod, old)
  else if (subresource === 'ephemeralcontainers') prepareEphemeral(pod, old)
  else if (subresource === 'resize') prepareResize(pod, old)
  else copyField(pod, old, 'status')
}

/** Behind DRANodeAllocatableResources and ImageVolumeWithDigest, which are off in Kubernetes 1.36. */
function dropStatusFields(status: PodStatus, old: PodStatus | undefined): void {
  if (!old?.nodeAllocatableResourceClaimStatuses?.length) delete status.nodeAllocatableResourceClaimStatuses
  const mounts = (s: PodStatus | undefined) =>
    [s?.containerStatuses, s?.initContainerStatuses, s?.ephemeralContainerStatuses].flatMap((list) =>
      (list ?? []).flatMap((container) => container.volumeMounts ?? []),
    )
  if (!mounts(old).some((mount) => mount.volumeStatus)) for (const mount of mounts(status)) delete mount.volumeStatus
}

function prepareStatus(pod: Pod, old: Pod): void {
  copyField(pod, old, 'spec')
  copyField(pod.metadata, old.metadata, 'deletionTimestamp')
  copyField(pod.metadata, old.metadata, 'ownerReferences')
  pod.status ??= {}
  const { status } = pod
  if (!status.qosClass && old.status?.qosClass) status.qosClass = old.status.qosClass
  if (!status.observedGeneration && old.status?.observedGeneration) status.observedGeneration = old.status.observedGeneration
  dropStatusFields(status, old.status)
  const generations = new Map<string, number[]>()
  for (const { type, observedGeneration = 0 } of old.status?.conditions ?? []) {
    generations.set(type, [...(generations.get(type) ?? []), observedGeneration])
  }
  for (const condition of status.conditions ?? []) {
    const before = generations.get(condition.type)?.shift() ?? 0
    if (!condition.observedGeneration && before !== 0) condition.observedGeneration = before
  }
}

function prepareEphemeral(pod: Pod, old: Pod): void {
  const ephemeral = pod.spec?.ephemeralContainers
  pod.spec = { ...old.spec, containers: old.spec?.containers ?? [] }
  if (ephemeral) pod.spec.ephemeralContainers = ephemeral
  else delete pod.spec.ephemeralContainers
  copyField(pod, old, 'status')
  keepMeta(pod.metadata, old.metadata)
}

const sameNames = (a: readonly Container[] = [], b: readonly Container[] = []): boolean =>
  a.length === b.length && a.every((c, i) => c.name === b[i]?.name)

/** Only resources and resize policies may change; renamed containers are left for validation to refuse. */
function prepareResize(pod: Pod, old: Pod): void {
  const { spec } = pod
  const lengthsDiffer =
    spec?.containers?.length !== old.spec?.containers?.length ||
    (spec?.initContainers ?? []).length !== (old.spec?.initContainers ?? []).length
  if (!spec || lengthsDiffer) return
  const next = { ...old.spec, containers: resized(spec.containers, old.spec?.containers) }
  if (spec.initContainers) next.initContainers = resized(spec.initContainers, old.spec?.initContainers)
  if (spec.resources) next.resources = spec.resources
  else delete next.resources
  pod.spec = next
  copyField(pod, old, 'status')
  keepMeta(pod.metadata, old.metadata)
}

function resized(containers: Container[], old: readonly Container[] = []): Container[] {
  if (!sameNames(containers, old)) return containers
  return containers.map((container, i) => {
    const next: Container = { ...(old[i] ?? container) }
    copyField(next, container, 'resources')
    copyField(next, container, 'resizePolicy')
    return next
  })
}

/** Seconds until a deleted pod is removed (podStrategy.CheckGracefulDelete). */
export function podGracePeriod(pod: Pod, requested: number | undefined): number {
  const { phase } = pod.status ?? {}
  if (!pod.spec?.nodeName || phase === 'Failed' || phase === 'Succeeded') return 0
  const period = requested ?? pod.spec.terminationGracePeriodSeconds ?? 0
  return period < 0 ? 1 : period
}
