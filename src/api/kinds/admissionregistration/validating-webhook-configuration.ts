import type { ValidatingWebhookConfiguration } from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'
import { age } from '../table.ts'
import { defaultWebhook } from './defaults.ts'
import { registration } from './registration.ts'
import { validateWebhooks, validateWebhooksUpdate } from './webhook-validation.ts'

export const validatingWebhookConfiguration = kind<ValidatingWebhookConfiguration>({
  gvk: 'admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration',
  ...registration,
  validate: validateWebhooks,
  validateUpdate: validateWebhooksUpdate,
  specFields: ['webhooks'],
  countsEmpties: true,
  defaults: ({ webhooks }) => webhooks?.forEach(defaultWebhook),
  cells: (object, now) => [object.metadata.name, object.webhooks?.length ?? 0, age(object, now)],
})
