// Keeps what the API server knows of our webhooks as it must be: configurations and, for conversion, the definition of the kind.
import type { Clock } from '../../apimachinery/clock.ts'
import type { KubeObject } from '../../apimachinery/object.ts'
import type { Resource } from '../../apimachinery/resource.ts'
import {
  customresourcedefinitions,
  mutatingwebhookconfigurations,
  validatingwebhookconfigurations,
} from '../../apimachinery/resources.generated.ts'
import { isNotFound } from '../../apimachinery/status.ts'
import type { Client } from '../../client/client.ts'
import { createInformer } from '../../client/informer.ts'
import { isWithin } from '../equality.ts'
import type { Log } from '../log.ts'
import type { Operator } from '../operator.ts'
import { configurationsOf, conversionSpec, type WebhookAddress } from './configurations.ts'
import { conversionOf } from './served-webhooks.ts'

interface Registration {
  /** Says by which authorities the server is known from now on. */
  renew(caBundle: string): Promise<void>
}

interface RegisterOptions {
  readonly client: Client
  readonly operators: readonly Operator[]
  readonly address: WebhookAddress
  readonly clock: Clock
  readonly random: () => number
  readonly signal: AbortSignal
  readonly log: Log
}

interface Wanted {
  readonly resource: Resource
  readonly name: string
  /** The fields that are ours. */
  readonly object: (caBundle: string) => KubeObject
  /** Whether it is made when it is not there. */
  readonly makes: boolean
  readonly fieldManager: string
}

/** Registers the webhooks of `operators`; what others take away is put back as soon as it is seen. */
export function registerWebhooks(options: RegisterOptions): Registration {
  const { client, operators, address, clock, random, signal, log } = options
  const wanted = operators.flatMap((o) => wantedOf(o, address))
  let bundle: string | undefined
  const ensure = async (item: Wanted, live: KubeObject | undefined) => {
    if (bundle === undefined || signal.aborted || (!live && !item.makes)) return
    const object = item.object(bundle)
    if (live && isWithin(object, live)) return
    await client.apply(item.resource, object, { fieldManager: item.fieldManager, force: true })
  }
  const failed = (item: Wanted) => (error: unknown) =>
    log.error('webhook not registered', error, { kind: item.resource.kind, name: item.name })
  for (const item of wanted) {
    const scope = { fieldSelector: `metadata.name=${item.name}` }
    const informer = createInformer(client, item.resource, { ...scope, clock, random })
    informer.onChange((now) => void ensure(item, now).catch(failed(item)))
    informer.start(signal)
  }
  return {
    async renew(caBundle) {
      bundle = caBundle
      await Promise.all(
        wanted.map(async (item) => {
          try {
            await ensure(item, await client.get(item.resource, item.name))
          } catch (error) {
            if (isNotFound(error)) await ensure(item, undefined)
            else throw error
          }
        }),
      )
    },
  }
}

/**
 * Takes back what was registered for `operators`, which nobody serves any more, but for what `kept` registers itself. A definition's conversion
 * becomes None again.
 */
export async function unregisterWebhooks(
  client: Client,
  operators: readonly Operator[],
  kept: readonly Operator[] = [],
): Promise<void> {
  const nowhere = { url: 'https://127.0.0.1' }
  const idOf = ({ resource, name }: Wanted) => `${resource.resource} ${name}`
  const all = (of: readonly Operator[]) => of.flatMap((o) => wantedOf(o, nowhere))
  const keeping = new Set(all(kept).map(idOf))
  for (const item of all(operators).filter((i) => !keeping.has(idOf(i)))) {
    const { resource, name, makes, fieldManager } = item
    try {
      if (makes) await client.delete(resource, name)
      else {
        await client.get(resource, name)
        // Who applies nothing more gives up what it applied.
        await client.apply(resource, { metadata: { name } }, { fieldManager, force: true })
      }
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }
}

function wantedOf(operator: Operator, address: WebhookAddress): Wanted[] {
  const name = `${operator.name}.operators.slipway.dev`
  const { fieldManager } = operator
  const { validating, mutating } = configurationsOf(operator, address, '')
  const conversion = conversionOf(operator)
  const of = (kind: 'validating' | 'mutating', resource: Resource): Wanted => ({
    resource,
    name,
    fieldManager,
    makes: true,
    object: (caBundle) => configurationsOf(operator, address, caBundle)[kind] as KubeObject,
  })
  return [
    ...(validating ? [of('validating', validatingwebhookconfigurations)] : []),
    ...(mutating ? [of('mutating', mutatingwebhookconfigurations)] : []),
    ...(conversion ? [definitionOf(operator, address, conversion.path)] : []),
  ]
}

/** Only the conversion is ours; the definition comes from elsewhere. */
function definitionOf(operator: Operator, address: WebhookAddress, path: string): Wanted {
  const { resource, group } = operator.definition.for
  const name = `${resource}.${group}`
  const object = (caBundle: string) => ({
    metadata: { name },
    spec: { conversion: conversionSpec(address, path, caBundle) },
  })
  return {
    resource: customresourcedefinitions as unknown as Resource,
    name,
    object,
    makes: false,
    fieldManager: operator.fieldManager,
  }
}
