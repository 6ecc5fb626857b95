import type { WebhookClientConfig } from '../../apimachinery/kinds.generated.ts'
import type { KubeObject } from '../../apimachinery/object.ts'
import type { WebhookCalls } from '../admission/webhook/call.ts'
import type { ConvertObject } from './custom-resource.ts'
import { WebhookConversion } from './webhook-conversion.ts'

const webhookMs = 30_000
/** The time of a conversion is that of kube-apiserver's HTTP client, not of a request. */
const clientTimeout = 'net/http: request canceled (Client.Timeout exceeded while awaiting headers)'

/** Makes objects of a custom kind of another version. Strategy None: only the version's name changes; Webhook: the webhook is asked. */
export function createConversion(webhooks: WebhookCalls): ConvertObject {
  const byWebhook = new WebhookConversion((definition, review) => {
    const config = definition.spec.conversion?.webhook?.clientConfig
    if (!config) throw new Error('webhook configuration must have either service or URL')
    return webhooks.ask(config as WebhookClientConfig, review, webhookMs).catch((error: Error) => {
      throw new Error(clientsOwn(error.message))
    })
  })
  return (definition, object, apiVersion) => {
    if (object.apiVersion === apiVersion) return object
    if (definition.spec.conversion?.strategy !== 'Webhook' || isBare(object)) return { ...object, apiVersion }
    return byWebhook.convert(definition, object, apiVersion)
  }
}

function clientsOwn(message: string): string {
  if (!message.endsWith('context deadline exceeded')) return message
  if (message.startsWith('unexpected error when reading'))
    return `${message} (Client.Timeout or context cancellation while reading body)`
  return message.replace(/context deadline exceeded$/, clientTimeout)
}

/** What stands for an object that is not there yet: no webhook is asked about that. */
const isBare = (object: KubeObject): boolean => Object.keys(object).length === 2 && !!object.kind && !!object.apiVersion
