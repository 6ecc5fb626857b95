import type { PersistentVolume } from '../../../../apimachinery/kinds.generated.ts'
import { kind } from '../../kind.ts'
import { roundResources } from '../../pod-spec/resource-list.ts'
import { defaultDisks } from '../../pod-spec/volume-defaults.ts'
import { keepOther } from '../../status.ts'
import { age } from '../../table.ts'
import { validateVolume, validateVolumeUpdate } from './persistent-volume-validation.ts'
import { accessModesCell, storageClassOf } from './storage-cells.ts'
import { volumeWarnings } from './volume-warnings.ts'

function cells(volume: PersistentVolume, now: number): unknown[] {
  const { spec, status, metadata } = volume
  return [
    metadata.name,
    spec?.capacity?.storage ?? '0',
    accessModesCell(spec?.accessModes),
    spec?.persistentVolumeReclaimPolicy ?? '',
    metadata.deletionTimestamp ? 'Terminating' : (status?.phase ?? ''),
    spec?.claimRef ? `${spec.claimRef.namespace ?? ''}/${spec.claimRef.name ?? ''}` : '',
    storageClassOf(metadata, spec?.storageClassName),
    spec?.volumeAttributesClassName ?? '<unset>',
    status?.reason ?? '',
    age(volume, now),
    spec?.volumeMode ?? '<unset>',
  ]
}

export const persistentVolume = kind<PersistentVolume>({
  gvk: 'v1/PersistentVolume',
  warnings: (volume, _, { subresource }) => (subresource === '' ? volumeWarnings(volume) : []),
  specFields: [],
  validate: validateVolume,
  validateUpdate: validateVolumeUpdate,
  defaults: (volume) => {
    volume.status ??= {}
    if (!volume.status.phase) volume.status.phase = 'Pending'
    const spec = volume.spec
    if (!spec) return
    if (!spec.persistentVolumeReclaimPolicy) spec.persistentVolumeReclaimPolicy = 'Retain'
    spec.volumeMode ??= 'Filesystem'
    roundResources(spec.capacity)
    defaultDisks(spec)
  },
  prepareForCreate: (volume, { now }) => {
    volume.status = { phase: 'Pending', lastPhaseTransitionTime: now }
  },
  prepareForUpdate: (volume, old, context) => {
    keepOther(volume, old, context)
    if (context.subresource !== 'status') return
    volume.status ??= {}
    const { phase, lastPhaseTransitionTime: time } = volume.status
    const before = old.status?.lastPhaseTransitionTime
    if (phase === old.status?.phase && time === undefined && before !== undefined) volume.status.lastPhaseTransitionTime = before
    if (phase !== old.status?.phase && (time === undefined || time === before)) {
      volume.status.lastPhaseTransitionTime = context.now
    }
  },
  cells,
})
