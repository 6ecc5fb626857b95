import type { ServiceCIDR } from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'
import { dropStatus, keepOtherAndMeta } from '../status.ts'
import { age } from '../table.ts'
import { validateServiceCIDR, validateServiceCIDRUpdate } from './service-cidr-validation.ts'

export const serviceCidr = kind<ServiceCIDR>({
  gvk: 'networking.k8s.io/v1/ServiceCIDR',
  validate: validateServiceCIDR,
  validateUpdate: validateServiceCIDRUpdate,
  specFields: [],
  prepareForCreate: dropStatus,
  prepareForUpdate: keepOtherAndMeta,
  cells: (object, now) => [object.metadata.name, (object.spec?.cidrs ?? []).join(','), age(object, now)],
})
