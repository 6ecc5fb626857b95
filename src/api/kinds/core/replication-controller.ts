import type { ReplicationController } from '../../../apimachinery/kinds.generated.ts'
import { isLongName } from '../../../apimachinery/names.ts'
import { kind } from '../kind.ts'
import { defaultPodTemplate } from '../pod-spec/defaults.ts'
import { prepareNewTemplated, prepareTemplated } from '../pod-spec/template-writes.ts'
import { workloadWarnings } from '../pod-spec/warnings.ts'
import { age, containerCells, labelsText } from '../table.ts'
import { validateReplicationController, validateReplicationControllerUpdate } from './replication-controller-validation.ts'

const isEmpty = (map: object | undefined): boolean => map === undefined || Object.keys(map).length === 0

function defaultLabels({ metadata, spec }: ReplicationController): void {
  const labels = spec?.template?.metadata?.labels
  if (!spec || !labels || isEmpty(labels)) return
  if (isEmpty(spec.selector)) spec.selector = { ...labels }
  if (isEmpty(metadata.labels)) metadata.labels = { ...labels }
}

const rcWarnings = workloadWarnings<ReplicationController>(({ spec }) => spec?.template, 'spec.template')

export const replicationController = kind<ReplicationController>({
  gvk: 'v1/ReplicationController',
  // An update is warned of what the old template has: kube-apiserver swaps the two.
  warnings: (rc, old, context) => rcWarnings(old ? { ...old, metadata: rc.metadata } : rc, old, context),
  specFields: ['spec'],
  defaultPropagation: 'orphan',
  ignoresGenerateName: true,
  nameRule: isLongName,
  validate: validateReplicationController,
  validateUpdate: validateReplicationControllerUpdate,
  defaults: (object) => {
    const { spec } = object
    if (!spec) return
    defaultLabels(object)
    spec.replicas ??= 1
    defaultPodTemplate(spec.template)
  },
  prepareForCreate: prepareNewTemplated,
  prepareForUpdate: (object, old, context) => {
    prepareTemplated(object, old, context)
    // What is stored is read with defaults again, and the template may be another than the one that came.
    defaultLabels(object)
  },
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
