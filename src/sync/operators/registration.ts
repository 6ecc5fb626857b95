// What the API server is told of an operator's webhooks. The server says it, not the operator: who may write configurations may read everything.
import type { CustomResourceDefinition } from '../../apimachinery/kinds.generated.ts'
import { keyOf } from '../../apimachinery/object.ts'
import {
  mutatingwebhookconfigurations,
  selfsubjectaccessreviews,
  validatingwebhookconfigurations,
} from '../../apimachinery/resources.generated.ts'
import { StatusError } from '../../apimachinery/status.ts'
import type { Client } from '../../client/client.ts'
import { type Configurations, configurationsFor, type WebhookAddress } from '../../operators/webhooks/configurations.ts'
import type { WebhookDescription } from '../../operators/webhooks/served-webhooks.ts'
import type { ConversionDescription, Described } from './messages.ts'
import type { OperatorObject } from './operator-object.ts'

/** On what is registered: the key of the Operator whose it is. On a definition: of the one that converts its objects. */
export const operatorAnnotation = 'operators.slipway.dev/registered-by'

export const configurationName = ({ metadata }: OperatorObject): string =>
  `${metadata.name}.${metadata.namespace}.operators.slipway.dev`

export const hasWebhooks = ({ operators }: Described): boolean =>
  operators.some((o) => o.webhooks.length > 0 || o.conversion !== undefined)

export const conversionsIn = ({ operators }: Described): ConversionDescription[] => operators.flatMap((o) => o.conversion ?? [])

/** The configurations of all webhooks of an Operator. One that works in its namespace is asked about objects of it only. Pure. */
export function registeredConfigurations(
  object: OperatorObject,
  described: Described,
  address: WebhookAddress,
  caBundle: string,
): Configurations {
  const { namespace = '' } = object.metadata
  const within = (webhook: WebhookDescription): WebhookDescription => {
    if (object.spec.watch === 'Cluster' || !webhook.resource.namespaced) return webhook
    const namespaceSelector = { ...webhook.scope.namespaceSelector, 'kubernetes.io/metadata.name': namespace }
    return { ...webhook, scope: { ...webhook.scope, namespaceSelector } }
  }
  const metadata = { name: configurationName(object), annotations: { [operatorAnnotation]: keyOf(object) } }
  const all = described.operators.flatMap((o) => o.webhooks).map(within)
  return configurationsFor(metadata, all, address, caBundle)
}

/** Who converts the objects of a definition, when that is another Operator that is there. Pure. */
export function otherConverter(
  definition: CustomResourceDefinition,
  object: OperatorObject,
  operators: readonly OperatorObject[],
): string | undefined {
  const holder = definition.metadata.annotations?.[operatorAnnotation]
  if (holder === undefined || holder === keyOf(object)) return undefined
  return operators.some((o) => keyOf(o) === holder) ? holder : undefined
}

const somewhere: WebhookAddress = { url: 'https://127.0.0.1' }

/**
 * Has the API say whether somebody may register these webhooks, and whether they can be: dry runs of the configurations as them. Throws StatusError:
 * 403 when they may not, 422 when a configuration is wrong.
 */
export async function requireMayRegister(client: Client, object: OperatorObject, described: Described): Promise<void> {
  const { validating, mutating } = registeredConfigurations(object, described, somewhere, '')
  const metadata = { generateName: 'slipway-may-register-' }
  if (validating) await client.create(validatingwebhookconfigurations, { ...validating, metadata }, { dryRun: true })
  if (mutating) await client.create(mutatingwebhookconfigurations, { ...mutating, metadata }, { dryRun: true })
  for (const { definition: name } of conversionsIn(described)) {
    const resourceAttributes = { verb: 'patch', group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions', name }
    const review = await client.create(selfsubjectaccessreviews, { metadata: {}, spec: { resourceAttributes } })
    if (!review.status?.allowed)
      throw new StatusError(403, 'Forbidden', `customresourcedefinitions.apiextensions.k8s.io ${name}: patch is not allowed`)
  }
}
