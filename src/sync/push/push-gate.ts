import { isAlreadyExists, isNotFound } from '../../apimachinery/status.ts'
import type { Client } from '../../client/client.ts'
import type { Informer } from '../../client/informer.ts'
import type { RestMapper } from '../../client/rest-mapper.ts'
import {
  type Application,
  applicationFor,
  applications,
  automation,
  builtInRepository,
  controlNamespace,
  trackingName,
} from '../application/application.ts'
import { inventoryOf } from '../application/status.ts'
import type { GitUser } from '../git/git-server.ts'
import { type Push, type PushGate, PushRefused } from '../git/receive-pack.ts'
import { type Repositories, zeroOid } from '../git/repositories.ts'
import { TreeError } from '../git/tree.ts'
import { describeModule } from '../operators/describe.ts'
import { operatorProblems } from '../operators/judge.ts'
import type { Packages } from '../operators/packages.ts'
import { pusherAnnotation, pusherText } from '../operators/pusher.ts'
import { type Plan, PlanRefused, plan } from '../plan/plan.ts'
import { planSummary, planText } from '../plan/plan-text.ts'
import { ManifestError } from '../render/manifest.ts'
import { SourceError, type SourceRenderer } from '../render/source.ts'
import { waitUntilReady } from './wait.ts'

interface PushContext {
  readonly user: GitUser
  /** Acts as the pusher: a manifest they may not apply is refused. */
  readonly pusher: Client
  /** Acts as Slipway: makes Applications. */
  readonly client: Client
  readonly mapper: RestMapper
  readonly repositories: Repositories
  readonly sources: SourceRenderer
  readonly informer: Informer<Application>
  readonly packages: Packages
}

interface Affected {
  readonly app: Application
  readonly isNew: boolean
  readonly commit: string
}

/** What a push meets: its manifests are judged by the API before any ref moves; then Applications sync it, and `-o wait` waits for them. */
export function pushGate(context: PushContext): PushGate {
  const affected = new Map<Push, readonly Affected[]>()
  return {
    async check(push) {
      const found = await affectedBy(context, push)
      for (const one of found) await judge(context, one, push)
      affected.set(push, found)
    },
    async accepted(push) {
      const found = affected.get(push) ?? []
      affected.delete(push)
      await pointHead(context.repositories, push)
      for (const { app, isNew, commit } of found) {
        if (isNew) await create(context, app, push)
        await notePusher(context, app, commit)
      }
      const wait = push.options.find((o) => o === 'wait' || o.startsWith('wait='))
      if (found.length === 0) return
      if (!wait) {
        push.print(
          `Slipway: syncing ${found.map((f) => f.app.metadata.name).join(', ')} (\`git push -o wait\` waits until all is ready)`,
        )
        return
      }
      const seconds = Number(wait.slice('wait='.length)) || 300
      for (const { app, commit } of found) await waitUntilReady({ ...context, app, commit, seconds, push })
    },
  }
}

/** Which Applications sync from the refs that are pushed, at which commit; a new repository gets one. */
async function affectedBy(context: PushContext, push: Push): Promise<Affected[]> {
  const { repositories, informer } = context
  const existing = informer.list().filter((app) => builtInRepository(app.spec.source?.repoURL ?? '') === push.repository)
  const head = await headAfter(repositories, push)
  const affected: Affected[] = []
  for (const { ref, after } of push.updates) {
    const apps = existing.filter((app) => targets(app, ref, head))
    if (after === zeroOid) {
      if (apps.length > 0) throw new PushRefused(`Application ${apps[0]?.metadata.name} syncs ${ref}: delete it first`)
      continue
    }
    affected.push(...apps.map((app) => ({ app, isNew: false, commit: after })))
    if (existing.length === 0 && ref === head) affected.push({ app: applicationFor(push.repository), isNew: true, commit: after })
    else if (apps.length === 0)
      push.print(`Slipway: ${ref.replace(/^refs\/heads\//, 'branch ')} is stored; no Application syncs it`)
  }
  return affected
}

function targets(app: Application, ref: string, head: string): boolean {
  const revision = app.spec.source?.targetRevision || 'HEAD'
  return revision === 'HEAD' ? ref === head : [revision, `refs/heads/${revision}`, `refs/tags/${revision}`].includes(ref)
}

/** The branch HEAD will name: the first branch pushed to an empty repository becomes it. */
async function headAfter(repositories: Repositories, push: Push): Promise<string> {
  const head = await repositories.headRef(push.repository)
  const names = new Set((await repositories.refs(push.repository)).map((r) => r.name))
  if (names.has(head) || push.updates.some((u) => u.ref === head)) return head
  return push.updates.find((u) => u.ref.startsWith('refs/heads/') && u.after !== zeroOid)?.ref ?? head
}

async function pointHead(repositories: Repositories, push: Push): Promise<void> {
  const head = await headAfter(repositories, push)
  if (head !== (await repositories.headRef(push.repository))) await repositories.setHead(push.repository, head)
}

/** Renders the commit, asks the API about every manifest, and prints what will change. Throws PushRefused. */
async function judge(context: PushContext, { app, commit }: Affected, push: Push): Promise<void> {
  const name = app.metadata.name ?? ''
  const namespace = app.spec.destination.namespace ?? 'default'
  const { prune, allowEmpty } = automation(app)
  let found: Plan
  try {
    const { manifests } = await context.sources.render(app, commit)
    const inventory = inventoryOf(app)
    const input = { mapper: context.mapper, application: trackingName(app), namespace, manifests, inventory, prune }
    found = await plan({ ...input, client: context.pusher })
    const refused = await operatorProblems(
      { ...context, describeModule, print: (line) => push.print(line) },
      app,
      commit,
      manifests,
    )
    if (refused.length > 0) throw new PlanRefused(refused)
    if (prune && !allowEmpty && manifests.length === 0 && found.changes.length > 0) {
      throw new PushRefused(
        `this would delete all ${found.changes.length} objects of Application ${name}; set spec.syncPolicy.automated.allowEmpty to allow it`,
      )
    }
  } catch (error) {
    const problems = problemsOf(error)
    push.print(
      `Slipway: ${problems.length === 1 ? 'a problem' : `${problems.length} problems`} in ${commit.slice(0, 7)}, nothing is changed:`,
    )
    for (const problem of problems) push.print(`  ${problem}`)
    throw error instanceof PushRefused
      ? error
      : new PushRefused(`${problems[0]}${problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''}`)
  }
  push.print(`Slipway: Application ${name}, namespace ${namespace}: ${planSummary(found)}`)
  for (const line of planText(found, namespace)) push.print(line)
}

function problemsOf(error: unknown): string[] {
  if (error instanceof PlanRefused) return error.problems.map(withHint)
  if (error instanceof ManifestError) return [withHint(error)]
  if (error instanceof TreeError || error instanceof SourceError || error instanceof PushRefused) return [error.message]
  return [error instanceof Error ? error.message : String(error)]
}

const withHint = (error: ManifestError): string => (error.hint ? `${error.message} (${error.hint})` : error.message)

async function create(context: PushContext, app: Application, push: Push): Promise<void> {
  await context.client
    .create(applications, app, { namespace: controlNamespace, fieldManager: 'slipway' })
    .catch((error: unknown) => {
      if (!isAlreadyExists(error)) throw error
    })
  push.print(
    `Slipway: made Application ${app.metadata.name}: it syncs this repository's ${app.spec.source?.targetRevision} into namespace ${app.spec.destination.namespace}`,
  )
}

/** Operators of the repository get no right that whoever pushed them could not give. */
async function notePusher({ client, user, informer }: PushContext, { metadata }: Application, commit: string): Promise<void> {
  const app = informer.list().find((a) => a.metadata.uid === metadata.uid)
  const body = { metadata: { annotations: { [pusherAnnotation]: pusherText(user, commit, app) } } }
  const { name = '', namespace = controlNamespace } = metadata
  await client
    .patch(applications, name, { type: 'merge', body }, { namespace, fieldManager: 'slipway' })
    .catch((error: unknown) => {
      if (!isNotFound(error)) throw error
    })
}
