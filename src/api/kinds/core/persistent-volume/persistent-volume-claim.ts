import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from '../../../../apimachinery/kinds.generated.ts'
import { kind } from '../../kind.ts'
import { roundResources } from '../../pod-spec/resource-list.ts'
import { defaultClaimSpec } from '../../pod-spec/volume-defaults.ts'
import { keepOther } from '../../status.ts'
import { age } from '../../table.ts'
import { validateClaim, validateClaimUpdate } from './claim-validation.ts'
import { accessModesCell, storageClassOf } from './storage-cells.ts'
import { claimWarnings } from './volume-warnings.ts'

function cells(claim: PersistentVolumeClaim, now: number): unknown[] {
  const { spec, status, metadata } = claim
  const bound = Boolean(spec?.volumeName)
  return [
    metadata.name,
    metadata.deletionTimestamp ? 'Terminating' : (status?.phase ?? ''),
    spec?.volumeName ?? '',
    bound ? (status?.capacity?.storage ?? '0') : '',
    bound ? accessModesCell(status?.accessModes) : '',
    storageClassOf(metadata, spec?.storageClassName),
    spec?.volumeAttributesClassName ?? '<unset>',
    age(claim, now),
    spec?.volumeMode ?? '<unset>',
  ]
}

/** dataSource and dataSourceRef are two names of one thing: what only one says, the other says too. */
function normalizeDataSources(spec: PersistentVolumeClaimSpec | undefined, old?: PersistentVolumeClaimSpec): void {
  if (!spec) return
  // Sources in other namespaces are behind a gate that is off.
  if (spec.dataSourceRef?.namespace && !old?.dataSourceRef) delete spec.dataSourceRef
  if (!old?.dataSource && !old?.dataSourceRef) dropForeignDataSource(spec)
  const { dataSource, dataSourceRef } = spec
  if (dataSource && !dataSourceRef) spec.dataSourceRef = { ...dataSource }
  else if (dataSourceRef && !dataSource && !dataSourceRef.namespace) {
    const { apiGroup, kind: sourceKind, name } = dataSourceRef
    spec.dataSource = { ...(apiGroup === undefined ? {} : { apiGroup }), kind: sourceKind, name }
  }
}

/** dataSource alone may only be a claim or a snapshot; anything else is dropped, as it always was. */
function dropForeignDataSource(spec: PersistentVolumeClaimSpec): void {
  const source = spec.dataSource
  if (!source || spec.dataSourceRef) return
  const group = source.apiGroup ?? ''
  const isClaim = source.kind === 'PersistentVolumeClaim' && group === ''
  const isSnapshot = source.kind === 'VolumeSnapshot' && group === 'snapshot.storage.k8s.io'
  if (!isClaim && !isSnapshot) delete spec.dataSource
}

export const persistentVolumeClaim = kind<PersistentVolumeClaim>({
  gvk: 'v1/PersistentVolumeClaim',
  warnings: (claim, _, { subresource }) => (subresource === '' ? claimWarnings(claim) : []),
  specFields: [],
  validate: validateClaim,
  validateUpdate: validateClaimUpdate,
  defaults: (claim) => {
    claim.status ??= {}
    if (!claim.status.phase) claim.status.phase = 'Pending'
    defaultClaimSpec(claim.spec)
    roundResources(claim.status.capacity)
    roundResources(claim.status.allocatedResources)
  },
  prepareForCreate: (claim) => {
    // The phase is defaulted once more when the stored form is made.
    claim.status = { phase: 'Pending' }
    normalizeDataSources(claim.spec)
  },
  prepareForUpdate: (claim, old, context) => {
    keepOther(claim, old, context)
    if (context.subresource === '') normalizeDataSources(claim.spec, old.spec)
  },
  cells,
})
