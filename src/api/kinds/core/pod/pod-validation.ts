import { type FieldError, forbiddenField, invalid, required } from '../../../../apimachinery/field-error.ts'
import type { Container, Pod, PodSpec, Toleration } from '../../../../apimachinery/kinds.generated.ts'
import { rangeText } from '../../../../apimachinery/names.ts'
import type { Steps } from '../../../../apimachinery/steps.ts'
import { structDiff, structDiffSteps } from '../../diff.ts'
import { type Errors, isSame, isSameAs } from '../../errors.ts'
import type { KindContext } from '../../kind.ts'
import { appArmorPrefix, validatePodAnnotations } from '../../pod-spec/annotations.ts'
import { checkImageSpaces } from '../../pod-spec/containers.ts'
import type { PodRules } from '../../pod-spec/options.ts'
import { rulesOfPod } from '../../pod-spec/rules-of.ts'
import { validateSecurityAnnotations } from '../../pod-spec/security-annotations.ts'
import { validateTolerations } from '../../pod-spec/tolerations.ts'
import { validatePodSpec } from '../../pod-spec/validate.ts'
import { validateGatedPlacement } from './pod-gated-update.ts'
import { validateResize } from './pod-resize.ts'
import { validatePodStatus } from './pod-status-validation.ts'

const mirror = 'kubernetes.io/config.mirror'

/** So many take a moment. */
const manyContainers = 100

function* validateSpec(pod: Pod, rules: PodRules, errors: Errors): Steps<void> {
  const spec = pod.spec ?? { containers: [] }
  validatePodAnnotations(pod.metadata.annotations ?? {}, spec, 'metadata.annotations', rules, errors)
  yield* validatePodSpec(spec, 'spec', rules, errors)
  if ((spec.containers?.length ?? 0) > manyContainers) yield
  if (!spec.serviceAccountName) {
    spec.volumes?.forEach(({ projected }, i) => {
      projected?.sources?.forEach(({ serviceAccountToken }, j) => {
        if (!serviceAccountToken) return
        const path = `spec.volumes[${i}].projected.sources[${j}].serviceAccountToken`
        errors.push(forbiddenField(path, 'must not be specified when serviceAccountName is not set'))
      })
    })
  }
  spec.containers?.forEach((c, i) => {
    checkImageSpaces(c, `spec.containers[${i}]`, errors)
  })
  spec.initContainers?.forEach((c, i) => {
    checkImageSpaces(c, `spec.initContainers[${i}]`, errors)
  })
}

export function* validatePod(pod: Pod): Steps<FieldError[]> {
  const errors: Errors = []
  yield* validateSpec(pod, rulesOfPod(pod.metadata), errors)
  const { spec } = pod
  if (spec?.ephemeralContainers?.length) errors.push(forbiddenField('spec.ephemeralContainers', 'cannot be set on create'))
  if (spec?.nodeName && spec.schedulingGates?.length) {
    errors.push(forbiddenField('spec.nodeName', 'cannot be set until all schedulingGates have been cleared'))
  }
  if (spec) validateSecurityAnnotations(pod.metadata.annotations, spec, 'spec', errors)
  return errors
}

export function* validatePodUpdate(pod: Pod, old: Pod, { subresource }: KindContext): Steps<FieldError[]> {
  const errors: Errors = []
  if (subresource === 'status') {
    validateAnnotationChanges(pod, old, errors)
    validatePodStatus(pod, old, errors)
    return errors
  }
  yield* validateSpec(pod, rulesOfPod(pod.metadata, old), errors)
  if (subresource === 'resize') return validateResize(pod, old, errors)
  validateAnnotationChanges(pod, old, errors)
  if (subresource === 'ephemeralcontainers') return validateEphemeral(pod, old, errors)
  yield* validateSpecChange(pod, old, errors)
  return errors
}

function validateAnnotationChanges(pod: Pod, old: Pod, errors: Errors): void {
  const now = pod.metadata.annotations ?? {}
  const before = old.metadata.annotations ?? {}
  const path = (key: string) => `metadata.annotations[${key}]`
  for (const key of Object.keys(before)) {
    if (now[key] === before[key]) continue
    if (key.startsWith(appArmorPrefix)) errors.push(forbiddenField(path(key), 'may not remove or update AppArmor annotations'))
    if (key === mirror) errors.push(forbiddenField(path(key), 'may not remove or update mirror pod annotation'))
  }
  for (const key of Object.keys(now)) {
    if (Object.hasOwn(before, key)) continue
    if (key.startsWith(appArmorPrefix)) errors.push(forbiddenField(path(key), 'may not add AppArmor annotations'))
    if (key === mirror) errors.push(forbiddenField(path(key), 'may not add mirror pod annotation'))
  }
  const rules = rulesOfPod(pod.metadata, old)
  validatePodAnnotations(now, pod.spec ?? { containers: [] }, 'metadata.annotations', rules, errors)
}

/** Returns whether the number of containers changed, after which nothing more is compared. */
function validateContainerChange(
  nowOrNull: readonly Container[] | null | undefined,
  oldOrNull: readonly Container[] | null | undefined,
  at: string,
  errors: Errors,
): boolean {
  // A required list that is not there is null, as Go writes it.
  const [now, old] = [nowOrNull ?? [], oldOrNull ?? []]
  if (now.length !== old.length) {
    errors.push(forbiddenField(at, 'pod updates may not add or remove containers'))
    return true
  }
  now.forEach((container, i) => {
    if (!container.image) errors.push(required(`${at}[${i}].image`))
    checkImageSpaces(container, `${at}[${i}]`, errors)
  })
  return false
}

/** Returns whether the deadline's own problem ends the comparison. */
function validateDeadline(spec: PodSpec, old: PodSpec, errors: Errors): boolean {
  const path = 'spec.activeDeadlineSeconds'
  const now = spec.activeDeadlineSeconds
  const before = old.activeDeadlineSeconds
  if (now == null) {
    if (before != null) errors.push(invalid(path, null, 'must not update from a positive integer to nil value'))
    return false
  }
  if (now < 0 || now > 2147483647) errors.push(invalid(path, now, rangeText(0, 2147483647)))
  else if (before != null && before < now) errors.push(invalid(path, now, 'must be less than or equal to previous value'))
  else return false
  return true
}

const updatable = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
].join(',')

function* validateSpecChange(pod: Pod, oldPod: Pod, errors: Errors): Steps<void> {
  const { spec } = pod
  const old = oldPod.spec
  if (!spec || !old) return
  if (validateContainerChange(spec.containers, old.containers, 'spec.containers', errors)) return
  if (validateContainerChange(spec.initContainers, old.initContainers, 'spec.initContainers', errors)) return
  if (validateDeadline(spec, old, errors)) return
  validateAddedTolerations(spec.tolerations, old.tolerations, errors)
  validateGatesOnlyDeleted(spec, old, errors)
  yield
  if (isSameAs('core.PodSpec', spec, old)) return
  yield
  const rest = withoutUpdatable(spec, old)
  if (old.schedulingGates?.length) validateGatedPlacement(rest, old, errors)
  if (isSameAs('core.PodSpec', rest, old)) return
  const difference = yield* structDiffSteps('core.PodSpec', old, rest)
  errors.push(forbiddenField('spec', `pod updates may not change fields other than ${updatable}\n${difference}`))
}

/** `spec` with what an update may change set back to what it was. */
function withoutUpdatable(spec: PodSpec, old: PodSpec): PodSpec {
  const images = (now: readonly Container[] = [], before: readonly Container[] = []) =>
    now.map((container, i) => ({ ...container, image: before[i]?.image ?? '' }))
  const rest: PodSpec = { ...spec, containers: images(spec.containers, old.containers) }
  if (spec.initContainers) rest.initContainers = images(spec.initContainers, old.initContainers)
  for (const field of ['activeDeadlineSeconds', 'schedulingGates', 'tolerations'] as const) {
    if (old[field] === undefined) delete rest[field]
    else Object.assign(rest, { [field]: old[field] })
  }
  const before = old.terminationGracePeriodSeconds
  if (before != null && before < 0 && rest.terminationGracePeriodSeconds === 1) rest.terminationGracePeriodSeconds = before
  return rest
}

function validateAddedTolerations(now: readonly Toleration[] = [], old: readonly Toleration[] = [], errors: Errors): void {
  const kept = old.every((before) =>
    now.some((t) => isSame({ ...t, tolerationSeconds: undefined }, { ...before, tolerationSeconds: undefined })),
  )
  if (!kept) {
    const text = 'existing toleration can not be modified except its tolerationSeconds'
    errors.push(forbiddenField('spec.tolerations', text))
    return
  }
  validateTolerations(now, 'spec.tolerations', errors)
}

function validateGatesOnlyDeleted(spec: PodSpec, old: PodSpec, errors: Errors): void {
  const before = new Set(old.schedulingGates?.map((g) => g.name))
  // Of gates with one name the last is told.
  const added = new Map((spec.schedulingGates ?? []).map(({ name }, i) => [name, i]))
  added.forEach((i, name) => {
    if (before.has(name)) return
    const text = `only deletion is allowed, but found new scheduling gate '${name}'`
    errors.push(forbiddenField(`spec.schedulingGates[${i}].name`, text))
  })
}

function validateEphemeral(pod: Pod, old: Pod, errors: Errors): FieldError[] {
  if (old.metadata.annotations?.[mirror] !== undefined) {
    return [forbiddenField('[]', 'static pods do not support ephemeral containers')]
  }
  const path = 'spec.ephemeralContainers'
  const now = new Map(pod.spec?.ephemeralContainers?.map((c) => [c.name, c]))
  for (const before of old.spec?.ephemeralContainers ?? []) {
    const container = now.get(before.name)
    const text = `existing ephemeral containers ${JSON.stringify(before.name)} may not be`
    if (!container) errors.push(forbiddenField(path, `${text} removed\n`))
    else if (!isSame(container, before))
      errors.push(forbiddenField(path, `${text} changed\n${structDiff('core.EphemeralContainer', before, container)}`))
  }
  return errors
}
