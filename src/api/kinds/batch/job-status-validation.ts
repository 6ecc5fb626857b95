import { duplicate, type FieldError, invalid, required } from '../../../apimachinery/field-error.ts'
import type { Job, JobStatus } from '../../../apimachinery/kinds.generated.ts'
import { internal } from '../../schema/internal.ts'
import { checkNotNegative, type Errors, immutableText, invalidOmitted, isSame } from '../errors.ts'
import { countIndexes, overlap } from './indexes.ts'

const isTrue = (job: Job, type: string): boolean =>
  job.status?.conditions?.some((c) => c.type === type && c.status === 'True') ?? false
const isFinished = (job: Job): boolean => isTrue(job, 'Complete') || isTrue(job, 'Failed')

function validateUncounted({ uncountedTerminatedPods: pods }: JobStatus, errors: Errors): void {
  const seen = new Set<string>()
  for (const field of ['succeeded', 'failed'] as const) {
    for (const [i, uid] of (pods?.[field] ?? []).entries()) {
      const path = `status.uncountedTerminatedPods.${field}[${i}]`
      if (uid === '') errors.push(invalid(path, uid, 'must not be empty'))
      else if (seen.has(uid)) errors.push(duplicate(path, uid))
      seen.add(uid)
    }
  }
}

/** A rule holds only for what this update changes: an old mistake does not stop another update. */
class StatusCheck {
  readonly errors: Errors = []
  readonly #job: Job
  readonly #old: Job
  readonly #status: JobStatus

  constructor(job: Job, old: Job) {
    this.#job = job
    this.#old = old
    this.#status = job.status ?? {}
  }

  #is(type: string): boolean {
    return isTrue(this.#job, type)
  }

  #turned(type: string): boolean {
    return isTrue(this.#job, type) !== isTrue(this.#old, type)
  }

  #changed(field: keyof JobStatus): boolean {
    return !isSame(this.#status[field], this.#old.status?.[field])
  }

  #conditions(isWrong: boolean, text: string): void {
    if (isWrong) this.errors.push(invalidOmitted('status.conditions', text))
  }

  #field(field: keyof JobStatus, isWrong: boolean, text: string): void {
    if (isWrong) this.errors.push(invalid(`status.${field}`, this.#status[field] ?? null, text))
  }

  run(): FieldError[] {
    for (const field of ['active', 'succeeded', 'failed', 'ready', 'terminating'] as const) {
      checkNotNegative(this.#status[field], `status.${field}`, this.errors)
    }
    validateUncounted(this.#status, this.errors)
    this.#completion()
    this.#finished()
    this.#indexes()
    this.#success()
    this.#transitions()
    return this.errors
  }

  #completion(): void {
    const complete = this.#is('Complete')
    const turned = this.#turned('Complete')
    if (turned || this.#turned('Failed')) {
      this.#conditions(complete && this.#is('Failed'), 'cannot set Complete=True and Failed=true conditions')
    }
    if (turned || this.#turned('FailureTarget')) {
      this.#conditions(complete && this.#is('FailureTarget'), 'cannot set Complete=True and FailureTarget=true conditions')
    }
    const { completionTime, startTime } = this.#status
    if (turned || this.#changed('completionTime')) {
      const text = 'cannot set completionTime when there is no Complete=True condition'
      this.#field('completionTime', completionTime !== undefined && !complete, text)
      if (completionTime === undefined && complete) {
        this.errors.push(required('status.completionTime', 'completionTime is required for Complete jobs'))
      }
    }
    if ((this.#changed('startTime') || this.#changed('completionTime')) && startTime && completionTime) {
      const isBefore = Date.parse(completionTime) < Date.parse(startTime)
      this.#field('completionTime', isBefore, 'must be equal to or after `startTime`')
    }
    if (this.#turned('Failed') || this.#changed('failedIndexes')) {
      const text = 'cannot set Failed=True condition without the FailureTarget=true condition'
      this.#conditions(this.#is('Failed') && !this.#is('FailureTarget'), text)
    }
    if (turned || this.#turned('SuccessCriteriaMet')) {
      const text = 'cannot set Complete=True condition without the SuccessCriteriaMet=true condition'
      this.#conditions(complete && !this.#is('SuccessCriteriaMet'), text)
    }
  }

  #finished(): void {
    const finished = isFinished(this.#job)
    const turned = finished !== isFinished(this.#old)
    const { active = 0, startTime, uncountedTerminatedPods: pods, terminating = 0 } = this.#status
    if (turned || this.#changed('active')) this.#field('active', active > 0 && finished, 'active>0 is invalid for finished job')
    const isIdle = this.#job.spec?.suspend === true && this.#job.spec.completions === 0
    if ((turned || this.#changed('startTime')) && !isIdle && startTime === undefined && finished) {
      this.errors.push(required('status.startTime', 'startTime is required for finished job'))
    }
    if (turned || this.#changed('uncountedTerminatedPods')) {
      const some = (pods?.failed?.length ?? 0) + (pods?.succeeded?.length ?? 0) > 0
      const shown = internal('*batch.UncountedTerminatedPods', pods)
      if (finished && some) this.errors.push(invalid('status.uncountedTerminatedPods', shown, 'must be empty for finished job'))
    }
    if (turned || this.#changed('terminating')) {
      this.#field('terminating', terminating > 0 && finished, 'terminating>0 is invalid for finished job')
    }
    const { ready } = this.#status
    if (this.#changed('ready') || this.#changed('active')) {
      this.#field('ready', ready !== undefined && ready > active, 'cannot set more ready pods than active')
    }
  }

  #indexes(): void {
    const { completions, completionMode, backoffLimitPerIndex } = this.#job.spec ?? {}
    const { completedIndexes = '', failedIndexes } = this.#status
    const completedChanged = this.#changed('completedIndexes')
    const failedChanged = this.#changed('failedIndexes')
    const check = (field: 'completedIndexes' | 'failedIndexes', text: string) => {
      const found = countIndexes(text, completions ?? 0)
      if (typeof found === 'string') this.errors.push(invalid(`status.${field}`, text, `error parsing ${field}: ${found}`))
    }
    if (completions != null) {
      if (completedChanged) check('completedIndexes', completedIndexes)
      if (failedChanged && backoffLimitPerIndex != null && failedIndexes !== undefined) check('failedIndexes', failedIndexes)
    }
    if (completedChanged) {
      const text = 'cannot set non-empty completedIndexes when non-indexed completion mode'
      this.#field('completedIndexes', completedIndexes !== '' && completionMode !== 'Indexed', text)
    }
    if (failedChanged) {
      const text = 'cannot set non-null failedIndexes when backoffLimitPerIndex is null'
      this.#field('failedIndexes', backoffLimitPerIndex == null && failedIndexes !== undefined, text)
    }
    if ((completedChanged || failedChanged) && completions != null && failedIndexes !== undefined) {
      const both = overlap(completedIndexes, failedIndexes, completions)
      const text = `failedIndexes and completedIndexes overlap at index: ${both}`
      this.#field('failedIndexes', both !== undefined, text)
    }
  }

  #success(): void {
    const met = this.#is('SuccessCriteriaMet')
    this.#conditions(met && this.#is('Failed'), 'cannot set SuccessCriteriaMet=True and Failed=true conditions')
    this.#conditions(met && this.#is('FailureTarget'), 'cannot set SuccessCriteriaMet=True and FailureTarget=true conditions')
    const text = 'cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True'
    this.#conditions(this.#job.spec?.successPolicy !== undefined && !met && this.#is('Complete'), text)
  }

  #transitions(): void {
    const old = this.#old.status ?? {}
    const { spec } = this.#job
    for (const type of ['Failed', 'Complete', 'FailureTarget']) {
      const text = `cannot disable the terminal ${type}=True condition`
      this.#conditions(isTrue(this.#old, type) && !this.#is(type), text)
    }
    const { failed = 0, succeeded = 0, completionTime, startTime } = this.#status
    if (failed < (old.failed ?? 0)) this.errors.push(invalid('status.failed', failed, 'cannot decrease the failed counter'))
    const mayShrink = spec?.completionMode === 'Indexed' && isSame(spec.completions, spec.parallelism)
    if (!mayShrink && succeeded < (old.succeeded ?? 0)) {
      this.errors.push(invalid('status.succeeded', succeeded, 'cannot decrease the succeeded counter'))
    }
    const isMoved = completionTime !== undefined && old.completionTime !== undefined && completionTime !== old.completionTime
    this.#field('completionTime', isMoved, immutableText)
    const resumes = isTrue(this.#old, 'Suspended') && this.#isFalse('Suspended')
    const restarted = old.startTime !== undefined && old.startTime !== startTime && !spec?.suspend
    if (!resumes) this.#field('startTime', restarted, 'field is immutable for unsuspended job once set')
    const wasMet = isTrue(this.#old, 'SuccessCriteriaMet')
    const met = this.#is('SuccessCriteriaMet')
    this.#conditions(wasMet && !met, 'cannot disable the SuccessCriteriaMet=True condition')
    const text = 'cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions'
    this.#conditions(isTrue(this.#old, 'Complete') && !wasMet && met, text)
  }

  #isFalse(type: string): boolean {
    return this.#status.conditions?.some((c) => c.type === type && c.status === 'False') ?? false
  }
}

export const validateJobStatus = (job: Job, old: Job): FieldError[] => new StatusCheck(job, old).run()
