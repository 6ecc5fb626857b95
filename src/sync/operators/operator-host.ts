import type { CustomResourceDefinition } from '../../apimachinery/kinds.generated.ts'
import { type KubeObject, keyOf } from '../../apimachinery/object.ts'
import { clusterrolebindings, clusterroles, serviceaccounts } from '../../apimachinery/resources.generated.ts'
import { isNotFound, StatusError } from '../../apimachinery/status.ts'
import type { Client } from '../../client/client.ts'
import { defineOperator, type Finder, type Operator, type Outcome, type Reconcile, watching } from '../../operators/operator.ts'
import { type Application, applications, keyOfTracking, trackingName } from '../application/application.ts'
import { inventoryOf } from '../application/status.ts'
import type { GitUser } from '../git/git-server.ts'
import type { Repositories } from '../git/repositories.ts'
import { entryOf, idOf } from '../plan/plan.ts'
import { trackedBy } from '../plan/tracking.ts'
import { type CommittedCode, codeAt, syncedCommit } from './code.ts'
import { type OperatorObject, operatorObjects } from './operator-object.ts'
import { type PackagePlan, PackagesError, planPackages } from './package-plan.ts'
import { type Packages, retryFailedMs } from './packages.ts'
import type { Processes } from './processes.ts'
import { pusherOf } from './pusher.ts'
import { operatorAnnotation, requireMayRegister } from './registration.ts'
import { accountName, bindingOf, clusterRoleName, dividedRules, requireMayGrant, rulesFor } from './rights.ts'
import type { Supervised } from './supervised.ts'
import { closeDoor, openDoor, portIn, register, removeWebhooks, takenConversion } from './webhooks.ts'

interface OperatorHostOptions {
  readonly repositories: Repositories
  readonly processes: Processes
  readonly packages: Packages
  /** Asks for another look at the Operator of a key. */
  readonly changed: (key: string) => void
  /** Acts as a user: whoever pushed an operator must be allowed to give what it gets. */
  readonly clientFor: (user: GitUser) => Client
  /** Where the processes find the API. */
  readonly endpoint: () => { readonly server: string; readonly ca: string }
}

/** Why an operator does not run, as its Ready condition says it. */
class NotReady extends Error {
  readonly reason: string
  constructor(reason: string, message: string) {
    super(message)
    this.reason = reason
  }
}

const fieldManager = 'slipway-operators'
/** How often it is looked whether the certificate of webhooks is due. */
const renewEvery = '1h'

/** Runs the operators that `Operator` objects of synced repositories name. */
export function operatorHost(options: OperatorHostOptions): Operator {
  const { processes } = options
  return defineOperator<OperatorObject>({
    name: 'operators',
    for: operatorObjects,
    owns: ['ServiceAccount', 'Role', 'RoleBinding'],
    watches: [
      watching(applications, {
        to: (app, { list }: Finder<OperatorObject>) => list().filter((o) => applicationOf(o) === trackingName(app)),
      }),
      // What others take away of a registration is put back.
      watching('ValidatingWebhookConfiguration', { to: registrantOf }),
      watching('MutatingWebhookConfiguration', { to: registrantOf }),
      watching('CustomResourceDefinition', {
        to: (_, { list }: Finder<OperatorObject>) => list(),
        when: (now, before) => conversionText(now) !== conversionText(before),
      }),
    ],
    async reconcile(context) {
      try {
        return await reconcile(context, options)
      } catch (error) {
        if (!(error instanceof NotReady)) throw error
        await processes.stop(context.object.metadata.uid)
        await removeClusterRights(context.object, context.client)
        await removeWebhooks(context.object, context.client, processes)
        return { status: { webhooks: undefined, Ready: { status: 'False', reason: error.reason, message: error.message } } }
      }
    },
    async finalize({ object, client }) {
      await processes.stop(object.metadata.uid)
      await removeClusterRights(object, client)
      await removeWebhooks(object, client, processes)
    },
  })
}

/** The key of the Operator whose registration an object is. */
function registrantOf({ metadata }: KubeObject): string[] {
  const key = metadata.annotations?.[operatorAnnotation]
  return key === undefined ? [] : [key]
}

/** What of a definition concerns those who convert its objects. */
const conversionText = (definition: CustomResourceDefinition | undefined): string =>
  JSON.stringify(definition && [definition.spec.conversion, registrantOf(definition)])

const applicationOf = (object: OperatorObject): string | undefined => trackedBy(object as never)

/** They belong to no namespace, so no owner reference takes them away. */
async function removeClusterRights(object: OperatorObject, client: Client): Promise<void> {
  for (const resource of [clusterrolebindings, clusterroles])
    await client.delete(resource as typeof clusterroles, clusterRoleName(object)).catch(ignoreMissing)
}

function ignoreMissing(error: unknown): void {
  if (!isNotFound(error)) throw error
}

async function reconcile(context: Reconcile<OperatorObject>, options: OperatorHostOptions): Promise<Outcome<OperatorObject>> {
  const { object } = context
  if (object.spec.suspend) throw new NotReady('Suspended', 'spec.suspend is true')
  const { app, code } = await committed(context, options)
  // After a restart of the server: who asks its webhooks waits for it from now on.
  const before = portIn(object)
  if (before !== undefined) await options.processes.portOf(object.metadata.uid, before)
  const packages = await packagesOf(object, code, options)
  if (packages?.phase === 'failed') {
    context.event('Warning', 'PackagesFailed', packages.message)
    const Ready = { status: 'False', reason: 'PackagesFailed', message: packages.message }
    return { status: { Ready }, keep: () => true, requeueAfter: `${retryFailedMs}ms` }
  }
  if (packages?.phase === 'preparing') {
    const Ready = { status: 'False', reason: 'PreparingPackages', message: packages.message }
    return { status: { Ready }, keep: () => true }
  }
  const supervised = options.processes.running(object, code, packages?.folder)
  const { described } = supervised
  const common = { commit: code.commit, restarts: supervised.restarts, limits: supervised.hasGroup ? 'cgroup' : 'heap' }
  // A new version that cannot be loaded takes nothing away from what is there.
  if (!described) return { status: { ...common, Ready: readiness(supervised) }, keep: () => true }
  const operators = described.operators.map((o) => o.name)
  const rules = rulesFor(object, described)
  await requirePusher(options, app, code.commit, async (pusher) => {
    await requireMayGrant(pusher, object, rules)
    await requireMayRegister(pusher, object, described)
  })
  const taken = takenConversion(context, described)
  if (taken)
    throw new NotReady('ConversionTaken', `objects of ${taken.definition} are converted by the Operator ${taken.by} already`)
  const door = await openDoor(context, options.processes, described)
  if (door) supervised.certify(door.leaf)
  if (await isGranted(context, rules)) {
    await start(context, options, supervised)
    await register(context, described, door)
    if (!door) await closeDoor(object, context.client, options.processes)
  }
  const status = { ...common, operators, webhooks: door?.url, Ready: readiness(supervised) }
  return door ? { status, requeueAfter: renewEvery } : { status }
}

/** How it is with the packages that a module imports; what runs goes on meanwhile. Undefined when it imports none. */
async function packagesOf(object: OperatorObject, { files, source }: CommittedCode, { packages, changed }: OperatorHostOptions) {
  let plan: PackagePlan | undefined
  try {
    plan = await planPackages(files, object.spec.module)
  } catch (error) {
    if (!(error instanceof PackagesError)) throw error
    return { phase: 'failed', message: error.message } as const
  }
  if (!plan) return undefined
  const state = packages.stateOf(plan, source, () => changed(keyOf(object)))
  if (state.phase !== 'preparing') return state
  const message =
    plan.kind === 'locked'
      ? `npm ci installs ${plan.count} package${plan.count === 1 ? '' : 's'} of ${plan.folder}package-lock.json`
      : `${plan.paths.length} files are read from the repository`
  return { phase: 'preparing', message } as const
}

/** The Application that brought the object, and the code at its commit. */
async function committed({ object, read }: Reconcile<OperatorObject>, { repositories }: OperatorHostOptions) {
  const tracking = applicationOf(object)
  const [namespace, name = ''] = keyOfTracking(tracking ?? '').split('/')
  const app = tracking === undefined ? undefined : read(applications, name, namespace)
  const isIn = app && inventoryOf(app).some((entry) => idOf(entry) === idOf(entryOf(object as never)))
  if (!app || !isIn) throw new NotReady('NotFromGit', 'only an Operator that an Application brought from its repository is run')
  const commit = syncedCommit(app)
  if (!commit) throw new NotReady('NotSynced', `Application ${name} is not synced yet`)
  let code: CommittedCode
  try {
    code = await codeAt(repositories, app, commit)
  } catch (error) {
    throw new NotReady('NoCode', (error as Error).message)
  }
  if (code.code[object.spec.module] === undefined)
    throw new NotReady(
      'NoModule',
      `commit ${commit.slice(0, 7)} has no ${object.spec.module} below ${app.spec.source?.path ?? '.'}`,
    )
  return { app, code }
}

/** Whoever pushed the commit must be allowed what is done for it. */
async function requirePusher(
  { clientFor }: OperatorHostOptions,
  app: Application,
  commit: string,
  judge: (pusher: Client) => Promise<void>,
): Promise<void> {
  const pusher = pusherOf(app, commit)
  if (!pusher) throw new NotReady('NoPusher', `nobody is known to have pushed commit ${commit.slice(0, 7)}: push again`)
  try {
    await judge(clientFor(pusher))
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
    if (error.code === 403)
      throw new NotReady('NotAllowed', `${pusher.name}, who pushed it, may not give the rights that it needs: ${error.message}`)
    if (error.code === 422) throw new NotReady('InvalidWebhooks', `the API refuses what it needs: ${error.message}`)
    throw error
  }
}

/** Declares the account and its rights; true when they are there. */
async function isGranted(context: Reconcile<OperatorObject>, rules: ReturnType<typeof rulesFor>): Promise<boolean> {
  const { object, child, observed, client } = context
  const name = accountName(object)
  const { cluster, namespace } = dividedRules(object, rules)
  const account = child('ServiceAccount', { metadata: { name } })
  const own = [account]
  if (namespace.length > 0) {
    own.push(child('Role', { metadata: { name }, rules: namespace }) as unknown as typeof account)
    own.push(child('RoleBinding', { metadata: { name }, ...bindingOf(object, 'Role') }) as unknown as typeof account)
  }
  const metadata = { name: clusterRoleName(object) }
  const apply = { fieldManager, force: true }
  await client.apply(clusterroles, { metadata, rules: cluster }, apply)
  await client.apply(clusterrolebindings, { metadata, ...bindingOf(object, 'ClusterRole') }, apply)
  return own.every((made) => observed(made) !== undefined)
}

async function start(context: Reconcile<OperatorObject>, options: OperatorHostOptions, supervised: Supervised): Promise<void> {
  const { object, client } = context
  const { processes, endpoint } = options
  const { namespace = 'default', uid } = object.metadata
  const askToken = async () => {
    const request = { metadata: {}, spec: { audiences: [], expirationSeconds: 3600 } }
    const target = { namespace, subresource: 'token', name: accountName(object) }
    const answer = (await client.create(serviceaccounts, request as never, target)) as unknown as { status: { token: string } }
    return answer.status.token
  }
  await processes.run(supervised, askToken, (token) => ({
    type: 'run',
    ...endpoint(),
    token,
    namespace,
    watch: object.spec.watch === 'Cluster' ? undefined : namespace,
    identity: `slipway_${uid}`,
  }))
}

function readiness({ state }: Supervised) {
  if (state.phase === 'running') return true
  if (state.phase === 'crashed') {
    const message = `${state.message}; started again in ${Math.round(state.retryInMs / 1000)} s`
    return { status: 'False', reason: 'CrashLoopBackOff', message }
  }
  return { status: 'False', reason: 'Starting', message: `the process is ${state.phase}` }
}
