import type { MutatingWebhookConfiguration } from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'
import { age } from '../table.ts'
import { defaultWebhook } from './defaults.ts'
import { registration } from './registration.ts'
import { validateWebhooks, validateWebhooksUpdate } from './webhook-validation.ts'

export const mutatingWebhookConfiguration = kind<MutatingWebhookConfiguration>({
  gvk: 'admissionregistration.k8s.io/v1/MutatingWebhookConfiguration',
  ...registration,
  validate: validateWebhooks,
  validateUpdate: validateWebhooksUpdate,
  specFields: ['webhooks'],
  countsEmpties: true,
  defaults: ({ webhooks }) => {
    for (const webhook of webhooks ?? []) {
      defaultWebhook(webhook)
      webhook.reinvocationPolicy ??= 'Never'
    }
  },
  cells: (object, now) => [object.metadata.name, object.webhooks?.length ?? 0, age(object, now)],
})
