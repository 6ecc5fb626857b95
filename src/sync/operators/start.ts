import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../../apimachinery/clock.ts'
import { subjectaccessreviews } from '../../apimachinery/resources.generated.ts'
import type { Client } from '../../client/client.ts'
import type { InformerSet } from '../../client/informer-set.ts'
import { installDefinition } from '../../operators/install-definition.ts'
import type { Log } from '../../operators/log.ts'
import { runOperators } from '../../operators/run-operators.ts'
import type { GitUser } from '../git/git-server.ts'
import type { Repositories } from '../git/repositories.ts'
import { logRoute } from './log-route.ts'
import { operatorHost } from './operator-host.ts'
import { operatorObjects } from './operator-object.ts'
import type { Packages } from './packages.ts'
import { Processes } from './processes.ts'

interface OperatorHostingOptions {
  /** Acts as Slipway itself. */
  readonly client: Client
  readonly clientFor: (user: GitUser) => Client
  readonly authenticate: (request: IncomingMessage) => Promise<GitUser | undefined>
  readonly repositories: Repositories
  readonly packages: Packages
  readonly informers: InformerSet
  /** Where operators' processes find the API, and its authority in PEM. */
  readonly endpoint: { readonly server: string; readonly ca: string }
  readonly clock: Clock
  readonly log: Log
  readonly signal: AbortSignal
}

interface OperatorHosting {
  /** Serves /operators/ of the API's port. */
  readonly handleLogs: (request: IncomingMessage, response: ServerResponse) => Promise<void>
  readonly stopped: Promise<void>
}

/** Runs the operators of synced repositories until `signal` aborts. */
export async function startOperatorHosting(options: OperatorHostingOptions): Promise<OperatorHosting> {
  const { client, clock, log, signal, repositories, packages, clientFor, authenticate, endpoint } = options
  await installDefinition(client, operatorObjects.definition, signal, 'slipway')
  const changed = (key: string) => running.queues.get('operators')?.add(key)
  const processes = new Processes({ clock, random: Math.random, changed })
  const host = operatorHost({ repositories, processes, packages, changed, clientFor, endpoint: () => endpoint })
  const { informers } = options
  const running = runOperators(client, [host], { signal, clock, log, informers, election: false, webhooks: false })
  const handleLogs = logRoute({
    processes,
    authenticate,
    authorize: (user, namespace, name) => mayReadLog(client, user, namespace, name),
  })
  const stopped = running.stopped.then(() => processes.stopAll())
  await running.started
  return { handleLogs, stopped }
}

async function mayReadLog(client: Client, user: GitUser, namespace: string, name: string): Promise<boolean> {
  const resourceAttributes = { namespace, verb: 'get', group: 'slipway.dev', resource: 'operators', subresource: 'log', name }
  const review = await client.create(subjectaccessreviews, {
    metadata: {},
    spec: { user: user.name, groups: [...user.groups], resourceAttributes },
  })
  return review.status?.allowed === true
}
