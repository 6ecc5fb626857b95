import type { CronJob } from '../../../apimachinery/kinds.generated.ts'
import { type KindContext, kind } from '../kind.ts'
import { dropDisabledTemplateFields } from '../pod-spec/disabled-fields.ts'
import { workloadWarnings } from '../pod-spec/warnings.ts'
import { dropStatus, keepOther } from '../status.ts'
import { age, containerCells, selectorCell, since, yesNo } from '../table.ts'
import { validateCronJob, validateCronJobUpdate } from './cron-job-validation.ts'
import { defaultJobSpec, indexWarnings } from './job.ts'

const jobAt = 'spec.jobTemplate.spec'
const templateWarnings = workloadWarnings<CronJob>(
  ({ spec }) => spec?.jobTemplate?.spec?.template,
  `${jobAt}.template`,
  true,
  ({ spec }) => indexWarnings(spec?.jobTemplate?.spec, jobAt),
)

/** An update may keep a zone in its schedule, which a new object may not have. */
function zoneWarnings({ spec }: CronJob, old: CronJob | undefined, { subresource }: KindContext): string[] {
  if (!old || subresource !== '' || !spec?.schedule.includes('TZ')) return []
  return [
    'cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details',
  ]
}

export const cronJob = kind<CronJob>({
  gvk: 'batch/v1/CronJob',
  warnings: (object, old, context) => [...templateWarnings(object, old, context), ...zoneWarnings(object, old, context)],
  validate: validateCronJob,
  validateUpdate: validateCronJobUpdate,
  specFields: ['spec'],
  defaults: ({ spec }) => {
    if (!spec) return
    if (!spec.concurrencyPolicy) spec.concurrencyPolicy = 'Allow'
    spec.suspend ??= false
    spec.successfulJobsHistoryLimit ??= 3
    spec.failedJobsHistoryLimit ??= 1
    if (spec.jobTemplate?.spec) defaultJobSpec(spec.jobTemplate.spec)
  },
  prepareForCreate: (object) => {
    dropStatus(object)
    dropDisabledTemplateFields(object.spec?.jobTemplate?.spec?.template)
  },
  prepareForUpdate: (object, old, context) => {
    keepOther(object, old, context)
    dropDisabledTemplateFields(object.spec?.jobTemplate?.spec?.template, old.spec?.jobTemplate?.spec?.template)
  },
  cells: ({ metadata, spec, status, ...rest }, now) => [
    metadata.name,
    spec?.schedule ?? '',
    spec?.timeZone ?? '<none>',
    yesNo(spec?.suspend),
    status?.active?.length ?? 0,
    status?.lastScheduleTime ? since(status.lastScheduleTime, now) : '<none>',
    age({ metadata, ...rest }, now),
    ...containerCells(spec?.jobTemplate?.spec?.template?.spec),
    selectorCell(spec?.jobTemplate?.spec?.selector),
  ],
})
