import type { PriorityLevelConfiguration } from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'
import { dropStatus, keepOtherAndAllMeta } from '../status.ts'
import { age } from '../table.ts'
import { validatePriorityLevel, validatePriorityLevelUpdate } from './priority-level-validation.ts'

export const priorityLevelConfiguration = kind<PriorityLevelConfiguration>({
  gvk: 'flowcontrol.apiserver.k8s.io/v1/PriorityLevelConfiguration',
  validate: validatePriorityLevel,
  validateUpdate: validatePriorityLevelUpdate,
  specFields: ['spec'],
  defaults: ({ spec }) => {
    if (spec?.limited) {
      spec.limited.nominalConcurrencyShares ??= 30
      spec.limited.lendablePercent ??= 0
      const queuing = spec.limited.limitResponse?.queuing
      if (queuing) {
        if (!queuing.handSize) queuing.handSize = 8
        if (!queuing.queues) queuing.queues = 64
        if (!queuing.queueLengthLimit) queuing.queueLengthLimit = 50
      }
    }
    if (spec?.exempt) {
      spec.exempt.nominalConcurrencyShares ??= 0
      spec.exempt.lendablePercent ??= 0
    }
  },
  prepareForCreate: dropStatus,
  prepareForUpdate: keepOtherAndAllMeta,
  cells: (level, now) => {
    const limited = level.spec?.limited
    const queuing = limited?.limitResponse?.queuing
    return [
      level.metadata.name,
      level.spec?.type ?? '',
      limited ? (limited.nominalConcurrencyShares ?? 0) : '<none>',
      queuing ? (queuing.queues ?? 0) : '<none>',
      queuing ? (queuing.handSize ?? 0) : '<none>',
      queuing ? (queuing.queueLengthLimit ?? 0) : '<none>',
      age(level, now),
    ]
  },
})
