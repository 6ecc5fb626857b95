// How far a Job is and what comes next: pods to start and stop, status, conditions. Pure.
import { timeText } from '../../apimachinery/clock.ts'
import type { Job, JobCondition, JobStatus, Pod } from '../../apimachinery/kinds.generated.ts'
import { findCondition, withCondition } from '../../operators/conditions.ts'
import { byDeletionOrder, isActive, isReady, isTerminating } from '../pods.ts'
import { formatIndexes, parseIndexes } from './indexes.ts'
import { failureVerdict, finishedAt, hasFinalizer, indexOf, isIndexed } from './pods.ts'

interface Decision {
  readonly status: JobStatus
  /** Indexes to start a pod for; undefined: one without index. */
  readonly create: readonly (number | undefined)[]
  readonly remove: readonly Pod[]
  /** Pods that are in the status now, once it is written: their finalizer can go. */
  readonly release: readonly Pod[]
  readonly requeueAfterMs?: number
}

const firstBackoffMs = 10_000
const longestBackoffMs = 600_000
/** So many finished pods are taken into the status at a time. */
const uncountedLimit = 500
const perPass = 500

export const isFinished = (status: JobStatus | undefined): boolean =>
  (status?.conditions ?? []).some((c) => (c.type === 'Complete' || c.type === 'Failed') && c.status === 'True')

/** A pod that is leaving counts as failed at once, unless only pods that have ended are to be replaced. */
const failsIn =
  (job: Job) =>
  (pod: Pod): boolean => {
    const waits = job.spec?.podReplacementPolicy === 'Failed' || job.spec?.podFailurePolicy !== undefined
    return pod.status?.phase === 'Failed' || (!waits && isTerminating(pod) && pod.status?.phase !== 'Succeeded')
  }
const hasSucceeded = (pod: Pod): boolean => pod.status?.phase === 'Succeeded'

interface Tally {
  readonly succeeded: number
  readonly failed: number
  readonly completed: ReadonlySet<number>
  readonly failedIndexes: ReadonlySet<number>
  readonly uncounted: { readonly succeeded: readonly string[]; readonly failed: readonly string[] }
  readonly release: readonly Pod[]
  /** Why the Job failed by a rule of its failure policy. */
  readonly fatal: string | undefined
}

/** Counts the finished pods, each exactly once: first by uid in the status, then by number when its finalizer is gone. */
function tally(job: Job, pods: readonly Pod[]): Tally {
  const hasFailed = failsIn(job)
  const status = job.status ?? {}
  const completions = job.spec?.completions ?? 0
  const held = new Set(pods.filter(hasFinalizer).map((p) => p.metadata.uid ?? ''))
  const before = {
    succeeded: status.uncountedTerminatedPods?.succeeded ?? [],
    failed: status.uncountedTerminatedPods?.failed ?? [],
  }
  let succeeded = (status.succeeded ?? 0) + (isIndexed(job) ? 0 : before.succeeded.filter((uid) => !held.has(uid)).length)
  const failed = (status.failed ?? 0) + before.failed.filter((uid) => !held.has(uid)).length
  const uncounted = {
    succeeded: before.succeeded.filter((uid) => held.has(uid)),
    failed: before.failed.filter((uid) => held.has(uid)),
  }
  const completed = parseIndexes(status.completedIndexes, completions)
  const failedIndexes = parseIndexes(status.failedIndexes, completions)
  const release: Pod[] = pods.filter(
    (p) => hasFinalizer(p) && [...uncounted.succeeded, ...uncounted.failed].includes(p.metadata.uid ?? ''),
  )
  let fatal: string | undefined
  for (const pod of pods.filter(hasFinalizer)) {
    const uid = pod.metadata.uid ?? ''
    if (uncounted.succeeded.includes(uid) || uncounted.failed.includes(uid)) continue
    if (uncounted.succeeded.length + uncounted.failed.length >= uncountedLimit) break
    const index = isIndexed(job) ? indexOf(pod) : undefined
    if (hasSucceeded(pod)) {
      release.push(pod)
      if (!isIndexed(job)) uncounted.succeeded.push(uid)
      else if (index !== undefined && index < completions) completed.add(index)
    } else if (hasFailed(pod)) {
      release.push(pod)
      const verdict = failureVerdict(job, pod)
      if (verdict.action === 'Ignore') continue
      if (verdict.action === 'FailJob') fatal ??= verdict.message
      if (verdict.action === 'FailIndex' && index !== undefined) failedIndexes.add(index)
      uncounted.failed.push(uid)
    }
  }
  if (isIndexed(job)) {
    succeeded = completed.size
    const limit = job.spec?.backoffLimitPerIndex
    if (limit !== undefined)
      for (const [index, n] of failuresByIndex(job, pods)) if (n > limit && !completed.has(index)) failedIndexes.add(index)
  }
  return { succeeded, failed, completed, failedIndexes, uncounted, release, fatal }
}

export function failuresByIndex(job: Job, pods: readonly Pod[]): Map<number, number> {
  const counts = new Map<number, number>()
  for (const pod of pods.filter(failsIn(job))) {
    const index = indexOf(pod)
    if (index !== undefined) counts.set(index, (counts.get(index) ?? 0) + 1)
  }
  return counts
}

interface End {
  readonly type: 'SuccessCriteriaMet' | 'FailureTarget'
  readonly reason: string
  readonly message: string
}

/** Why the Job is over, or undefined. Which it was before stays. */
function endOf(job: Job, pods: readonly Pod[], t: Tally, now: number): End | undefined {
  const { spec = { template: { metadata: {} } }, status } = job
  for (const type of ['FailureTarget', 'SuccessCriteriaMet'] as const) {
    const before = findCondition(status?.conditions, type)
    if (before?.status === 'True') return { type, reason: before.reason ?? '', message: before.message ?? '' }
  }
  const fails = (reason: string, message: string): End => ({ type: 'FailureTarget', reason, message })
  const succeeds = (reason: string, message: string): End => ({ type: 'SuccessCriteriaMet', reason, message })
  const failed = t.failed + t.uncounted.failed.length
  const succeeded = t.succeeded + t.uncounted.succeeded.length
  if (t.fatal) return fails('PodFailurePolicy', t.fatal)
  const started = Date.parse(status?.startTime ?? '')
  if (spec.activeDeadlineSeconds !== undefined && !spec.suspend && now - started >= Number(spec.activeDeadlineSeconds) * 1000)
    return fails('DeadlineExceeded', 'Job was active longer than specified deadline')
  if (spec.backoffLimitPerIndex === undefined && (failed > (spec.backoffLimit ?? 6) || hasRestartedTooOften(job, pods)))
    return fails('BackoffLimitExceeded', 'Job has reached the specified backoff limit')
  if (spec.maxFailedIndexes !== undefined && t.failedIndexes.size > spec.maxFailedIndexes)
    return fails('MaxFailedIndexesExceeded', 'Job has exceeded the specified maximal number of failed indexes')
  const met = successRule(job, t)
  if (met !== undefined) return succeeds('SuccessPolicy', `Matched rules at index ${met}`)
  const isIdle = !pods.some(isActive)
  if (spec.completions === undefined)
    return succeeded > 0 && isIdle ? succeeds('CompletionsReached', 'Reached expected number of succeeded pods') : undefined
  if (isIndexed(job) && t.failedIndexes.size > 0 && t.completed.size + t.failedIndexes.size >= spec.completions)
    return fails('FailedIndexes', 'Job has failed indexes')
  if (succeeded >= spec.completions) return succeeds('CompletionsReached', 'Reached expected number of succeeded pods')
  return undefined
}

function successRule(job: Job, t: Tally): number | undefined {
  for (const [i, rule] of (job.spec?.successPolicy?.rules ?? []).entries()) {
    const wanted =
      rule.succeededIndexes === undefined ? undefined : parseIndexes(rule.succeededIndexes, job.spec?.completions ?? 0)
    const matched = [...t.completed].filter((index) => wanted === undefined || wanted.has(index)).length
    if (matched >= (rule.succeededCount ?? wanted?.size ?? Number.POSITIVE_INFINITY)) return i
  }
  return undefined
}

function hasRestartedTooOften(job: Job, pods: readonly Pod[]): boolean {
  if (job.spec?.template.spec?.restartPolicy !== 'OnFailure') return false
  const limit = job.spec.backoffLimit ?? 6
  const restarts = pods
    .filter((p) => p.status?.phase === 'Running' || p.status?.phase === 'Pending')
    .flatMap((p) => [...(p.status?.initContainerStatuses ?? []), ...(p.status?.containerStatuses ?? [])])
    .reduce((n, c) => n + c.restartCount, 0)
  return limit === 0 ? restarts > 0 : restarts >= limit
}

/** Milliseconds to wait after the failures since the last success. */
function backoffLeft(job: Job, pods: readonly Pod[], now: number): number {
  const lastSuccess = Math.max(0, ...pods.filter(hasSucceeded).map(finishedAt))
  const failures = pods
    .filter(failsIn(job))
    .map(finishedAt)
    .filter((t) => t > lastSuccess)
  if (failures.length === 0) return 0
  const wait = Math.min(longestBackoffMs, firstBackoffMs * 2 ** Math.min(failures.length - 1, 20))
  return Math.max(0, Math.max(...failures) + wait - now)
}

export function decide(job: Job, pods: readonly Pod[], now: number): Decision {
  if (isFinished(job.status) || job.metadata.deletionTimestamp) {
    return {
      status: job.status ?? {},
      create: [],
      remove: [],
      release: pods.filter((p) => hasFinalizer(p) && (isTerminating(p) || !isActive(p))),
    }
  }
  const t = tally(job, pods)
  const end = endOf(job, pods, t, now)
  const suspended = job.spec?.suspend === true
  const active = pods.filter(isActive)
  const stop = end !== undefined || suspended ? active : []
  const { create, remove, waitMs } = end || suspended ? { create: [], remove: stop, waitMs: undefined } : scale(job, pods, t, now)
  const status = statusOf(job, pods, t, end, { now, suspended, active: active.length - remove.length + create.length })
  const deadline = deadlineLeft(job, status, now)
  const requeue = [waitMs, deadline].filter((ms) => ms !== undefined)
  return {
    status,
    create,
    remove,
    release: t.release,
    ...(requeue.length > 0 && !end ? { requeueAfterMs: Math.min(...requeue) } : {}),
  }
}

function deadlineLeft(job: Job, status: JobStatus, now: number): number | undefined {
  const seconds = job.spec?.activeDeadlineSeconds
  return seconds === undefined || !status.startTime
    ? undefined
    : Math.max(0, Date.parse(status.startTime) + Number(seconds) * 1000 - now)
}

/** Which pods to start or stop so that as many run as the Job wants. */
function scale(job: Job, pods: readonly Pod[], t: Tally, now: number) {
  const { parallelism = 1, completions, podReplacementPolicy } = job.spec ?? {}
  const active = pods.filter(isActive)
  const leaving = pods.filter((p) => isTerminating(p) && p.status?.phase !== 'Failed' && !hasSucceeded(p))
  const succeeded = t.succeeded + t.uncounted.succeeded.length
  const left = completions === undefined ? parallelism : completions - succeeded - (isIndexed(job) ? t.failedIndexes.size : 0)
  const wanted =
    completions === undefined && succeeded > 0 ? Math.min(active.length, parallelism) : Math.max(0, Math.min(parallelism, left))
  if (active.length > wanted)
    return { create: [], remove: byDeletionOrder(active, active, now).slice(0, active.length - wanted), waitMs: undefined }
  const holding = podReplacementPolicy === 'Failed' ? leaving.length : 0
  const missing = Math.min(perPass, wanted - active.length - holding)
  if (missing <= 0) return { create: [], remove: duplicates(job, active), waitMs: undefined }
  const waitMs = backoffLeft(job, pods, now)
  if (waitMs > 0) return { create: [], remove: [], waitMs }
  if (!isIndexed(job)) return { create: Array.from({ length: missing }, () => undefined), remove: [], waitMs: undefined }
  const taken = new Set([
    ...t.completed,
    ...t.failedIndexes,
    ...active.map(indexOf),
    ...(holding > 0 ? leaving.map(indexOf) : []),
  ])
  const free: number[] = []
  for (let i = 0; i < (completions ?? 0) && free.length < missing; i++) if (!taken.has(i)) free.push(i)
  return { create: free, remove: duplicates(job, active), waitMs: undefined }
}

/** Of two pods for one index the younger goes. */
function duplicates(job: Job, active: readonly Pod[]): Pod[] {
  if (!isIndexed(job)) return []
  const oldest = [...active].sort((a, b) =>
    (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? ''),
  )
  return [...Map.groupBy(oldest, indexOf)].flatMap(([index, same]) => (index === undefined ? same : same.slice(1)))
}

interface Progress {
  readonly now: number
  readonly suspended: boolean
  readonly active: number
}

function statusOf(job: Job, pods: readonly Pod[], t: Tally, end: End | undefined, progress: Progress): JobStatus {
  const { now, suspended, active } = progress
  const terminating = pods.filter((p) => isTerminating(p) && p.status?.phase !== 'Failed' && !hasSucceeded(p)).length
  const isCounted = t.uncounted.succeeded.length + t.uncounted.failed.length === 0
  const hasEnded = end !== undefined && isCounted && t.release.length === 0 && !pods.some(isActive) && terminating === 0
  const conditions = conditionsOf(job.status?.conditions ?? [], end, hasEnded, progress)
  const startTime = suspended ? end && job.status?.startTime : (job.status?.startTime ?? timeText(now))
  return {
    ...(conditions.length > 0 ? { conditions } : {}),
    ...(startTime ? { startTime } : {}),
    ...(hasEnded && finalType(end) === 'Complete' ? { completionTime: timeText(now) } : {}),
    active: hasEnded ? 0 : active,
    succeeded: t.succeeded,
    failed: t.failed,
    ready: pods.filter((p) => isActive(p) && isReady(p)).length,
    terminating,
    ...(isIndexed(job) && t.completed.size > 0 ? { completedIndexes: formatIndexes(t.completed) } : {}),
    ...(isIndexed(job) && job.spec?.backoffLimitPerIndex !== undefined ? { failedIndexes: formatIndexes(t.failedIndexes) } : {}),
    uncountedTerminatedPods: isCounted ? {} : { succeeded: [...t.uncounted.succeeded], failed: [...t.uncounted.failed] },
  }
}

/** The condition that a Job ends with when its last pod has. */
const finalType = ({ type }: End): 'Complete' | 'Failed' => (type === 'SuccessCriteriaMet' ? 'Complete' : 'Failed')

function conditionsOf(
  before: readonly JobCondition[],
  end: End | undefined,
  hasEnded: boolean,
  { now, suspended }: Progress,
): JobCondition[] {
  let conditions = [...before]
  const set = (condition: Omit<JobCondition, 'lastProbeTime'>, lastProbeTime = timeText(now)): void => {
    conditions = withCondition<JobCondition>(conditions, { ...condition, lastProbeTime }, now)
  }
  const wasSuspended = findCondition(before, 'Suspended')?.status === 'True'
  if (suspended && !end) set({ type: 'Suspended', status: 'True', reason: 'JobSuspended', message: 'Job suspended' })
  else if (wasSuspended) set({ type: 'Suspended', status: 'False', reason: 'JobResumed', message: 'Job resumed' })
  if (!end) return conditions
  const { type, reason, message } = end
  set({ type, status: 'True', reason, message }, probe(conditions, type, now))
  if (hasEnded) set({ type: finalType(end), status: 'True', reason, message })
  return conditions
}

const probe = (conditions: readonly JobCondition[], type: string, now: number): string =>
  findCondition(conditions, type)?.lastProbeTime ?? timeText(now)
