import type { PriorityClass } from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'
import { age } from '../table.ts'
import { validatePriorityClass, validatePriorityClassUpdate } from './priority-class-validation.ts'

const systemClasses = new Set(['system-cluster-critical', 'system-node-critical'])

export const priorityClass = kind<PriorityClass>({
  gvk: 'scheduling.k8s.io/v1/PriorityClass',
  validate: validatePriorityClass,
  validateUpdate: validatePriorityClassUpdate,
  specFields: [],
  refusesDeletion: (name) => (systemClasses.has(name) ? 'this is a system priority class and cannot be deleted' : undefined),
  hasGeneration: true,
  defaults: (object) => {
    object.preemptionPolicy ??= 'PreemptLowerPriority'
  },
  cells: (object, now) => [
    object.metadata.name,
    object.value ?? 0,
    object.globalDefault ?? false,
    age(object, now),
    object.preemptionPolicy ?? '',
  ],
})
