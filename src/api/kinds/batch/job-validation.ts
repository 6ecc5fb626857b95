import { type FieldError, invalid, notSupported, required } from '../../../apimachinery/field-error.ts'
import type { Job, JobSpec, PodTemplateSpec } from '../../../apimachinery/kinds.generated.ts'
import { isDns1123Label } from '../../../apimachinery/names.ts'
import type { Steps } from '../../../apimachinery/steps.ts'
import { internal } from '../../schema/internal.ts'
import { emptyTemplate, mismatchText, selects } from '../apps/selected-template.ts'
import { checkDomainPath } from '../domain-path.ts'
import { checkLength, checkNotNegative, checkUnchanged, type Errors, isSame } from '../errors.ts'
import type { KindContext } from '../kind.ts'
import type { PodRules } from '../pod-spec/options.ts'
import { rulesOfTemplate } from '../pod-spec/rules-of.ts'
import { validatePodTemplate } from '../pod-spec/validate.ts'
import { hasInvalidValue, validateLabelSelector } from '../selector.ts'
import { validateFailurePolicy, validateReplacementPolicy, validateSuccessPolicy } from './job-policies.ts'
import { validateJobStatus } from './job-status-validation.ts'

const manyIndexes = 100_000
const fewIndexes = 10_000

function validateIndexed(spec: JobSpec, at: string, errors: Errors): void {
  const { completions, parallelism, maxFailedIndexes, backoffLimitPerIndex } = spec
  if (completions == null) errors.push(required(`${at}.completions`, 'when completion mode is Indexed'))
  if (parallelism != null && parallelism > manyIndexes) {
    const text = `must be less than or equal to ${manyIndexes} when completion mode is Indexed`
    errors.push(invalid(`${at}.parallelism`, parallelism, text))
  }
  const failed = `${at}.maxFailedIndexes`
  if (completions != null && maxFailedIndexes != null && maxFailedIndexes > completions) {
    errors.push(invalid(failed, maxFailedIndexes, 'must be less than or equal to completions'))
  }
  if (maxFailedIndexes != null && maxFailedIndexes > manyIndexes) {
    errors.push(invalid(failed, maxFailedIndexes, `must be less than or equal to ${manyIndexes}`))
  }
  if (completions == null || completions <= manyIndexes || backoffLimitPerIndex == null) return
  if (maxFailedIndexes == null) errors.push(required(failed, `must be specified when completions is above ${manyIndexes}`))
  const text = `must be less than or equal to ${fewIndexes} when completions are above ${manyIndexes} and used with backoff limit per index`
  if (parallelism != null && parallelism > fewIndexes) errors.push(invalid(`${at}.parallelism`, parallelism, text))
  if (maxFailedIndexes != null && maxFailedIndexes > fewIndexes) errors.push(invalid(failed, maxFailedIndexes, text))
}

function validateCompletionMode(spec: JobSpec, at: string, errors: Errors): void {
  const mode = spec.completionMode
  if (mode != null && mode !== 'NonIndexed' && mode !== 'Indexed') {
    errors.push(notSupported(`${at}.completionMode`, mode, ['NonIndexed', 'Indexed']))
  }
  if (mode === 'Indexed') validateIndexed(spec, at, errors)
  if (mode != null && mode !== 'NonIndexed') return
  for (const field of ['backoffLimitPerIndex', 'maxFailedIndexes'] as const) {
    if (spec[field] != null) errors.push(invalid(`${at}.${field}`, spec[field], 'requires indexed completion mode'))
  }
}

function validateRestartPolicy(spec: JobSpec, at: string, errors: Errors): void {
  const policy = spec.template?.spec?.restartPolicy
  const path = `${at}.template.spec.restartPolicy`
  if (!policy || policy === 'Always') errors.push(required(path, 'valid values: "OnFailure", "Never"'))
  else if (policy !== 'OnFailure' && policy !== 'Never') errors.push(notSupported(path, policy, ['OnFailure', 'Never']))
  else if (spec.podFailurePolicy && policy !== 'Never') {
    errors.push(invalid(path, policy, 'only "Never" is supported when podFailurePolicy is specified'))
  }
}

const counts = [
  'parallelism',
  'completions',
  'activeDeadlineSeconds',
  'backoffLimit',
  'ttlSecondsAfterFinished',
  'backoffLimitPerIndex',
  'maxFailedIndexes',
] as const

/** A job's spec without its selector, as CronJobs have it. */
export function* validateJobTemplate(spec: JobSpec, at: string, rules: PodRules, errors: Errors): Steps<void> {
  for (const field of counts) checkNotNegative(spec[field], `${at}.${field}`, errors)
  if (spec.maxFailedIndexes != null && spec.backoffLimitPerIndex == null) {
    errors.push(required(`${at}.backoffLimitPerIndex`, 'when maxFailedIndexes is specified'))
  }
  if (spec.managedBy !== undefined) {
    checkDomainPath(spec.managedBy, `${at}.managedBy`, errors)
    checkLength(spec.managedBy, 63, `${at}.managedBy`, errors)
  }
  validateCompletionMode(spec, at, errors)
  if (spec.podFailurePolicy) validateFailurePolicy(spec, spec.podFailurePolicy, `${at}.podFailurePolicy`, errors)
  if (spec.successPolicy) validateSuccessPolicy(spec, spec.successPolicy, `${at}.successPolicy`, errors)
  validateReplacementPolicy(spec, `${at}.podReplacementPolicy`, errors)
  yield* validatePodTemplate(spec.template ?? emptyTemplate, `${at}.template`, rules, errors)
  validateRestartPolicy(spec, at, errors)
}

function* validateSpec(spec: JobSpec, rules: PodRules, anyValue: boolean, errors: Errors): Steps<void> {
  yield* validateJobTemplate(spec, 'spec', rules, errors)
  if (!spec.selector) errors.push(required('spec.selector'))
  else validateLabelSelector(spec.selector, 'spec.selector', errors, anyValue || rules.anySelectorValue)
  const labels = spec.template?.metadata?.labels
  if (selects(spec.selector, labels) === false) {
    errors.push(invalid('spec.template.metadata.labels', internal('map<string>string', labels), mismatchText))
  }
}

function requireLabel(labels: Readonly<Record<string, string>>, key: string, value: string, errors: Errors): void {
  const path = 'spec.template.metadata.labels'
  const found = Object.hasOwn(labels, key) ? labels[key] : undefined
  if (found === undefined) errors.push(required(`${path}[${key}]`, `must be '${value}'`))
  else if (found !== value) errors.push(invalid(`${path}[${key}]`, internal('map<string>string', labels), `must be '${value}'`))
}

/** Unless the client selects by itself, the selector is the one that the server generates. */
function validateGeneratedSelector({ metadata, spec }: Job, errors: Errors): void {
  if (!spec?.selector || spec.manualSelector) return
  const { uid = '', name = '' } = metadata
  if (!uid) errors.push(required('metadata.uid'))
  const labels = spec.template?.metadata?.labels ?? {}
  const own = {
    'controller-uid': uid,
    'job-name': name,
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': name,
  }
  for (const [key, value] of Object.entries(own)) requireLabel(labels, key, value, errors)
  if (selects(spec.selector, own) === false) {
    errors.push(invalid('spec.selector', internal('*meta/v1.LabelSelector', spec.selector), '`selector` not auto-generated'))
  }
}

function* validateAll(job: Job, rules: PodRules, anyValue: boolean, errors: Errors): Steps<void> {
  validateGeneratedSelector(job, errors)
  if (!job.spec) return
  yield* validateSpec(job.spec, rules, anyValue, errors)
  const { completionMode, completions } = job.spec
  if (completionMode !== 'Indexed' || completions == null || completions <= 0) return
  const hostname = `${job.metadata.name}-${completions - 1}`
  if (isDns1123Label(hostname).length > 0) {
    const text = `will not able to create pod with invalid DNS label: ${hostname}`
    errors.push(invalid('metadata.name', job.metadata.name ?? '', text))
  }
}

export function* validateJob(job: Job): Steps<FieldError[]> {
  const errors: Errors = []
  yield* validateAll(job, rulesOfTemplate(), false, errors)
  return errors
}

const isTrue = (job: Job, type: string): boolean =>
  job.status?.conditions?.some((c) => c.type === type && c.status === 'True') ?? false

/** A suspended job that does not run may still be told where its pods go and what they get. */
function mayChangeTemplate(old: Job): boolean {
  const isStopped = old.status?.startTime === undefined || isTrue(old, 'Suspended')
  return old.spec?.suspend === true && isStopped && !old.status?.active
}

function withScheduling(template: PodTemplateSpec, now: PodTemplateSpec): PodTemplateSpec {
  const { affinity, nodeSelector, tolerations, schedulingGates, ...fixed } = template.spec ?? { containers: [] }
  const wanted = now.spec
  const { nodeAffinity: _, ...podAffinities } = affinity ?? {}
  const nodeAffinity = wanted?.affinity?.nodeAffinity
  const others = nodeAffinity ? { ...podAffinities, nodeAffinity } : podAffinities
  return {
    metadata: { ...template.metadata, labels: now.metadata?.labels, annotations: now.metadata?.annotations },
    spec: {
      ...fixed,
      affinity: wanted?.affinity || Object.keys(others).length > 0 ? others : undefined,
      nodeSelector: wanted?.nodeSelector,
      tolerations: wanted?.tolerations,
      schedulingGates: wanted?.schedulingGates,
    },
  } as PodTemplateSpec
}

type Contained = { name: string; resources?: unknown }

/** Required lists may be null in what clients send. */
const withResources = <T extends Contained>(
  given: readonly T[] | null | undefined,
  asked: readonly T[] | null | undefined,
): T[] => {
  const [containers, wanted] = [given ?? [], asked ?? []]
  if (containers.length !== wanted.length) return [...containers]
  return containers.map((c, i) => (c.name === wanted[i]?.name ? { ...c, resources: wanted[i]?.resources } : c))
}

function validateTemplateChange(now: JobSpec, old: Job, errors: Errors): void {
  const template = now.template
  const before = old.spec?.template ?? emptyTemplate
  if (!mayChangeTemplate(old)) {
    checkUnchanged(template, before, 'spec.template', errors, 'core.PodTemplateSpec')
    return
  }
  const fixed = withScheduling(before, template)
  const spec = {
    ...fixed.spec,
    containers: withResources(fixed.spec?.containers, template.spec?.containers),
    initContainers: withResources(fixed.spec?.initContainers, template.spec?.initContainers),
  }
  checkUnchanged(template.spec, spec, 'spec.template.spec', errors, 'core.PodSpec')
}

function validateCompletionsChange(now: JobSpec, old: JobSpec, errors: Errors): void {
  if (now.completionMode !== 'Indexed') checkUnchanged(now.completions, old.completions, 'spec.completions', errors)
  else if (now.completions != null && !isSame(now.completions, old.completions) && now.completions !== now.parallelism) {
    errors.push(invalid('spec.completions', now.completions, 'can only be modified in tandem with spec.parallelism'))
  }
}

const unchanging = [
  ['completionMode', '*string'],
  ['podFailurePolicy', '*batch.PodFailurePolicy'],
  ['backoffLimitPerIndex', '*int32'],
  ['managedBy', '*string'],
  ['successPolicy', '*batch.SuccessPolicy'],
] as const

export function* validateJobUpdate(job: Job, old: Job, { subresource }: KindContext): Steps<FieldError[]> {
  if (subresource === 'status') return validateJobStatus(job, old)
  const errors: Errors = []
  const rules = rulesOfTemplate(old.spec?.template)
  const anyValue = hasInvalidValue(old.spec?.selector)
  yield* validateAll(job, rules, anyValue, errors)
  if (!job.spec || !old.spec) return errors
  yield* validateSpec(job.spec, rules, anyValue, errors)
  validateCompletionsChange(job.spec, old.spec, errors)
  checkUnchanged(job.spec.selector, old.spec.selector, 'spec.selector', errors, '*meta/v1.LabelSelector')
  validateTemplateChange(job.spec, old, errors)
  for (const [field, type] of unchanging) checkUnchanged(job.spec[field], old.spec[field], `spec.${field}`, errors, type)
  return errors
}
