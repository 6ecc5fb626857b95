import type { RuntimeClass } from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'
import { labelDeprecation } from '../node-labels.ts'
import { age } from '../table.ts'
import { validateRuntimeClass, validateRuntimeClassUpdate } from './runtime-class-validation.ts'

export const runtimeClass = kind<RuntimeClass>({
  gvk: 'node.k8s.io/v1/RuntimeClass',
  anyFinalizer: true,
  warnings: ({ scheduling }) =>
    Object.keys(scheduling?.nodeSelector ?? {}).flatMap((key) => {
      const text = labelDeprecation(key)
      return text === undefined ? [] : [`scheduling.nodeSelector: ${text}`]
    }),
  validate: validateRuntimeClass,
  validateUpdate: validateRuntimeClassUpdate,
  specFields: [],
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: false,
  cells: (object, now) => [object.metadata.name, object.handler, age(object, now)],
})
