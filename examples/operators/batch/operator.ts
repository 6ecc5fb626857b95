import { customResource, defineOperator, type ObjectOf, parseSchedule, schema } from 'slipway/operators'
import { decide, type Run } from './decide.ts'

export const Batch = customResource({
  group: 'example.com',
  version: 'v1',
  kind: 'Batch',
  plural: 'batches',
  spec: schema.object({
    schedule: schema.string().describe('As cron has it: 0 3 * * *, @hourly, @every 90s; in UTC'),
    image: schema.string(),
    command: schema.array(schema.string()).optional(),
    overlap: schema.enum('allow', 'forbid', 'replace').default('forbid').describe('What happens when the run before is not done'),
    suspended: schema.boolean().default(false),
    retries: schema.integer().min(0).max(10).default(0),
    keep: schema
      .object({ succeeded: schema.integer().min(0).default(3), failed: schema.integer().min(0).default(1) })
      .default({}),
  }),
  status: schema.object({ lastRun: schema.string(), nextRun: schema.string(), running: schema.integer() }),
  columns: {
    Schedule: '.spec.schedule',
    Running: '.status.running',
    'Last run': '.status.lastRun',
    'Next run': '.status.nextRun',
  },
})
export type Batch = ObjectOf<typeof Batch>

const label = 'example.com/batch'
const atAnnotation = 'example.com/scheduled-at'

export default defineOperator({
  for: Batch,
  owns: ['Job'],

  reconcile({ object: batch, child, list, event, clock }) {
    const { name, namespace, creationTimestamp } = batch.metadata
    const { spec, status } = batch
    const runs = list('Job', namespace)
      .filter((job) => job.metadata.ownerReferences?.some((o) => o.uid === batch.metadata.uid))
      .map((job): Run => {
        const end = job.status?.conditions?.find((c) => (c.type === 'Complete' || c.type === 'Failed') && c.status === 'True')
        const state = end ? (end.type === 'Complete' ? 'succeeded' : 'failed') : 'running'
        return { name: job.metadata.name ?? '', at: Number(job.metadata.annotations?.[atAnnotation]), state }
      })

    const since = Date.parse(status?.lastRun ?? creationTimestamp ?? '')
    const decision = decide(spec, parseSchedule(spec.schedule), runs, since, clock.now())
    if (decision.start !== undefined) {
      const labels = { [label]: name }
      const metadata = {
        name: `${name}-${decision.start / 1000}`,
        labels,
        annotations: { [atAnnotation]: String(decision.start) },
      }
      const containers = [{ name: 'run', image: spec.image, ...(spec.command ? { command: spec.command } : {}) }]
      const template = { metadata: { labels }, spec: { restartPolicy: 'Never' as const, containers } }
      child('Job', { metadata, spec: { backoffLimit: spec.retries, template } })
    }
    if (decision.skipped) event('Normal', 'Skipped', 'The run before is not done')

    const running = runs.filter((run) => run.state === 'running' && decision.keep.has(run.name)).length
    const lastRun = decision.handled === undefined ? undefined : { lastRun: new Date(decision.handled).toISOString() }
    const nextRun = decision.next === undefined ? undefined : new Date(decision.next).toISOString()
    return {
      status: {
        running: running + (decision.start === undefined ? 0 : 1),
        nextRun,
        ...lastRun,
        Ready: spec.suspended ? { status: 'True', reason: 'Suspended' } : true,
      },
      // Jobs are not declared again: what they run is what the batch said when they began.
      keep: (job) => decision.keep.has(job.metadata.name ?? ''),
      ...(decision.next === undefined ? {} : { requeueAfter: Math.max(decision.next - clock.now(), 0) }),
    }
  },

  validate({ spec }) {
    try {
      parseSchedule(spec.schedule)
      return []
    } catch (error) {
      return [{ field: 'spec.schedule', message: (error as Error).message }]
    }
  },
})
