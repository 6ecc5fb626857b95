import type {
  MutatingWebhookConfiguration,
  ValidatingWebhookConfiguration,
  WebhookClientConfig,
} from '../../apimachinery/kinds.generated.ts'
import type { ObjectMeta } from '../../apimachinery/object.ts'
import type { Operator } from '../operator.ts'
import { type WebhookDescription, webhooksOf } from './served-webhooks.ts'

/** Where the API server finds the webhooks. */
export type WebhookAddress =
  | { readonly url: string }
  | { readonly service: { readonly name: string; readonly namespace: string; readonly port?: number } }

/** How a path of the webhook server is reached, and by which authorities it is known (PEM). */
function clientConfig(address: WebhookAddress, path: string, caBundle: string): WebhookClientConfig {
  const bundle = Buffer.from(caBundle).toString('base64')
  const known = bundle ? { caBundle: bundle } : {}
  return 'url' in address
    ? { url: `${address.url.replace(/\/$/, '')}${path}`, ...known }
    : { service: { port: 443, ...address.service, path }, ...known }
}

/** What is said in a definition, so that the API server has objects converted. */
export const conversionSpec = (address: WebhookAddress, path: string, caBundle: string) => ({
  strategy: 'Webhook' as const,
  webhook: { clientConfig: clientConfig(address, path, caBundle), conversionReviewVersions: ['v1'] },
})

/** The names by which the certificate must be known. */
export function serverNames(address: WebhookAddress): string[] {
  if ('url' in address) return [new URL(address.url).hostname.replace(/^\[|\]$/g, '')]
  const { name, namespace } = address.service
  return [`${name}.${namespace}.svc`, `${name}.${namespace}.svc.cluster.local`]
}

export interface Configurations {
  readonly validating: ValidatingWebhookConfiguration | undefined
  readonly mutating: MutatingWebhookConfiguration | undefined
}

/** The configurations that register an operator's webhooks; those without any are left out. */
export const configurationsOf = (operator: Operator, address: WebhookAddress, caBundle: string): Configurations =>
  configurationsFor({ name: `${operator.name}.operators.slipway.dev` }, webhooksOf(operator), address, caBundle)

/** The configurations with this metadata that register webhooks by what is said of them. */
export function configurationsFor(
  metadata: ObjectMeta,
  all: readonly WebhookDescription[],
  address: WebhookAddress,
  caBundle: string,
): Configurations {
  const of = (kind: WebhookDescription['kind']) =>
    all.filter((w) => w.kind === kind).map((w) => registered(w, clientConfig(address, w.path, caBundle)))
  const validating: ValidatingWebhookConfiguration = { metadata, webhooks: of('validate') }
  const mutating: MutatingWebhookConfiguration = {
    metadata,
    webhooks: of('mutate').map((w) => ({ ...w, reinvocationPolicy: 'IfNeeded' as const })),
  }
  return {
    validating: validating.webhooks?.length ? validating : undefined,
    mutating: mutating.webhooks?.length ? mutating : undefined,
  }
}

function registered(webhook: WebhookDescription, config: WebhookClientConfig) {
  const { resource, scope, operations, failurePolicy, name } = webhook
  const { subresource, labelSelector, namespaceSelector, matchConditions } = scope
  const resources =
    subresource === '*'
      ? [resource.resource, `${resource.resource}/*`]
      : [[resource.resource, subresource].filter((s) => s).join('/')]
  return {
    name,
    clientConfig: config,
    rules: [
      {
        apiGroups: [resource.group],
        apiVersions: [resource.version],
        resources,
        operations: [...operations],
        scope: resource.namespaced ? ('Namespaced' as const) : ('Cluster' as const),
      },
    ],
    admissionReviewVersions: ['v1'],
    sideEffects: 'None' as const,
    matchPolicy: 'Equivalent' as const,
    timeoutSeconds: 10,
    failurePolicy,
    objectSelector: labelSelector ? { matchLabels: { ...labelSelector } } : {},
    namespaceSelector: namespaceSelector ? { matchLabels: { ...namespaceSelector } } : {},
    ...(matchConditions ? { matchConditions: matchConditions.map((c) => ({ ...c })) } : {}),
  }
}
