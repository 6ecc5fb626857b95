// A Job's pods: how they are made, which one is for which index, what a failure of one means. Pure.
import type { Container, Job, Pod, PodFailurePolicyRule } from '../../apimachinery/kinds.generated.ts'
import { jobs } from '../../apimachinery/resources.generated.ts'
import { podFrom } from '../pods.ts'

export const trackingFinalizer = 'batch.kubernetes.io/job-tracking'
const indexAnnotation = 'batch.kubernetes.io/job-completion-index'
const failureCountAnnotation = 'batch.kubernetes.io/job-index-failure-count'

export const isIndexed = (job: Job): boolean => job.spec?.completionMode === 'Indexed'
export const hasFinalizer = (pod: Pod): boolean => pod.metadata.finalizers?.includes(trackingFinalizer) ?? false

export function indexOf(pod: Pod): number | undefined {
  const text = pod.metadata.annotations?.[indexAnnotation]
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined
}

const withIndexVariable = (container: Container): Container => {
  const name = 'JOB_COMPLETION_INDEX'
  if (container.env?.some((e) => e.name === name)) return container
  const fieldPath = `metadata.labels['${indexAnnotation}']`
  return { ...container, env: [...(container.env ?? []), { name, valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath } } }] }
}

/** A pod of `job`, for `index` when the Job is indexed; `failures`: how often that index failed before. */
export function jobPod(job: Job, index: number | undefined, failures = 0): Pod {
  const template = job.spec?.template as NonNullable<Job['spec']>['template']
  const pod = podFrom(template, jobs, job)
  const spec = pod.spec ?? { containers: [] }
  const finalizers = [...(pod.metadata.finalizers ?? []), trackingFinalizer]
  if (index === undefined) return { ...pod, metadata: { ...pod.metadata, finalizers } }
  const name = `${job.metadata.name}-${index}`
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      generateName: `${name}-`,
      finalizers,
      labels: { ...pod.metadata.labels, [indexAnnotation]: String(index) },
      annotations: {
        ...pod.metadata.annotations,
        [indexAnnotation]: String(index),
        ...(job.spec?.backoffLimitPerIndex === undefined ? {} : { [failureCountAnnotation]: String(failures) }),
      },
    },
    spec: {
      ...spec,
      hostname: spec.hostname ?? name,
      containers: spec.containers.map(withIndexVariable),
      ...(spec.initContainers ? { initContainers: spec.initContainers.map(withIndexVariable) } : {}),
    },
  }
}

interface FailureVerdict {
  readonly action: 'Count' | 'FailIndex' | 'FailJob' | 'Ignore'
  readonly message?: string
}

/** What the Job's podFailurePolicy says about a failed pod; counted when no rule matches. */
export function failureVerdict(job: Job, pod: Pod): FailureVerdict {
  const rules = job.spec?.podFailurePolicy?.rules ?? []
  for (const [i, rule] of rules.entries()) {
    const why = matching(rule, pod)
    if (why !== undefined) return { action: rule.action, message: `${why} matching ${rule.action} rule at index ${i}` }
  }
  return { action: 'Count' }
}

function matching(rule: PodFailurePolicyRule, pod: Pod): string | undefined {
  const who = `${pod.metadata.namespace}/${pod.metadata.name}`
  const { onExitCodes, onPodConditions } = rule
  if (onExitCodes) {
    const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]
    for (const { name, state } of statuses) {
      const code = state?.terminated?.exitCode
      if (code === undefined || code === 0 || (onExitCodes.containerName && onExitCodes.containerName !== name)) continue
      if (onExitCodes.values.includes(code) === (onExitCodes.operator === 'In'))
        return `Container ${name} for pod ${who} failed with exit code ${code}`
    }
  }
  for (const { type, status = 'True' } of onPodConditions ?? [])
    if (pod.status?.conditions?.some((c) => c.type === type && c.status === status)) return `Pod ${who} has condition ${type}`
  return undefined
}

/** When the pod's last container ended, in milliseconds since 1970. */
export function finishedAt(pod: Pod): number {
  const times = (pod.status?.containerStatuses ?? []).map((c) => Date.parse(c.state?.terminated?.finishedAt ?? ''))
  const latest = Math.max(...times.filter((t) => !Number.isNaN(t)))
  return Number.isFinite(latest)
    ? latest
    : Date.parse(pod.metadata.deletionTimestamp ?? pod.metadata.creationTimestamp ?? '') || 0
}
