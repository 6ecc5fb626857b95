import type { ReplicationController } from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'
import { defaultPodTemplate } from '../pod-spec/defaults.ts'
import { dropStatus, keepOther, statusResetFields } from '../status.ts'
import { age, containerCells, labelsText } from '../table.ts'

const isEmpty = (map: object | undefined): boolean => map === undefined || Object.keys(map).length === 0

export const replicationController = kind<ReplicationController>({
  gvk: 'v1/ReplicationController',
  specFields: ['spec'],
  defaultPropagation: 'orphan',
  defaults: ({ metadata, spec }) => {
    if (!spec) return
    const labels = spec.template?.metadata?.labels
    if (labels && !isEmpty(labels)) {
      if (isEmpty(spec.selector)) spec.selector = { ...labels }
      if (isEmpty(metadata.labels)) metadata.labels = { ...labels }
    }
    spec.replicas ??= 1
    defaultPodTemplate(spec.template)
  },
  prepareForCreate: dropStatus,
  prepareForUpdate: keepOther,
  resetFields: statusResetFields,
  cells: (rc, now) => [
    rc.metadata.name,
    rc.spec?.replicas ?? 0,
    rc.status?.replicas ?? 0,
    rc.status?.readyReplicas ?? 0,
    age(rc, now),
    ...containerCells(rc.spec?.template?.spec),
    labelsText(rc.spec?.selector),
  ],
  selectableFields: { 'status.replicas': (rc) => String(rc.status?.replicas ?? 0) },
})
