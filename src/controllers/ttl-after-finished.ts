// Deletes Jobs some time after they finished, if they ask for it.
import type { Job } from '../apimachinery/kinds.generated.ts'
import { jobs } from '../apimachinery/resources.generated.ts'
import { isNotFound } from '../apimachinery/status.ts'
import { defineController } from '../operators/controller.ts'

/** Milliseconds until `job` is to be deleted (≤ 0: now); undefined when it is not. */
function timeLeft(job: Job, now: number): number | undefined {
  const ttl = job.spec?.ttlSecondsAfterFinished
  const finished = job.status?.conditions?.find((c) => (c.type === 'Complete' || c.type === 'Failed') && c.status === 'True')
  if (ttl === undefined || !finished || job.metadata.deletionTimestamp) return undefined
  return Date.parse(finished.lastTransitionTime ?? '') + ttl * 1000 - now
}

export const ttlAfterFinishedController = defineController<Job>({
  name: 'ttl-after-finished-controller',
  for: jobs,
  async reconcile(job, { client, clock }) {
    const left = timeLeft(job, clock.now())
    if (left === undefined) return undefined
    if (left > 0) return { requeueAfterMs: left }
    const { name = '', namespace, uid, resourceVersion } = job.metadata
    // The ttl may have been raised since: only this very state of the Job may go.
    const preconditions = { ...(uid ? { uid } : {}), ...(resourceVersion ? { resourceVersion } : {}) }
    try {
      await client.delete(jobs, name, { namespace, propagationPolicy: 'Foreground', preconditions })
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
    return undefined
  },
})
