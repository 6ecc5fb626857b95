// Starts Jobs by the clock.
import { timeText } from '../apimachinery/clock.ts'
import { lastBetween, parseSchedule, type Schedule } from '../apimachinery/cron-schedule.ts'
import type { CronJob, CronJobStatus, Job, ObjectReference } from '../apimachinery/kinds.generated.ts'
import { cronjobs, jobs } from '../apimachinery/resources.generated.ts'
import { isAlreadyExists, isNotFound } from '../apimachinery/status.ts'
import { type Context, defineController } from '../operators/controller.ts'
import { controlledBy } from '../operators/owners.ts'
import { writeStatus } from '../operators/status.ts'
import { isFinished } from './job/decide.ts'

const scheduledAnnotation = 'batch.kubernetes.io/cronjob-scheduled-timestamp'

interface Decision {
  /** The scheduled time that a Job is to be made for now. */
  readonly start?: number
  /** Jobs that give way to it. */
  readonly replace: readonly Job[]
  /** Finished Jobs beyond the history limits. */
  readonly forget: readonly Job[]
  /** Why nothing is started although it is time. */
  readonly skipped?: { readonly reason: string; readonly message: string }
  readonly requeueAfterMs?: number
}

const hasEnded = (job: Job, type: 'Complete' | 'Failed'): boolean =>
  job.status?.conditions?.some((c) => c.type === type && c.status === 'True') ?? false
const started = (job: Job): string => job.status?.startTime ?? job.metadata.creationTimestamp ?? ''

function beyond(children: readonly Job[], type: 'Complete' | 'Failed', limit: number | undefined): Job[] {
  if (limit === undefined) return []
  const ended = children.filter((j) => hasEnded(j, type)).sort((a, b) => started(a).localeCompare(started(b)))
  return ended.slice(0, Math.max(0, ended.length - limit))
}

/** What to do at `now`. */
export function decide(cron: CronJob, children: readonly Job[], schedule: Schedule, now: number): Decision {
  const { spec, status, metadata } = cron
  const forget = [
    ...beyond(children, 'Complete', spec?.successfulJobsHistoryLimit ?? 3),
    ...beyond(children, 'Failed', spec?.failedJobsHistoryLimit ?? 1),
  ]
  if (spec?.suspend || metadata.deletionTimestamp) return { replace: [], forget }
  const next = schedule.next(now)
  // A little later than the time itself, so that it has surely come.
  const wait = next === undefined ? {} : { requeueAfterMs: next - now + 100 }
  const idle = { replace: [], forget, ...wait }
  const last = Date.parse(status?.lastScheduleTime ?? metadata.creationTimestamp ?? '') || now
  const due = lastBetween(schedule, last, now)
  if (due === undefined) return idle
  if (spec?.startingDeadlineSeconds !== undefined && due + Number(spec.startingDeadlineSeconds) * 1000 < now)
    return {
      ...idle,
      skipped: { reason: 'MissSchedule', message: `Missed scheduled time to start a job: ${new Date(due).toUTCString()}` },
    }
  const active = children.filter((j) => !isFinished(j.status))
  if (children.some((j) => j.metadata.name === jobName(cron, due))) return idle
  if (active.length > 0 && spec?.concurrencyPolicy === 'Forbid')
    return {
      ...idle,
      skipped: {
        reason: 'JobAlreadyActive',
        message: 'Not starting job because prior execution is running and concurrency policy is Forbid',
      },
    }
  return { ...idle, start: due, replace: spec?.concurrencyPolicy === 'Replace' ? active : [] }
}

/** The same for the same scheduled time: a Job that was made just before a crash is not made again. */
const jobName = (cron: CronJob, due: number): string => `${(cron.metadata.name ?? '').slice(0, 52)}-${Math.floor(due / 60_000)}`

function jobFor(cron: CronJob, due: number): Job {
  const { metadata, spec } = cron.spec?.jobTemplate ?? { metadata: {} }
  return {
    metadata: {
      ...(metadata?.labels ? { labels: metadata.labels } : {}),
      annotations: { ...metadata?.annotations, [scheduledAnnotation]: timeText(due) },
      name: jobName(cron, due),
      ...(cron.metadata.namespace ? { namespace: cron.metadata.namespace } : {}),
      ownerReferences: [controlledBy(cronjobs, cron)],
    },
    ...(spec ? { spec } : {}),
  }
}

const referenceTo = (job: Job): ObjectReference => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  name: job.metadata.name ?? '',
  namespace: job.metadata.namespace ?? '',
  uid: job.metadata.uid ?? '',
  resourceVersion: job.metadata.resourceVersion ?? '',
})

/** The status by the Jobs there are; references that are right already stay as they are. */
function statusOf(cron: CronJob, children: readonly Job[], due: number | undefined): CronJobStatus {
  const known = new Map((cron.status?.active ?? []).map((r) => [r.uid, r]))
  const active = children.filter((j) => !isFinished(j.status)).map((j) => known.get(j.metadata.uid ?? '') ?? referenceTo(j))
  const ends = children.filter((j) => hasEnded(j, 'Complete')).map((j) => j.status?.completionTime ?? '')
  const lastSuccess = [cron.status?.lastSuccessfulTime ?? '', ...ends].sort().at(-1)
  const lastSchedule = due === undefined ? cron.status?.lastScheduleTime : timeText(due)
  return {
    ...(active.length > 0 ? { active } : {}),
    ...(lastSchedule ? { lastScheduleTime: lastSchedule } : {}),
    ...(lastSuccess ? { lastSuccessfulTime: lastSuccess } : {}),
  }
}

async function remove(job: Job, { client }: Context): Promise<void> {
  try {
    await client.delete(jobs, job.metadata.name ?? '', { namespace: job.metadata.namespace, propagationPolicy: 'Background' })
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}

async function start(cron: CronJob, due: number, { client, event }: Context): Promise<void> {
  try {
    const made = await client.create(jobs, jobFor(cron, due), { namespace: cron.metadata.namespace })
    event(cron, 'Normal', 'SuccessfulCreate', `Created job ${made.metadata.name}`)
  } catch (error) {
    if (isAlreadyExists(error)) return
    event(cron, 'Warning', 'FailedCreate', `Error creating job: ${(error as Error).message}`)
    throw error
  }
}

function tellEnds(cron: CronJob, children: readonly Job[], { event }: Context): void {
  const active = new Set(cron.status?.active?.map((r) => r.uid))
  for (const job of children.filter((j) => active.has(j.metadata.uid ?? '') && isFinished(j.status))) {
    const condition = hasEnded(job, 'Complete') ? 'Complete' : 'Failed'
    event(cron, 'Normal', 'SawCompletedJob', `Saw completed job: ${job.metadata.name}, condition: ${condition}`)
  }
}

export const cronJobController = defineController<CronJob>({
  name: 'cronjob-controller',
  for: cronjobs,
  owns: [jobs],
  async reconcile(cron, context) {
    let schedule: Schedule
    try {
      schedule = parseSchedule(cron.spec?.schedule ?? '', cron.spec?.timeZone)
    } catch (error) {
      // Nothing to do until the schedule is put right.
      context.event(
        cron,
        'Warning',
        'UnparseableSchedule',
        `unparseable schedule "${cron.spec?.schedule}": ${(error as Error).message}`,
      )
      return undefined
    }
    const children = context.children(jobs, cron)
    const decision = decide(cron, children, schedule, context.clock.now())
    tellEnds(cron, children, context)
    if (decision.skipped) context.event(cron, 'Warning', decision.skipped.reason, decision.skipped.message)
    for (const job of decision.replace) await remove(job, context)
    if (decision.start !== undefined) await start(cron, decision.start, context)
    for (const job of decision.forget) await remove(job, context)
    await writeStatus(context.client, cronjobs, cron, statusOf(cron, context.children(jobs, cron), decision.start))
    return decision.requeueAfterMs === undefined ? undefined : { requeueAfterMs: decision.requeueAfterMs }
  },
})
