import type { ReplicaSet } from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'
import { defaultPodTemplate } from '../pod-spec/defaults.ts'
import { prepareNewTemplated, prepareTemplated } from '../pod-spec/template-writes.ts'
import { workloadWarnings } from '../pod-spec/warnings.ts'
import { age, containerCells, selectorCell } from '../table.ts'
import { validateReplicaSet, validateReplicaSetUpdate } from './replica-set-validation.ts'

export const replicaSet = kind<ReplicaSet>({
  gvk: 'apps/v1/ReplicaSet',
  warnings: workloadWarnings(({ spec }) => spec?.template, 'spec.template'),
  validate: validateReplicaSet,
  validateUpdate: validateReplicaSetUpdate,
  specFields: ['spec'],
  defaults: ({ spec }) => {
    if (!spec) return
    spec.replicas ??= 1
    defaultPodTemplate(spec.template)
  },
  prepareForCreate: prepareNewTemplated,
  prepareForUpdate: prepareTemplated,
  fromNothing: { spec: { replicas: 0 } },
  cells: (set, now) => [
    set.metadata.name,
    set.spec?.replicas ?? 0,
    set.status?.replicas ?? 0,
    set.status?.readyReplicas ?? 0,
    age(set, now),
    ...containerCells(set.spec?.template?.spec),
    selectorCell(set.spec?.selector),
  ],
})
