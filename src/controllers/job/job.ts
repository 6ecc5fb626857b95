// Runs pods until enough of them succeeded. Every finished pod is counted exactly once, whenever we are interrupted.
import type { Job, Pod } from '../../apimachinery/kinds.generated.ts'
import { splitKey } from '../../apimachinery/object.ts'
import { jobs, pods } from '../../apimachinery/resources.generated.ts'
import { isNotFound } from '../../apimachinery/status.ts'
import { findCondition } from '../../operators/conditions.ts'
import { type Context, defineController, ownerKey } from '../../operators/controller.ts'
import { removeFinalizer } from '../../operators/finalizers.ts'
import { claim } from '../../operators/owners.ts'
import { writeStatus } from '../../operators/status.ts'
import { inSlowStart } from '../batches.ts'
import { createPod, deletePod } from '../replicaset.ts'
import { decide, failuresByIndex, isFinished } from './decide.ts'
import { hasFinalizer, jobPod, trackingFinalizer } from './pods.ts'

const ours = 'kubernetes.io/job-controller'

/** Takes our finalizer off: the pods are in the status, or the Job is no more. */
async function release(some: readonly Pod[], { client, informers }: Context): Promise<void> {
  const results = await Promise.allSettled(
    some.map(async (pod) => {
      const latest = informers.of(pods).get(`${pod.metadata.namespace}/${pod.metadata.name}`)
      if (latest?.metadata.uid === pod.metadata.uid) await removeFinalizer(client, pods, latest ?? pod, trackingFinalizer)
    }),
  )
  for (const result of results) if (result.status === 'rejected' && !isNotFound(result.reason)) throw result.reason
}

function tell(before: Job, after: Job, { event }: Context): void {
  const turned = (type: string, status = 'True') => {
    const [now, then] = [findCondition(after.status?.conditions, type), findCondition(before.status?.conditions, type)]
    return now?.status === status && then?.status !== status ? now : undefined
  }
  const failed = turned('FailureTarget')
  if (failed) event(after, 'Warning', failed.reason ?? 'Failed', failed.message ?? '')
  if (turned('Complete')) event(after, 'Normal', 'Completed', 'Job completed')
  if (turned('Suspended')) event(after, 'Normal', 'Suspended', 'Job suspended')
  if (findCondition(before.status?.conditions, 'Suspended')?.status === 'True' && turned('Suspended', 'False'))
    event(after, 'Normal', 'Resumed', 'Job resumed')
}

export const jobController = defineController<Job>({
  name: 'job-controller',
  for: jobs,
  owns: [pods],
  async reconcile(job, context) {
    const { client, clock } = context
    if (!job.spec?.selector || (job.spec.managedBy ?? ours) !== ours) return undefined
    const owned = await claim(context, { resource: jobs, owner: job, selector: job.spec.selector }, pods)
    const decision = decide(job, owned, clock.now())
    // Pods are started only once the start time is written, so that a deadline counts from it.
    const isStarted = isFinished(job.status) || job.status?.startTime !== undefined || job.spec.suspend === true
    const status = isStarted ? decision.status : { ...decision.status, active: 0 }
    const written = await writeStatus(client, jobs, job, status)
    tell(job, written, context)
    await release(decision.release, context)
    // Pods that we stop ourselves are no failures, unless the Job itself failed.
    if (findCondition(status.conditions, 'FailureTarget')?.status !== 'True') await release(decision.remove, context)
    for (const result of await Promise.allSettled(decision.remove.map((pod) => deletePod(job, pod, context))))
      if (result.status === 'rejected') throw result.reason
    const failures = failuresByIndex(job, owned)
    const make = (i: number) => {
      const index = decision.create[i]
      return createPod(job, jobPod(job, index, index === undefined ? 0 : failures.get(index)), context)
    }
    const { error } = await inSlowStart(decision.create.length, make)
    if (error !== undefined) throw error
    return decision.requeueAfterMs === undefined ? undefined : { requeueAfterMs: decision.requeueAfterMs }
  },
  // The Job is gone: its pods must not wait for somebody to count them.
  async removed(key, context) {
    const { namespace = '' } = splitKey(key)
    const left = context.informers.of(pods).byIndex('namespace', namespace)
    await release(
      left.filter((p) => hasFinalizer(p) && ownerKey(p, jobs as never) === key),
      context,
    )
  },
})
