import type { APIService } from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'
import { copyField, dropStatus, keepOther } from '../status.ts'
import { age } from '../table.ts'
import { nameOfAPIService, validateAPIService, validateAPIServiceUpdate } from './api-service-validation.ts'

function availableCell({ status }: APIService): string {
  const available = status?.conditions?.find((c) => c.type === 'Available')
  if (!available) return 'Unknown'
  return available.status === 'True' ? 'True' : `${available.status} (${available.reason ?? ''})`
}

const alwaysThere = {
  type: 'Available',
  status: 'True',
  reason: 'Local',
  message: 'Local APIServices are always available',
}

/** What the status endpoint leaves as it is in metadata. */
const ofStatus = ['labels', 'annotations', 'finalizers', 'ownerReferences'] as const

export const apiService = kind<APIService>({
  gvk: 'apiregistration.k8s.io/v1/APIService',
  anyFinalizer: true,
  nameRule: nameOfAPIService,
  validate: validateAPIService,
  validateUpdate: validateAPIServiceUpdate,
  specFields: [],
  allowUnconditionalUpdate: false,
  defaults: ({ spec }) => {
    if (spec?.service) spec.service.port ??= 443
  },
  prepareForCreate: (service, { now }) => {
    dropStatus(service)
    // A local group is there at once.
    if (service.spec && !service.spec.service) service.status = { conditions: [{ ...alwaysThere, lastTransitionTime: now }] }
  },
  prepareForUpdate: (service, old, context) => {
    keepOther(service, old, context)
    if (context.subresource !== 'status') return
    for (const field of ofStatus) copyField(service.metadata, old.metadata, field)
  },
  cells: (service, now) => [
    service.metadata.name,
    service.spec?.service ? `${service.spec.service.namespace}/${service.spec.service.name}` : 'Local',
    availableCell(service),
    age(service, now),
  ],
})
