import { readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { parse } from 'yaml'
import type { Clock } from '../apimachinery/clock.ts'
import { namespaces, subjectaccessreviews } from '../apimachinery/resources.generated.ts'
import type { Client } from '../client/client.ts'
import { RestMapper } from '../client/rest-mapper.ts'
import { installDefinition } from '../operators/install-definition.ts'
import type { Log } from '../operators/log.ts'
import { runControllers } from '../operators/run-controllers.ts'
import { type Application, applications, builtInRepository, controlNamespace, keyOfTracking } from './application/application.ts'
import { applicationController } from './application/application-controller.ts'
import { LiveObjects } from './application/live-objects.ts'
import { type GitUser, gitServer } from './git/git-server.ts'
import { Repositories } from './git/repositories.ts'
import { Packages } from './operators/packages.ts'
import { startOperatorHosting } from './operators/start.ts'
import { pushGate } from './push/push-gate.ts'
import { type ChartRendererFor, SourceRenderer } from './render/source.ts'

interface SyncOptions {
  /** Acts as Slipway itself. */
  readonly client: Client
  /** Acts as a user. */
  readonly clientFor: (user: GitUser) => Client
  readonly authenticate: (request: IncomingMessage) => Promise<GitUser | undefined>
  /** Where the bare repositories are. */
  readonly folder: string
  /** Where packages of operators are kept. */
  readonly packagesFolder: string
  readonly chartRenderer: ChartRendererFor
  /** Where operators of repositories find the API, and its authority in PEM; undefined: they are not run. */
  readonly endpoint?: { readonly server: string; readonly ca: string }
  readonly clock: Clock
  readonly log: Log
  readonly signal: AbortSignal
}

export interface Sync {
  /** Serves /git/ of the API's port. */
  readonly handleGit: (request: IncomingMessage, response: ServerResponse) => Promise<void>
  /** Serves /operators/ of the API's port: logs of operators that repositories have. */
  readonly handleLogs: (request: IncomingMessage, response: ServerResponse) => Promise<void>
  readonly stopped: Promise<void>
}

/** Starts the Git server and the sync engine; resolves when Applications are served and their controller runs. */
export async function startSync(options: SyncOptions): Promise<Sync> {
  const { client, signal } = options
  await installApplications(client, signal)
  const repositories = new Repositories(options.folder)
  const packages = new Packages({ folder: options.packagesFolder, clock: options.clock })
  const mapper = new RestMapper(client)
  const sources = new SourceRenderer(repositories, options.chartRenderer)
  let live: LiveObjects | undefined
  const controller = applicationController({
    client,
    mapper,
    sources,
    live: () => {
      live ??= new LiveObjects(running.informers, (application) =>
        running.queues.get(controller.name)?.add(keyOfTracking(application)),
      )
      return live
    },
  })
  const running = runControllers(client, [controller], { signal, clock: options.clock, log: options.log })
  const informer = running.informers.of(applications)
  repositories.onUpdate((repository) => {
    for (const app of informer.list().filter((a) => isFrom(a, repository))) {
      running.queues.get(controller.name)?.add(`${app.metadata.namespace}/${app.metadata.name}`)
    }
  })
  await running.started
  const handleGit = gitServer({
    repositories,
    authenticate: options.authenticate,
    authorize: (user, verb, repository) => mayUse(client, user, verb, repository),
    gate: (user) =>
      pushGate({ user, pusher: options.clientFor(user), client, mapper, repositories, sources, informer, packages }),
  })
  const { endpoint } = options
  if (!endpoint) return { handleGit, handleLogs: noLogs, stopped: running.stopped }
  const hosting = await startOperatorHosting({ ...options, endpoint, repositories, packages, informers: running.informers })
  return { handleGit, handleLogs: hosting.handleLogs, stopped: Promise.all([running.stopped, hosting.stopped]).then(() => {}) }
}

async function noLogs(_: IncomingMessage, response: ServerResponse): Promise<void> {
  response.writeHead(404).end('this server runs no operators\n')
}

function isFrom(app: Application, repository: string): boolean {
  return builtInRepository(app.spec.source?.repoURL ?? '') === repository
}

/** Rights on repositories are rights on `repositories` of the group `git.slipway.dev` in the control namespace. */
async function mayUse(client: Client, user: GitUser, verb: string, repository: string): Promise<boolean> {
  const resourceAttributes = {
    namespace: controlNamespace,
    verb,
    group: 'git.slipway.dev',
    resource: 'repositories',
    name: repository,
  }
  const spec = { user: user.name, groups: [...user.groups], resourceAttributes }
  const review = await client.create(subjectaccessreviews, { metadata: {}, spec })
  return review.status?.allowed === true
}

/** Makes Applications a served kind, and the namespace that those have which a push makes. */
async function installApplications(client: Client, signal: AbortSignal): Promise<void> {
  const text = await readFile(join(import.meta.dirname, '../../schemas/crds/application.yaml'), 'utf8')
  await client.apply(namespaces, { metadata: { name: controlNamespace } }, { fieldManager: 'slipway', force: true })
  await installDefinition(client, parse(text) as object, signal, 'slipway')
}
