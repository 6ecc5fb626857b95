// The webhooks of operators in the server: their port, their certificate, and what the API server is told of them.
import type { CustomResourceDefinition } from '../../apimachinery/kinds.generated.ts'
import { keyOf } from '../../apimachinery/object.ts'
import {
  customresourcedefinitions,
  mutatingwebhookconfigurations,
  secrets,
  validatingwebhookconfigurations,
} from '../../apimachinery/resources.generated.ts'
import { isNotFound } from '../../apimachinery/status.ts'
import type { Client } from '../../client/client.ts'
import { isWithin } from '../../operators/equality.ts'
import type { Reconcile } from '../../operators/operator.ts'
import { controlledBy } from '../../operators/owners.ts'
import { bundleOf, type KeyPair } from '../../operators/webhooks/certificates.ts'
import { conversionSpec } from '../../operators/webhooks/configurations.ts'
import { keepMaterial } from '../../operators/webhooks/material-secret.ts'
import type { Described } from './messages.ts'
import { type OperatorObject, operatorObjects } from './operator-object.ts'
import type { Processes } from './processes.ts'
import {
  configurationName,
  conversionsIn,
  hasWebhooks,
  operatorAnnotation,
  otherConverter,
  registeredConfigurations,
} from './registration.ts'

/** What webhooks of a process are reached and known by. */
interface Door {
  readonly url: string
  readonly leaf: KeyPair
  /** PEM. */
  readonly caBundle: string
}

const host = '127.0.0.1'
const configurations = [validatingwebhookconfigurations, mutatingwebhookconfigurations] as const
const secretName = ({ metadata }: OperatorObject): string => `operator-${metadata.name}-webhooks-tls`
/** Of each Operator another: what one gives up stays with the others. */
const managerOf = ({ metadata }: OperatorObject): string => `slipway-operators/${metadata.uid}`

/** At which port its webhooks were asked last. */
export const portIn = ({ status }: OperatorObject): number | undefined =>
  Number(URL.parse(status?.webhooks ?? '')?.port) || undefined

/** Opens the port, and makes the certificate or renews it; undefined when there are no webhooks. */
export async function openDoor(
  { object, client, clock }: Reconcile<OperatorObject>,
  processes: Processes,
  described: Described,
): Promise<Door | undefined> {
  if (!hasWebhooks(described)) return undefined
  const { uid, namespace = 'default' } = object.metadata
  const port = await processes.portOf(uid, portIn(object))
  const owner = controlledBy(operatorObjects, object)
  const material = await keepMaterial({
    client,
    namespace,
    name: secretName(object),
    names: [host],
    now: () => clock.now(),
    owner,
  })
  return { url: `https://${host}:${port}`, leaf: material.leaf, caBundle: bundleOf(material) }
}

/** The first definition whose objects another Operator converts already, and that Operator's key. */
export function takenConversion({ object, list, read }: Reconcile<OperatorObject>, described: Described) {
  for (const { definition } of conversionsIn(described)) {
    const found = read('CustomResourceDefinition', definition)
    const by = found && otherConverter(found, object, list(operatorObjects))
    if (by !== undefined) return { definition, by }
  }
  return undefined
}

/** Has the API server ask the webhooks of an Operator, and no longer those that it has no more. */
export async function register(context: Reconcile<OperatorObject>, described: Described, door: Door | undefined): Promise<void> {
  const { object, client, read } = context
  const { url = `https://${host}`, caBundle = '' } = door ?? {}
  const wanted = registeredConfigurations(object, described, { url }, caBundle)
  const name = configurationName(object)
  const apply = { fieldManager: managerOf(object), force: true }
  for (const [resource, kind, config] of [
    [validatingwebhookconfigurations, 'ValidatingWebhookConfiguration', wanted.validating],
    [mutatingwebhookconfigurations, 'MutatingWebhookConfiguration', wanted.mutating],
  ] as const) {
    const live = read(kind, name)
    if (!config) live && (await client.delete(resource as typeof validatingwebhookconfigurations, name).catch(ignoreMissing))
    else if (!live || !isWithin(config, live))
      await client.apply(resource as typeof validatingwebhookconfigurations, config, apply)
  }
  const converted = new Map(conversionsIn(described).map((c) => [c.definition, c.path]))
  for (const definition of context.list('CustomResourceDefinition')) {
    const path = converted.get(definition.metadata.name ?? '')
    if (path === undefined) {
      if (isConvertedBy(object, definition)) await release(client, object, definition)
      continue
    }
    const said = {
      metadata: { name: definition.metadata.name ?? '', annotations: { [operatorAnnotation]: keyOf(object) } },
      spec: { conversion: conversionSpec({ url }, path, caBundle) },
    }
    if (!isWithin(said, definition))
      await client.apply(customresourcedefinitions, said as unknown as CustomResourceDefinition, apply)
  }
}

/** Takes back all that was told of an Operator's webhooks, its certificate and its port. */
export async function removeWebhooks(object: OperatorObject, client: Client, processes: Processes): Promise<void> {
  for (const resource of configurations)
    await client.delete(resource as typeof validatingwebhookconfigurations, configurationName(object)).catch(ignoreMissing)
  const { items } = await client.list(customresourcedefinitions)
  for (const definition of items.filter((d) => isConvertedBy(object, d))) await release(client, object, definition)
  await closeDoor(object, client, processes)
}

/** Closes the port and forgets the certificate of an Operator that had webhooks. */
export async function closeDoor(object: OperatorObject, client: Client, processes: Processes): Promise<void> {
  const { uid = '', namespace = 'default' } = object.metadata
  processes.closePort(uid)
  if (portIn(object) !== undefined) await client.delete(secrets, secretName(object), { namespace }).catch(ignoreMissing)
}

const isConvertedBy = (object: OperatorObject, { metadata }: CustomResourceDefinition): boolean =>
  metadata.annotations?.[operatorAnnotation] === keyOf(object)

/** Who applies nothing more gives up all that it applied: the definition's conversion becomes None again. */
async function release(client: Client, object: OperatorObject, { metadata }: CustomResourceDefinition): Promise<void> {
  const nothing = { metadata: { name: metadata.name ?? '' } } as CustomResourceDefinition
  await client.apply(customresourcedefinitions, nothing, { fieldManager: managerOf(object), force: true })
}

function ignoreMissing(error: unknown): void {
  if (!isNotFound(error)) throw error
}
