import type { ResourceClaimTemplate } from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'
import { age } from '../table.ts'
import { defaultDeviceClaim } from './requests.ts'
import { validateResourceClaimTemplate, validateResourceClaimTemplateUpdate } from './resource-claim-validation.ts'

export const resourceClaimTemplate = kind<ResourceClaimTemplate>({
  gvk: 'resource.k8s.io/v1/ResourceClaimTemplate',
  validate: validateResourceClaimTemplate,
  validateUpdate: validateResourceClaimTemplateUpdate,
  specFields: [],
  defaults: ({ spec }) => defaultDeviceClaim(spec?.spec?.devices),
  cells: (template, now) => [template.metadata.name, age(template, now)],
})
