import type { CronJob } from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'
import { workloadWarnings } from '../pod-spec/warnings.ts'
import { dropStatus, keepOther, statusResetFields } from '../status.ts'
import { age, containerCells, selectorCell, since, yesNo } from '../table.ts'
import { validateCronJob, validateCronJobUpdate } from './cron-job-validation.ts'
import { defaultJobSpec } from './job.ts'

export const cronJob = kind<CronJob>({
  gvk: 'batch/v1/CronJob',
  warnings: workloadWarnings(({ spec }) => spec?.jobTemplate?.spec?.template, 'spec.jobTemplate.spec.template'),
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
  prepareForCreate: dropStatus,
  prepareForUpdate: keepOther,
  resetFields: statusResetFields,
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
