import { type FieldError, forbiddenField, invalid, required } from '../../../apimachinery/field-error.ts'
import type {
  PodTemplateSpec,
  StatefulSet,
  StatefulSetSpec,
  StatefulSetStatus,
  Volume,
} from '../../../apimachinery/kinds.generated.ts'
import type { Steps } from '../../../apimachinery/steps.ts'
import { internal } from '../../schema/internal.ts'
import { strictClaim, validateClaimSpec } from '../core/persistent-volume/claim-spec.ts'
import { checkLabel, checkNotNegative, checkSupported, type Errors, isSameAs } from '../errors.ts'
import type { KindContext } from '../kind.ts'
import { validateAnnotations, validateLabels } from '../meta.ts'
import { validatePodAnnotations } from '../pod-spec/annotations.ts'
import type { PodRules } from '../pod-spec/options.ts'
import { rulesOfTemplate } from '../pod-spec/rules-of.ts'
import { validatePodTemplate } from '../pod-spec/validate.ts'
import { checkNotLess } from './deployment-validation.ts'
import { checkAtMostAll, checkIntOrPercent, internalStrategy, isZero } from './int-or-percent.ts'
import { emptyTemplate, mismatchText, requireEndless, requireSelector, selects } from './selected-template.ts'

/** What a set that already breaks a rule may go on breaking. */
interface SetRules {
  readonly anyServiceName: boolean
  readonly anyTemplate: boolean
  readonly anyClaim: boolean
}

const strictSet: SetRules = { anyServiceName: false, anyTemplate: false, anyClaim: false }

function validateStrategy({ updateStrategy: strategy = {} }: StatefulSetSpec, errors: Errors): void {
  const at = 'spec.updateStrategy'
  const path = `${at}.rollingUpdate`
  const rolling = strategy.rollingUpdate
  if (!strategy.type) {
    errors.push(required(at))
  } else if (strategy.type === 'OnDelete') {
    if (rolling)
      errors.push(
        invalid(
          path,
          internal('*apps.RollingUpdateStatefulSetStrategy', rolling),
          "only allowed for updateStrategy 'RollingUpdate'",
        ),
      )
  } else if (strategy.type !== 'RollingUpdate') {
    const shown = internalStrategy(
      strategy,
      rolling && [
        ['Partition', rolling.partition ?? 0],
        ['MaxUnavailable', rolling.maxUnavailable ?? null],
      ],
    )
    errors.push(invalid(at, shown, "must be 'RollingUpdate' or 'OnDelete'"))
  } else if (rolling) {
    checkNotNegative(rolling.partition, `${path}.partition`, errors)
    if (rolling.maxUnavailable === undefined) return
    checkIntOrPercent(rolling.maxUnavailable, `${path}.maxUnavailable`, errors)
    if (isZero(rolling.maxUnavailable)) errors.push(invalid(`${path}.maxUnavailable`, rolling.maxUnavailable, 'cannot be 0'))
    checkAtMostAll(rolling.maxUnavailable, `${path}.maxUnavailable`, errors)
  }
}

/** The pods' template as the pods will have it: names of their own, and volumes from the claims. */
function effectiveTemplate({ template = emptyTemplate, volumeClaimTemplates: claims = [] }: StatefulSetSpec): PodTemplateSpec {
  const { spec } = template
  if (!spec || !(spec.subdomain || spec.hostname || claims.length > 0)) return template
  const { subdomain: _, hostname: __, ...rest } = spec
  if (claims.length === 0) return { ...template, spec: rest }
  const own = new Map<string, Volume>()
  for (const { metadata } of claims) {
    const name = metadata?.name ?? ''
    own.set(name, { name, persistentVolumeClaim: { claimName: name } })
  }
  const volumes = [...own.values(), ...(spec.volumes ?? []).filter((v) => !own.has(v.name))]
  return { ...template, spec: { ...rest, volumes } }
}

function* validateTemplate(spec: StatefulSetSpec, rules: PodRules, set: SetRules, errors: Errors): Steps<void> {
  const at = 'spec.template'
  const template = effectiveTemplate(spec)
  const { labels, annotations } = template.metadata ?? {}
  const selected = selects(spec.selector, labels)
  if (selected === undefined) {
    errors.push(invalid('spec.selector', internal('*meta/v1.LabelSelector', spec.selector), ''))
    return
  }
  if (!selected) errors.push(invalid(`${at}.metadata.labels`, internal('map<string>string', labels), mismatchText))
  if (!set.anyTemplate) yield* validatePodTemplate(template, at, rules, errors)
  validateLabels(labels, `${at}.labels`, errors)
  validateAnnotations(annotations, `${at}.annotations`, errors)
  if (annotations) validatePodAnnotations(annotations, template.spec ?? { containers: [] }, `${at}.annotations`, rules, errors)
}

const retentions = ['Retain', 'Delete']

function* validateSpec({ spec }: StatefulSet, rules: PodRules, set: SetRules): Steps<FieldError[]> {
  const errors: Errors = []
  if (!spec) return errors
  const management = spec.podManagementPolicy
  if (!management) errors.push(required('spec.podManagementPolicy'))
  else if (management !== 'OrderedReady' && management !== 'Parallel') {
    errors.push(invalid('spec.podManagementPolicy', management, "must be 'OrderedReady' or 'Parallel'"))
  }
  validateStrategy(spec, errors)
  const retention = spec.persistentVolumeClaimRetentionPolicy
  if (retention) {
    checkSupported(retention.whenDeleted, retentions, 'spec.persistentVolumeClaimRetentionPolicy.whenDeleted', errors)
    checkSupported(retention.whenScaled, retentions, 'spec.persistentVolumeClaimRetentionPolicy.whenScaled', errors)
  }
  if (!set.anyClaim) {
    for (const [i, claim] of (spec.volumeClaimTemplates ?? []).entries()) {
      validateClaimSpec(claim.spec ?? {}, `spec.volumeClaimTemplates[${i}].spec`, strictClaim, errors)
    }
  }
  checkNotNegative(spec.replicas, 'spec.replicas', errors)
  checkNotNegative(spec.minReadySeconds, 'spec.minReadySeconds', errors)
  checkNotNegative(spec.ordinals?.start, 'spec.ordinals.start', errors)
  if (!set.anyServiceName && spec.serviceName) checkLabel(spec.serviceName, 'spec.serviceName', errors)
  requireSelector(spec.selector, 'empty selector is invalid for statefulset', errors)
  yield* validateTemplate(spec, rules, set, errors)
  requireEndless(spec.template ?? emptyTemplate, 'StatefulSet', errors)
  return errors
}

const counts = [
  'replicas',
  'readyReplicas',
  'currentReplicas',
  'updatedReplicas',
  'availableReplicas',
  'observedGeneration',
  'collisionCount',
] as const

function validateStatus(status: StatefulSetStatus | undefined, old: StatefulSetStatus | undefined, errors: Errors): void {
  if (!status) return
  for (const field of counts) checkNotNegative(status[field], `status.${field}`, errors)
  const { replicas = 0, readyReplicas = 0, availableReplicas = 0 } = status
  for (const field of ['readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'] as const) {
    const count = status[field] ?? 0
    if (count > replicas) errors.push(invalid(`status.${field}`, count, 'cannot be greater than status.replicas'))
  }
  if (availableReplicas > readyReplicas) {
    errors.push(invalid('status.availableReplicas', availableReplicas, 'cannot be greater than status.readyReplicas'))
  }
  checkNotLess(status.collisionCount, old?.collisionCount, 'status.collisionCount', errors)
}

export const validateStatefulSet = (set: StatefulSet): Steps<FieldError[]> => validateSpec(set, rulesOfTemplate(), strictSet)

const mutable: ReadonlySet<string> = new Set([
  'replicas',
  'template',
  'updateStrategy',
  'minReadySeconds',
  'ordinals',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
])
const immutableSpecText =
  "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"

const fixedPart = (spec: object | undefined): object =>
  Object.fromEntries(Object.entries(spec ?? {}).filter(([field]) => !mutable.has(field)))

export function* validateStatefulSetUpdate(
  set: StatefulSet,
  old: StatefulSet,
  { subresource }: KindContext,
): Steps<FieldError[]> {
  if (subresource === 'status') {
    const errors: Errors = []
    validateStatus(set.status, old.status, errors)
    return errors
  }
  const rules = rulesOfTemplate(old.spec?.template)
  const relaxed = { anyServiceName: true, anyTemplate: false, anyClaim: true }
  const broken = yield* validateSpec(old, rules, relaxed)
  const errors = yield* validateSpec(set, rules, { ...relaxed, anyTemplate: broken.length > 0 })
  if (!isSameAs('apps.StatefulSetSpec', fixedPart(set.spec), fixedPart(old.spec)))
    errors.push(forbiddenField('spec', immutableSpecText))
  return errors
}
