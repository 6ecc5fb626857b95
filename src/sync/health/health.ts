import type { Unstructured } from '../../apimachinery/object.ts'

/** From best to worst, as Argo CD orders them. */
export type HealthStatus = 'Healthy' | 'Suspended' | 'Progressing' | 'Missing' | 'Degraded' | 'Unknown'

interface Health {
  readonly status: HealthStatus
  readonly message?: string
}

const order: readonly HealthStatus[] = ['Healthy', 'Suspended', 'Progressing', 'Missing', 'Degraded', 'Unknown']

/** The worst of `all`; Healthy when there is none. */
export function worst(all: Iterable<HealthStatus>): HealthStatus {
  let found: HealthStatus = 'Healthy'
  for (const status of all) if (order.indexOf(status) > order.indexOf(found)) found = status
  return found
}

interface Condition {
  readonly type?: string
  readonly status?: string
  readonly reason?: string
  readonly message?: string
}

/** The fields that the checks read; all may be absent. */
interface Fields {
  readonly spec?: {
    readonly paused?: boolean
    readonly suspend?: boolean
    readonly replicas?: number
    readonly type?: string
    readonly restartPolicy?: string
    readonly updateStrategy?: { readonly type?: string; readonly rollingUpdate?: { readonly partition?: number } }
  }
  readonly status?: {
    readonly observedGeneration?: number
    readonly replicas?: number
    readonly updatedReplicas?: number
    readonly readyReplicas?: number
    readonly availableReplicas?: number
    readonly currentRevision?: string
    readonly updateRevision?: string
    readonly desiredNumberScheduled?: number
    readonly updatedNumberScheduled?: number
    readonly numberAvailable?: number
    readonly phase?: string
    readonly message?: string
    readonly conditions?: readonly Condition[]
    readonly loadBalancer?: { readonly ingress?: readonly unknown[] }
    readonly containerStatuses?: readonly ContainerStatus[]
    readonly initContainerStatuses?: readonly ContainerStatus[]
  }
}

interface ContainerStatus {
  readonly name?: string
  readonly ready?: boolean
  readonly restartCount?: number
  readonly state?: { readonly waiting?: { readonly reason?: string; readonly message?: string } }
  readonly lastState?: { readonly terminated?: object }
}

const healthy: Health = { status: 'Healthy' }
const progressing = (message: string): Health => ({ status: 'Progressing', message })
const degraded = (message: string | undefined): Health => ({ status: 'Degraded', ...(message ? { message } : {}) })

type Check = (object: Fields, isBehind: boolean) => Health

const checks: Readonly<Record<string, Check>> = {
  'apps/Deployment': deployment,
  'apps/StatefulSet': statefulSet,
  'apps/DaemonSet': daemonSet,
  'apps/ReplicaSet': replicaSet,
  'batch/Job': job,
  '/Pod': (o) => podHealth(o as unknown as Unstructured),
  '/Service': (o) =>
    o.spec?.type === 'LoadBalancer' && !o.status?.loadBalancer?.ingress?.length ? progressing('waiting for an address') : healthy,
  'networking.k8s.io/Ingress': (o) => (o.status?.loadBalancer?.ingress?.length ? healthy : progressing('waiting for an address')),
  '/PersistentVolumeClaim': claim,
  'apiregistration.k8s.io/APIService': (o) =>
    conditionOf(o, 'Available')?.status === 'True' ? healthy : progressing('not available yet'),
  'apiextensions.k8s.io/CustomResourceDefinition': definition,
}

/** Judges a live object as Argo CD does; kinds without a check are Healthy. */
export function healthOf(object: Unstructured): Health {
  if (object.metadata.deletionTimestamp) return progressing('being deleted')
  const group = object.apiVersion?.includes('/') ? object.apiVersion.split('/')[0] : ''
  const fields = object as Fields
  const isBehind = (object.metadata.generation ?? 0) > (fields.status?.observedGeneration ?? 0)
  return checks[`${group}/${object.kind}`]?.(fields, isBehind) ?? healthy
}

function conditionOf(object: Fields, type: string): Condition | undefined {
  return object.status?.conditions?.find((c) => c.type === type)
}

function deployment({ spec = {}, status = {} }: Fields, isBehind: boolean): Health {
  if (spec.paused) return { status: 'Suspended', message: 'paused' }
  if (isBehind) return progressing('waiting for the rollout to be observed')
  const progress = status.conditions?.find((c) => c.type === 'Progressing')
  if (progress?.reason === 'ProgressDeadlineExceeded') return degraded(progress.message)
  const [wanted, total, updated, available] = [
    spec.replicas ?? 1,
    status.replicas ?? 0,
    status.updatedReplicas ?? 0,
    status.availableReplicas ?? 0,
  ]
  if (updated < wanted) return progressing(`${updated} of ${wanted} new replicas have been updated`)
  if (total > updated) return progressing(`${total - updated} old replicas are pending termination`)
  if (available < updated) return progressing(`${available} of ${updated} updated replicas are available`)
  return healthy
}

function statefulSet({ spec = {}, status = {} }: Fields, isBehind: boolean): Health {
  if (!status.observedGeneration || isBehind) return progressing('waiting for the spec update to be observed')
  const wanted = spec.replicas ?? 1
  if ((status.readyReplicas ?? 0) < wanted) return progressing(`${status.readyReplicas ?? 0} of ${wanted} pods are ready`)
  if (spec.updateStrategy?.type === 'OnDelete') return healthy
  const partition = spec.updateStrategy?.rollingUpdate?.partition
  if (partition) {
    const goal = wanted - partition
    return (status.updatedReplicas ?? 0) < goal
      ? progressing(`${status.updatedReplicas ?? 0} of ${goal} pods are updated`)
      : healthy
  }
  return status.updateRevision === status.currentRevision ? healthy : progressing('rolling update is under way')
}

function daemonSet({ spec = {}, status = {} }: Fields, isBehind: boolean): Health {
  if (isBehind) return progressing('waiting for the rollout to be observed')
  if (spec.updateStrategy?.type === 'OnDelete') return healthy
  const wanted = status.desiredNumberScheduled ?? 0
  if ((status.updatedNumberScheduled ?? 0) < wanted)
    return progressing(`${status.updatedNumberScheduled ?? 0} of ${wanted} pods are updated`)
  if ((status.numberAvailable ?? 0) < wanted) return progressing(`${status.numberAvailable ?? 0} of ${wanted} pods are available`)
  return healthy
}

function replicaSet(object: Fields, isBehind: boolean): Health {
  if (isBehind) return progressing('waiting for the spec update to be observed')
  const failure = conditionOf(object, 'ReplicaFailure')
  if (failure?.status === 'True') return degraded(failure.message)
  const [wanted, available] = [object.spec?.replicas ?? 1, object.status?.availableReplicas ?? 0]
  return available < wanted ? progressing(`${available} of ${wanted} replicas are available`) : healthy
}

function job(object: Fields): Health {
  const failed = conditionOf(object, 'Failed')
  if (failed?.status === 'True') return degraded(failed.message)
  if (conditionOf(object, 'Suspended')?.status === 'True') return { status: 'Suspended' }
  return conditionOf(object, 'Complete')?.status === 'True' ? healthy : progressing('running')
}

function claim({ status = {} }: Fields): Health {
  if (status.phase === 'Bound') return healthy
  return status.phase === 'Lost' ? degraded('the volume is lost') : progressing('waiting for a volume')
}

function definition(object: Fields): Health {
  const names = conditionOf(object, 'NamesAccepted')
  if (names?.status === 'False') return degraded(names.message)
  const schema = conditionOf(object, 'NonStructuralSchema')
  if (schema?.status === 'True') return degraded(schema.message)
  return conditionOf(object, 'Established')?.status === 'True' ? healthy : progressing('not established yet')
}

/** Whether, and why, a container waits for something that will not come by itself. */
export function stuckReason(pod: Unstructured): string | undefined {
  const { status } = pod as Fields
  for (const c of [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]) {
    const { reason = '', message } = c.state?.waiting ?? {}
    if (/^Err|Error$|BackOff$|^InvalidImageName$/.test(reason))
      return `container ${c.name}: ${reason}${message ? `: ${message}` : ''}`
  }
  return undefined
}

function podHealth(pod: Unstructured): Health {
  const { spec = {}, status = {} } = pod as Fields
  const always = (spec.restartPolicy ?? 'Always') === 'Always'
  const stuck = always ? stuckReason(pod) : undefined
  if (stuck) return degraded(stuck)
  if (status.phase === 'Succeeded') return healthy
  if (status.phase === 'Failed') return degraded(status.message ?? 'failed')
  if (status.phase !== 'Running') return progressing('pending')
  if (!always) return progressing('running')
  if (conditionOf(pod as Fields, 'Ready')?.status === 'True') return healthy
  const crashed = status.containerStatuses?.find((c) => c.lastState?.terminated)
  return crashed ? degraded(`container ${crashed.name} ended and is started again`) : progressing('not ready yet')
}
