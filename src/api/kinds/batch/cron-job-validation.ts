import { type FieldError, invalid, notSupported } from '../../../apimachinery/field-error.ts'
import type { CronJob, CronJobSpec } from '../../../apimachinery/kinds.generated.ts'
import type { Steps } from '../../../apimachinery/steps.ts'
import { internal } from '../../schema/internal.ts'
import { checkChoice, checkNotNegative, type Errors, requireText } from '../errors.ts'
import type { KindContext } from '../kind.ts'
import type { PodRules } from '../pod-spec/options.ts'
import { rulesOfTemplate } from '../pod-spec/rules-of.ts'
import { scheduleProblem } from './cron-schedule.ts'
import { validateJobTemplate } from './job-validation.ts'
import { isTimeZone } from './time-zone.ts'

function validateSchedule(spec: CronJobSpec, old: CronJobSpec | undefined, errors: Errors): void {
  const { schedule, timeZone } = spec
  const at = 'spec.schedule'
  if (!requireText(schedule, at, errors)) return
  const problem = scheduleProblem(schedule)
  if (problem !== undefined) errors.push(invalid(at, schedule, problem))
  if (!schedule.includes('TZ')) return
  if (!old?.schedule.includes('TZ')) {
    errors.push(invalid(at, schedule, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'))
  } else if (timeZone !== undefined) {
    errors.push(invalid(at, schedule, 'cannot use both timeZone field and TZ or CRON_TZ in schedule'))
  }
}

const zonePart = /^[A-Za-z.\-_0-9+]{1,14}$/

function validateTimeZone(zone: string | undefined, errors: Errors): void {
  if (zone === undefined) return
  const at = 'spec.timeZone'
  if (zone === '') {
    errors.push(invalid(at, zone, 'timeZone must be nil or non-empty string'))
    return
  }
  const unknown = `unknown time zone ${zone}`
  for (const part of zone.split('/')) {
    if (part === '.' || part === '..' || part.startsWith('-') || !zonePart.test(part)) {
      errors.push(invalid(at, zone, unknown))
      return
    }
  }
  if (zone.toLowerCase() === 'local') {
    const text = 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones'
    errors.push(invalid(at, zone, text))
  }
  if (!isTimeZone(zone)) errors.push(invalid(at, zone, unknown))
}

function* validateSpec(spec: CronJobSpec, old: CronJobSpec | undefined, rules: PodRules, errors: Errors): Steps<void> {
  validateSchedule(spec, old, errors)
  checkNotNegative(spec.startingDeadlineSeconds, 'spec.startingDeadlineSeconds', errors)
  if (!old || old.timeZone !== spec.timeZone) validateTimeZone(spec.timeZone, errors)
  checkChoice(spec.concurrencyPolicy, ['Allow', 'Forbid', 'Replace'], 'spec.concurrencyPolicy', errors)
  const job = spec.jobTemplate?.spec
  const at = 'spec.jobTemplate.spec'
  yield* validateJobTemplate(job ?? { template: { metadata: {} } }, at, rules, errors)
  if (job?.selector)
    errors.push(invalid(`${at}.selector`, internal('*meta/v1.LabelSelector', job.selector), '`selector` will be auto-generated'))
  if (job?.manualSelector) errors.push(notSupported(`${at}.manualSelector`, true, ['nil', 'false']))
  checkNotNegative(spec.successfulJobsHistoryLimit, 'spec.successfulJobsHistoryLimit', errors)
  checkNotNegative(spec.failedJobsHistoryLimit, 'spec.failedJobsHistoryLimit', errors)
}

export function* validateCronJob({ metadata, spec }: CronJob): Steps<FieldError[]> {
  const errors: Errors = []
  if (spec) yield* validateSpec(spec, undefined, rulesOfTemplate(), errors)
  const name = metadata.name ?? ''
  if (name.length > 52) errors.push(invalid('metadata.name', name, 'must be no more than 52 characters'))
  return errors
}

export function* validateCronJobUpdate({ spec }: CronJob, old: CronJob, { subresource }: KindContext): Steps<FieldError[]> {
  const errors: Errors = []
  if (!spec || subresource === 'status') return errors
  yield* validateSpec(spec, old.spec, rulesOfTemplate(old.spec?.jobTemplate?.spec?.template), errors)
  return errors
}
