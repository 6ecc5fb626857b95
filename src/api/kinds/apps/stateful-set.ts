import type { StatefulSet, StatefulSetSpec } from '../../../apimachinery/kinds.generated.ts'
import { isDns1123Label } from '../../../apimachinery/names.ts'
import { claimSpecWarnings } from '../core/persistent-volume/volume-warnings.ts'
import { type KindContext, kind } from '../kind.ts'
import { defaultPodTemplate } from '../pod-spec/defaults.ts'
import { roundResources } from '../pod-spec/resource-list.ts'
import { prepareNewTemplated, prepareTemplated } from '../pod-spec/template-writes.ts'
import { defaultClaimSpec } from '../pod-spec/volume-defaults.ts'
import { workloadWarnings } from '../pod-spec/warnings.ts'
import { age, containerCells } from '../table.ts'
import { validateStatefulSet, validateStatefulSetUpdate } from './stateful-set-validation.ts'

function defaultSpec(spec: StatefulSetSpec): void {
  if (!spec.podManagementPolicy) spec.podManagementPolicy = 'OrderedReady'
  spec.updateStrategy ??= {}
  const strategy = spec.updateStrategy
  if (!strategy.type) {
    strategy.type = 'RollingUpdate'
    strategy.rollingUpdate ??= {}
  }
  if (strategy.type === 'RollingUpdate' && strategy.rollingUpdate) {
    strategy.rollingUpdate.partition ??= 0
  }
  spec.persistentVolumeClaimRetentionPolicy ??= {}
  const retention = spec.persistentVolumeClaimRetentionPolicy
  if (!retention.whenDeleted) retention.whenDeleted = 'Retain'
  if (!retention.whenScaled) retention.whenScaled = 'Retain'
  spec.replicas ??= 1
  spec.revisionHistoryLimit ??= 10
  defaultPodTemplate(spec.template)
  for (const claim of spec.volumeClaimTemplates ?? []) {
    // Templates carry their kind, and a status that nobody reads.
    claim.apiVersion = 'v1'
    claim.kind = 'PersistentVolumeClaim'
    claim.status ??= {}
    if (!claim.status.phase) claim.status.phase = 'Pending'
    defaultClaimSpec(claim.spec)
    roundResources(claim.status.capacity)
    roundResources(claim.status.allocatedResources)
  }
}

/** Behind MaxUnavailableStatefulSet, which is off in Kubernetes 1.36. */
function dropDisabled({ spec }: StatefulSet, old?: StatefulSet): void {
  if (old?.spec?.updateStrategy?.rollingUpdate?.maxUnavailable === undefined) {
    delete spec?.updateStrategy?.rollingUpdate?.maxUnavailable
  }
}

const templateWarnings = workloadWarnings<StatefulSet>(({ spec }) => spec?.template, 'spec.template', false)

function setWarnings(set: StatefulSet, old: StatefulSet | undefined, context: KindContext): string[] {
  const { spec } = set
  const warnings = templateWarnings(set, old, context)
  if (context.subresource !== '') return warnings
  for (const [i, claim] of (spec?.volumeClaimTemplates ?? []).entries()) {
    warnings.push(...claimSpecWarnings(claim.spec, `spec.volumeClaimTemplates[${i}]${old ? '.Spec' : ''}`))
  }
  if ((spec?.revisionHistoryLimit ?? 0) < 0) {
    warnings.push('spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended')
  }
  return warnings
}

export const statefulSet = kind<StatefulSet>({
  gvk: 'apps/v1/StatefulSet',
  warnings: setWarnings,
  validate: validateStatefulSet,
  validateUpdate: validateStatefulSetUpdate,
  nameRule: isDns1123Label,
  specFields: ['spec'],
  defaults: ({ spec }) => {
    if (spec) defaultSpec(spec)
  },
  prepareForCreate: (set) => {
    prepareNewTemplated(set)
    dropDisabled(set)
  },
  prepareForUpdate: (set, old, context) => {
    prepareTemplated(set, old, context)
    dropDisabled(set, old)
  },
  fromNothing: { spec: { replicas: 0 } },
  cells: (set, now) => [
    set.metadata.name,
    `${set.status?.readyReplicas ?? 0}/${set.spec?.replicas ?? 0}`,
    age(set, now),
    ...containerCells(set.spec?.template?.spec),
  ],
})
