import type { PriorityClass } from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'
import { age } from '../table.ts'
import { validatePriorityClass, validatePriorityClassUpdate } from './priority-class-validation.ts'

export const priorityClass = kind<PriorityClass>({
  gvk: 'scheduling.k8s.io/v1/PriorityClass',
  validate: validatePriorityClass,
  validateUpdate: validatePriorityClassUpdate,
  specFields: [],
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
