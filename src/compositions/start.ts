import type { Clock } from '../apimachinery/clock.ts'
import type { Client } from '../client/client.ts'
import { RestMapper } from '../client/rest-mapper.ts'
import { installDefinition } from '../operators/install-definition.ts'
import type { Log } from '../operators/log.ts'
import { runOperators } from '../operators/run-operators.ts'
import type { WebhookSettings } from '../operators/webhooks/start.ts'
import { compositions } from './composition.ts'
import { compositionOperator } from './composition-controller.ts'
import { InstanceRuns } from './instance-runs.ts'
import { KindSchemas } from './kind-schemas.ts'

interface CompositionsOptions {
  /** May do whatever Compositions say. */
  readonly client: Client
  readonly clock: Clock
  readonly log: Log
  readonly signal: AbortSignal
  /** How the API server asks whether a Composition is right; default: over the loopback device, for one of this machine. */
  readonly webhooks?: WebhookSettings | false
  /** Of several processes one works. Default off: the server is one. */
  readonly election?: boolean
}

const onLoopback: WebhookSettings = { host: '127.0.0.1', port: 0, address: { url: 'https://127.0.0.1' } }

/** Serves Compositions: installs their kind, checks them, and runs what they say until `signal` aborts. */
export async function startCompositions(options: CompositionsOptions): Promise<{ stopped: Promise<void> }> {
  const { client, clock, log, signal, webhooks = onLoopback } = options
  await installDefinition(client, compositions.definition, signal, 'slipway')
  const kinds = new KindSchemas(client, new RestMapper(client))
  const runs = new InstanceRuns({ client, signal, clock, log })
  const operator = compositionOperator({ kinds, runs })
  const election = options.election ? {} : { election: false as const }
  const running = runOperators(client, [operator], { signal, clock, log, ...election, webhooks, namespace: 'kube-system' })
  await running.started
  return { stopped: Promise.all([running.stopped, runs.stopped()]).then(() => {}) }
}
