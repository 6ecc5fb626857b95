// What a Deployment's status says, in kube-controller-manager's words, which kubectl rollout status reads. Pure.
import { timeText } from '../../apimachinery/clock.ts'
import type { Deployment, DeploymentCondition, DeploymentStatus, ReplicaSet } from '../../apimachinery/kinds.generated.ts'
import { findCondition, withoutCondition } from '../../operators/conditions.ts'
import { available, maxUnavailable, replicasOf } from './sets.ts'

type Status = 'True' | 'False' | 'Unknown'

const condition = (type: string, status: Status, reason: string, message: string): DeploymentCondition => ({
  type,
  status,
  reason,
  message,
})

/** Sets `next` unless status and reason are those already: a repeated state keeps its times. */
function set(conditions: readonly DeploymentCondition[], next: DeploymentCondition, now: number): DeploymentCondition[] {
  const before = findCondition(conditions, next.type)
  if (before?.status === next.status && before?.reason === next.reason) return [...conditions]
  return replace(conditions, next, now)
}

function replace(conditions: readonly DeploymentCondition[], next: DeploymentCondition, now: number): DeploymentCondition[] {
  const before = findCondition(conditions, next.type)
  const lastTransitionTime = (before?.status === next.status && before.lastTransitionTime) || timeText(now)
  return [...withoutCondition(conditions, next.type), { ...next, lastUpdateTime: timeText(now), lastTransitionTime }]
}

export interface Rollout {
  readonly fresh: ReplicaSet | undefined
  readonly all: readonly ReplicaSet[]
  /** The new set was made in this pass. */
  readonly created: boolean
  /** Only scaled or paused: progress is not judged. */
  readonly judgesProgress: boolean
}

/** The deadline in seconds; undefined when there is none. */
const deadlineOf = (d: Deployment): number | undefined => {
  const seconds = d.spec?.progressDeadlineSeconds
  return seconds === undefined || seconds === 2 ** 31 - 1 ? undefined : seconds
}

function counts(d: Deployment, { all, fresh }: Rollout): DeploymentStatus {
  const sum = (field: 'replicas' | 'readyReplicas' | 'terminatingReplicas') =>
    all.reduce((n, s) => n + (s.status?.[field] ?? 0), 0)
  const availableReplicas = available(all)
  const replicas = sum('replicas')
  return {
    observedGeneration: d.metadata.generation ?? 0,
    replicas,
    updatedReplicas: fresh?.status?.replicas ?? 0,
    readyReplicas: sum('readyReplicas'),
    availableReplicas,
    unavailableReplicas: Math.max(0, replicas - availableReplicas),
    terminatingReplicas: sum('terminatingReplicas'),
    ...(d.status?.collisionCount === undefined ? {} : { collisionCount: d.status.collisionCount }),
  }
}

export const isComplete = (d: Deployment, status: DeploymentStatus): boolean =>
  (status.updatedReplicas ?? 0) === replicasOf(d) &&
  (status.replicas ?? 0) === replicasOf(d) &&
  (status.availableReplicas ?? 0) === replicasOf(d)

function isProgressing(d: Deployment, status: DeploymentStatus): boolean {
  const old = d.status ?? {}
  const oldOf = (s: DeploymentStatus) => (s.replicas ?? 0) - (s.updatedReplicas ?? 0)
  return (
    (status.updatedReplicas ?? 0) > (old.updatedReplicas ?? 0) ||
    oldOf(status) < oldOf(old) ||
    (status.readyReplicas ?? 0) > (old.readyReplicas ?? 0) ||
    (status.availableReplicas ?? 0) > (old.availableReplicas ?? 0)
  )
}

/** The status of `d` as its sets are, and when to look again for the progress deadline. */
export function statusOf(d: Deployment, rollout: Rollout, now: number): { status: DeploymentStatus; requeueAfterMs?: number } {
  const status = counts(d, rollout)
  let conditions: DeploymentCondition[] = [...(d.status?.conditions ?? [])]
  conditions = set(
    conditions,
    (status.availableReplicas ?? 0) >= replicasOf(d) - maxUnavailable(d)
      ? condition('Available', 'True', 'MinimumReplicasAvailable', 'Deployment has minimum availability.')
      : condition('Available', 'False', 'MinimumReplicasUnavailable', 'Deployment does not have minimum availability.'),
    now,
  )
  conditions = withPause(d, conditions, now)
  const failure = [rollout.fresh, ...rollout.all].map((s) => findCondition(s?.status?.conditions, 'ReplicaFailure')).find(Boolean)
  conditions = failure
    ? set(conditions, condition('ReplicaFailure', failure.status as Status, failure.reason ?? '', failure.message ?? ''), now)
    : withoutCondition(conditions, 'ReplicaFailure')
  if (deadlineOf(d) === undefined) conditions = withoutCondition(conditions, 'Progressing')
  else if (!d.spec?.paused) conditions = withProgress(d, status, rollout, conditions, now)
  const result = { ...status, conditions }
  const wait = nextDeadline(d, result, now)
  return wait === undefined ? { status: result } : { status: result, requeueAfterMs: wait }
}

function withPause(d: Deployment, conditions: readonly DeploymentCondition[], now: number): DeploymentCondition[] {
  const reason = findCondition(conditions, 'Progressing')?.reason
  if (deadlineOf(d) === undefined || reason === 'ProgressDeadlineExceeded') return [...conditions]
  if (d.spec?.paused && reason !== 'DeploymentPaused')
    return set(conditions, condition('Progressing', 'Unknown', 'DeploymentPaused', 'Deployment is paused'), now)
  if (!d.spec?.paused && reason === 'DeploymentPaused')
    return set(conditions, condition('Progressing', 'Unknown', 'DeploymentResumed', 'Deployment is resumed'), now)
  return [...conditions]
}

function withProgress(
  d: Deployment,
  status: DeploymentStatus,
  { fresh, created, judgesProgress }: Rollout,
  before: readonly DeploymentCondition[],
  now: number,
): DeploymentCondition[] {
  const name = fresh?.metadata.name
  const who = name ? `ReplicaSet "${name}"` : `Deployment "${d.metadata.name}"`
  let conditions = [...before]
  if (created)
    conditions = set(
      conditions,
      condition('Progressing', 'True', 'NewReplicaSetCreated', `Created new replica set "${name}"`),
      now,
    )
  else if (fresh && !findCondition(conditions, 'Progressing'))
    conditions = set(conditions, condition('Progressing', 'True', 'FoundNewReplicaSet', `Found new replica set "${name}"`), now)
  const current = findCondition(conditions, 'Progressing')
  const wasComplete = (status.replicas ?? 0) === (status.updatedReplicas ?? 0) && current?.reason === 'NewReplicaSetAvailable'
  if (!judgesProgress || wasComplete) return conditions
  if (isComplete(d, status))
    return set(conditions, condition('Progressing', 'True', 'NewReplicaSetAvailable', `${who} has successfully progressed.`), now)
  if (isProgressing(d, status))
    return replace(conditions, condition('Progressing', 'True', 'ReplicaSetUpdated', `${who} is progressing.`), now)
  if (isTimedOut(d, current, now))
    return set(
      conditions,
      condition('Progressing', 'False', 'ProgressDeadlineExceeded', `${who} has timed out progressing.`),
      now,
    )
  return conditions
}

function isTimedOut(d: Deployment, progress: DeploymentCondition | undefined, now: number): boolean {
  if (!progress || progress.reason === 'NewReplicaSetAvailable') return false
  if (progress.reason === 'ProgressDeadlineExceeded') return true
  return Date.parse(progress.lastUpdateTime ?? '') + (deadlineOf(d) ?? 0) * 1000 < now
}

function nextDeadline(d: Deployment, status: DeploymentStatus, now: number): number | undefined {
  const deadline = deadlineOf(d)
  const progress = findCondition(status.conditions, 'Progressing')
  if (deadline === undefined || !progress || d.spec?.paused || isComplete(d, status)) return undefined
  if (progress.reason === 'ProgressDeadlineExceeded' || progress.reason === 'NewReplicaSetAvailable') return undefined
  return Math.max(1000, Date.parse(progress.lastUpdateTime ?? '') + deadline * 1000 - now + 1000)
}
