import type { PodDisruptionBudget } from '../../../apimachinery/kinds.generated.ts'
import { isPathSegmentName } from '../../../apimachinery/names.ts'
import { kind } from '../kind.ts'
import { dropStatus, keepOther } from '../status.ts'
import { age } from '../table.ts'
import { validatePodDisruptionBudget, validatePodDisruptionBudgetUpdate } from './pod-disruption-budget-validation.ts'

export const podDisruptionBudget = kind<PodDisruptionBudget>({
  gvk: 'policy/v1/PodDisruptionBudget',
  nameRule: isPathSegmentName,
  anyFinalizer: true,
  validate: validatePodDisruptionBudget,
  validateUpdate: validatePodDisruptionBudgetUpdate,
  specFields: ['spec'],
  allowUnconditionalUpdate: false,
  prepareForCreate: dropStatus,
  prepareForUpdate: keepOther,
  cells: (budget, now) => [
    budget.metadata.name,
    String(budget.spec?.minAvailable ?? 'N/A'),
    String(budget.spec?.maxUnavailable ?? 'N/A'),
    budget.status?.disruptionsAllowed ?? 0,
    age(budget, now),
  ],
})
