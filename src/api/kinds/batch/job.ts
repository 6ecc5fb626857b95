import type { Job, JobSpec } from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'
import { defaultPodTemplate } from '../pod-spec/defaults.ts'
import { prepareNewTemplated, prepareTemplated } from '../pod-spec/template-writes.ts'
import { workloadWarnings } from '../pod-spec/warnings.ts'
import { age, containerCells, humanDuration, selectorCell } from '../table.ts'
import { validateJob, validateJobUpdate } from './job-validation.ts'

const isEmpty = (map: object | undefined): boolean => map === undefined || Object.keys(map).length === 0

export function defaultJobSpec(spec: JobSpec): void {
  for (const rule of spec.podFailurePolicy?.rules ?? []) {
    for (const pattern of rule.onPodConditions ?? []) if (!pattern.status) pattern.status = 'True'
  }
  defaultPodTemplate(spec.template)
}

/** One map, as in Go: what the selector adds to the template's labels is added to these too. */
function defaultLabels({ metadata, spec }: Pick<Job, 'metadata' | 'spec'>): void {
  const labels = spec?.template?.metadata?.labels
  if (labels && !isEmpty(labels) && isEmpty(metadata.labels)) metadata.labels = labels
}

function defaultJob({ metadata, spec }: Job): void {
  if (!spec) return
  if (spec.completions == null && spec.parallelism == null) spec.completions = 1
  spec.parallelism ??= 1
  spec.backoffLimit ??= spec.backoffLimitPerIndex == null ? 6 : 2147483647
  defaultLabels({ metadata, spec })
  spec.completionMode ??= 'NonIndexed'
  spec.suspend ??= false
  spec.podReplacementPolicy ??= spec.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed'
  spec.manualSelector ??= false
  defaultJobSpec(spec)
}

/** Unless the client selects by itself, a job owns the pods that carry its uid (generateSelector). */
function generateSelector({ metadata, spec }: Job): void {
  if (!spec || spec.manualSelector) return
  const template = spec.template
  // An object that waits for its name is a copy, whose maps are its own.
  if (metadata.generateName && metadata.labels && metadata.labels === template.metadata?.labels) {
    metadata.labels = { ...metadata.labels }
  }
  template.metadata ??= {}
  template.metadata.labels ??= {}
  const own: Record<string, string> = template.metadata.labels
  const add = (key: string, value: string) => {
    if (!Object.hasOwn(own, key)) own[key] = value
  }
  add('batch.kubernetes.io/job-name', metadata.name ?? '')
  add('batch.kubernetes.io/controller-uid', metadata.uid ?? '')
  add('job-name', metadata.name ?? '')
  add('controller-uid', metadata.uid ?? '')
  spec.selector ??= {}
  const wanted = { ...spec.selector.matchLabels }
  if (!Object.hasOwn(wanted, 'batch.kubernetes.io/controller-uid')) {
    wanted['batch.kubernetes.io/controller-uid'] = metadata.uid ?? ''
  }
  spec.selector.matchLabels = wanted
}

function completionsCell({ spec, status }: Job): string {
  const succeeded = status?.succeeded ?? 0
  if (spec?.completions != null) return `${succeeded}/${spec.completions}`
  const parallelism = spec?.parallelism ?? 0
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`
}

function statusCell(job: Job): string {
  const has = (type: string) => job.status?.conditions?.some((c) => c.type === type && c.status === 'True') ?? false
  if (has('Complete')) return 'Complete'
  if (has('Failed')) return 'Failed'
  if (job.metadata.deletionTimestamp) return 'Terminating'
  if (has('Suspended')) return 'Suspended'
  if (has('FailureTarget')) return 'FailureTarget'
  return has('SuccessCriteriaMet') ? 'SuccessCriteriaMet' : 'Running'
}

function durationCell({ status }: Job, now: number): string {
  if (!status?.startTime) return ''
  const end = status.completionTime ? Date.parse(status.completionTime) : now
  return humanDuration(end - Date.parse(status.startTime))
}

/** An indexed job can be too big for what its status can tell. */
export function indexWarnings(spec: JobSpec | undefined, at: string): string[] {
  const { completionMode, completions, parallelism } = spec ?? {}
  if (completionMode !== 'Indexed' || (completions ?? 0) <= 100_000 || (parallelism ?? 0) <= 10_000) return []
  return [
    `${at}: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail`,
  ]
}

export const job = kind<Job>({
  gvk: 'batch/v1/Job',
  warnings: workloadWarnings(
    ({ spec }) => spec?.template,
    'spec.template',
    true,
    ({ spec }) => indexWarnings(spec, 'spec'),
  ),
  validate: validateJob,
  validateUpdate: validateJobUpdate,
  specFields: ['spec'],
  defaultPropagation: 'orphan',
  defaults: defaultJob,
  prepareForCreate: (object) => {
    generateSelector(object)
    prepareNewTemplated(object)
  },
  prepareForUpdate: (object, old, context) => {
    prepareTemplated(object, old, context)
    // What is stored is read with defaults again, and the template may be another than the one that came.
    defaultLabels(object)
  },
  cells: (object, now) => [
    object.metadata.name,
    statusCell(object),
    completionsCell(object),
    durationCell(object, now),
    age(object, now),
    ...containerCells(object.spec?.template?.spec),
    selectorCell(object.spec?.selector),
  ],
  unknownField: (field) => `field label ${JSON.stringify(field)} not supported for Job`,
  selectableFields: { 'status.successful': (object) => String(object.status?.succeeded ?? 0) },
})
