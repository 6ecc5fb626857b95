import { randomUUID } from 'node:crypto'
import type { LimitRange } from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'
import { fillResources, roundResources } from '../pod-spec/resource-list.ts'
import { type Limits, validateLimitRange } from './limit-range-validation.ts'

function defaultItem(item: Limits): void {
  if (item.type === 'Container') {
    const limits = { ...item.default }
    fillResources(limits, item.max)
    const requests = { ...item.defaultRequest }
    fillResources(requests, limits)
    fillResources(requests, item.min)
    // Where nothing is given there is nothing, as JSON has no empty list of resources.
    if (Object.keys(limits).length > 0) item.default = limits
    if (Object.keys(requests).length > 0) item.defaultRequest = requests
  }
  for (const list of [item.max, item.min, item.default, item.defaultRequest, item.maxLimitRequestRatio]) roundResources(list)
}

export const limitRange = kind<LimitRange>({
  gvk: 'v1/LimitRange',
  prepareForCreate: ({ metadata }) => {
    metadata.name ||= randomUUID()
  },
  specFields: [],
  allowCreateOnUpdate: true,
  validate: validateLimitRange,
  validateUpdate: validateLimitRange,
  defaults: (range) => range.spec?.limits?.forEach(defaultItem),
})
