import type { Deployment } from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'
import { defaultPodTemplate } from '../pod-spec/defaults.ts'
import { prepareNewTemplated, prepareTemplated } from '../pod-spec/template-writes.ts'
import { workloadWarnings } from '../pod-spec/warnings.ts'
import { copyField } from '../status.ts'
import { age, containerCells, exactSelector } from '../table.ts'
import { validateDeployment, validateDeploymentUpdate } from './deployment-validation.ts'

const sameMap = (a: Readonly<Record<string, string>> = {}, b: Readonly<Record<string, string>> = {}): boolean => {
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key])
}

export const deployment = kind<Deployment>({
  gvk: 'apps/v1/Deployment',
  warnings: workloadWarnings(({ spec }) => spec?.template, 'spec.template'),
  validate: validateDeployment,
  validateUpdate: validateDeploymentUpdate,
  specFields: ['spec'],
  raisesGeneration: (object, old) => !sameMap(object.metadata.annotations, old.metadata.annotations),
  defaults: ({ spec }) => {
    if (!spec) return
    spec.replicas ??= 1
    spec.strategy ??= {}
    const strategy = spec.strategy
    if (!strategy.type) strategy.type = 'RollingUpdate'
    if (strategy.type === 'RollingUpdate') {
      strategy.rollingUpdate ??= {}
      strategy.rollingUpdate.maxUnavailable ??= '25%'
      strategy.rollingUpdate.maxSurge ??= '25%'
    }
    spec.revisionHistoryLimit ??= 10
    spec.progressDeadlineSeconds ??= 600
    defaultPodTemplate(spec.template)
  },
  prepareForCreate: prepareNewTemplated,
  prepareForUpdate: (object, old, context) => {
    prepareTemplated(object, old, context)
    if (context.subresource === 'status') copyField(object.metadata, old.metadata, 'labels')
  },
  fromNothing: { spec: { replicas: 0 } },
  cells: (object, now) => [
    object.metadata.name,
    `${object.status?.readyReplicas ?? 0}/${object.spec?.replicas ?? 0}`,
    object.status?.updatedReplicas ?? 0,
    object.status?.availableReplicas ?? 0,
    age(object, now),
    ...containerCells(object.spec?.template?.spec),
    exactSelector(object.spec?.selector ?? {}, '<invalid>'),
  ],
})
