import { timeText } from '../../apimachinery/clock.ts'
import { jsonText } from '../../apimachinery/json.ts'
import { keyOf, type Unstructured } from '../../apimachinery/object.ts'
import type { Client } from '../../client/client.ts'
import type { RestMapper } from '../../client/rest-mapper.ts'
import { type Context, type Controller, defineController, type Result } from '../../operators/controller.ts'
import { apply } from '../apply/apply.ts'
import { TreeError } from '../git/tree.ts'
import { entryOf, type InventoryEntry, idOf, type Plan, type PlanInput, PlanRefused, plan, planUnjudged } from '../plan/plan.ts'
import { ManifestError } from '../render/manifest.ts'
import { type Rendered, SourceError, type SourceRenderer } from '../render/source.ts'
import {
  type Application,
  type ApplicationStatus,
  applications,
  automation,
  cascadeFinalizer,
  type Operation,
  trackingName,
} from './application.ts'
import { type LiveObjects, ownedFields } from './live-objects.ts'
import { type Comparison, failedStatus, inventoryOf, leftOver, observedStatus, saysMore } from './status.ts'

interface ApplicationControllerOptions {
  readonly client: Client
  readonly mapper: RestMapper
  readonly sources: SourceRenderer
  readonly live: () => LiveObjects
}

/** What the last comparison of an Application found; lost with the process, found again by a dry run. */
interface Known {
  readonly commit: string
  readonly spec: string
  /** Object id → the fields that are ours. */
  readonly owned: ReadonlyMap<string, string | undefined>
  /** Ids that differed and were left as they are. */
  readonly drifted: ReadonlySet<string>
}

const retryLimit = 5
const retryBaseMs = 5000
const retryMaxMs = 180_000

/** Keeps the cluster at what Applications' commits say. */
export function applicationController(options: ApplicationControllerOptions): Controller {
  const known = new Map<string, Known>()
  const failures = new Map<string, { readonly what: string; readonly times: number }>()
  return defineController<Application>({
    name: 'application-controller',
    for: applications,
    reconcile: (app, context) => new Reconcile(options, app, context, known, failures).run(),
    async removed(key) {
      known.delete(key)
      failures.delete(key)
    },
  })
}

/** One pass over one Application. */
class Reconcile {
  readonly #options: ApplicationControllerOptions
  readonly #app: Application
  readonly #context: Context
  readonly #known: Map<string, Known>
  readonly #failures: Map<string, { readonly what: string; readonly times: number }>
  readonly #key: string

  constructor(
    options: ApplicationControllerOptions,
    app: Application,
    context: Context,
    known: Map<string, Known>,
    failures: Map<string, { readonly what: string; readonly times: number }>,
  ) {
    this.#options = options
    this.#app = app
    this.#context = context
    this.#known = known
    this.#failures = failures
    this.#key = keyOf(app)
  }

  async run(): Promise<Result | undefined> {
    if (this.#app.metadata.deletionTimestamp) return this.#cascade()
    let commit: string
    let rendered: Rendered
    try {
      commit = await this.#options.sources.commitOf(this.#app)
      rendered = await this.#options.sources.render(this.#app, commit)
    } catch (error) {
      if (!(error instanceof SourceError || error instanceof ManifestError || error instanceof TreeError)) throw error
      await this.#write(failedStatus(this.#app, 'ComparisonError', error.message, this.#now()))
      return undefined
    }
    return this.#toCommit(commit, rendered)
  }

  async #toCommit(commit: string, rendered: Rendered): Promise<Result | undefined> {
    const { prune, on, selfHeal } = automation(this.#app)
    const input = this.#input(rendered, true)
    const spec = jsonText([this.#app.spec.source, this.#app.spec.destination])
    const before = this.#known.get(this.#key)
    const isNew = before === undefined || before.commit !== commit || before.spec !== spec
    const operation = this.#app.operation
    const planned = await planUnjudged(input)
    const wanted = planned.changes.filter((c) => c.action !== 'prune').map((c) => c.object)
    const drifted = isNew ? new Set<string>() : await this.#driftedSince(before, planned)
    const wasSynced =
      this.#app.status?.operationState?.syncResult?.revision === commit && this.#app.status.operationState.phase === 'Succeeded'
    const isDue = operation !== undefined || (on && (isNew ? !wasSynced || selfHeal : drifted.size > 0 && selfHeal))
    const failed = this.#failures.get(this.#key)
    const isGivenUp = operation === undefined && failed?.what === commit + spec && failed.times > retryLimit
    if (isDue && !isGivenUp) {
      const due = operation ?? { sync: { revision: commit, prune }, initiatedBy: { automated: true } }
      return this.#sync(commit, spec, rendered, planned, due)
    }
    const differing = isNew ? await this.#judge(input) : drifted
    await this.#observe(commit, rendered, wanted, differing)
    this.#known.set(
      this.#key,
      before && !isNew ? { ...before, drifted } : { commit, spec, owned: await this.#owned(planned), drifted: differing },
    )
    return undefined
  }

  /** Carries out `planned`; its prunes only when the operation says so. */
  async #sync(
    commit: string,
    spec: string,
    rendered: Rendered,
    planned: Plan,
    operation: Operation,
  ): Promise<Result | undefined> {
    const startedAt = this.#now()
    const applied = planned.changes.filter((c) => c.action !== 'prune')
    const wanted = applied.map((c) => c.object)
    // Before anything is applied the status names it, so that a crash leaves nothing that nobody knows of.
    await this.#remember(wanted, { phase: 'Running', startedAt, operation })
    const owned = new Map<string, string | undefined>()
    const onApplied = (object: Unstructured) => owned.set(idOf(entryOf(object)), ownedFields(object))
    const { client, mapper } = this.#options
    const scope = {
      client,
      mapper,
      application: trackingName(this.#app),
      namespace: this.#namespace(),
      signal: this.#context.signal,
    }
    const results = await apply({ ...scope, onApplied }, operation.sync?.prune ? planned : { changes: applied })
    const broken = results.filter((r) => r.status === 'SyncFailed')
    const message =
      broken.length === 0
        ? 'successfully synced'
        : broken.map((r) => `${r.kind.toLowerCase()}/${r.name}: ${r.message}`).join('; ')
    const times = broken.length === 0 ? 0 : (this.#failures.get(this.#key)?.times ?? 0) + 1
    if (times === 0) this.#failures.delete(this.#key)
    else this.#failures.set(this.#key, { what: commit + spec, times })
    if (times === 0) this.#known.set(this.#key, { commit, spec, owned, drifted: new Set() })
    const state = {
      phase: broken.length === 0 ? ('Succeeded' as const) : ('Failed' as const),
      message,
      startedAt,
      finishedAt: this.#now(),
      operation,
      syncResult: { revision: commit, resources: results },
    }
    const missing = new Set(broken.map(idOf))
    await this.#observe(commit, rendered, wanted, missing, state)
    if (times === 0 || times > retryLimit) return undefined
    return { requeueAfterMs: Math.min(retryMaxMs, retryBaseMs * 2 ** (times - 1)) }
  }

  #input(rendered: Rendered, prune: boolean): PlanInput {
    const { client, mapper } = this.#options
    const application = this.#app.metadata.name ?? ''
    return {
      client,
      mapper,
      application,
      namespace: this.#namespace(),
      manifests: rendered.manifests,
      inventory: inventoryOf(this.#app),
      prune,
    }
  }

  #namespace(): string {
    return this.#app.spec.destination.namespace ?? 'default'
  }

  #now(): string {
    return timeText(this.#context.clock.now())
  }

  /** Which objects no longer are what the last sync left, by what the watches show. */
  async #driftedSince(before: Known, planned: Plan): Promise<Set<string>> {
    const drifted = new Set<string>()
    for (const change of planned.changes) {
      const id = idOf(entryOf(change.object))
      if (change.action === 'prune') drifted.add(id)
      else if (change.resource) {
        const live = await this.#options.live().get(change.resource, keyOf(change.object))
        if (!live || ownedFields(live) !== before.owned.get(id) || before.drifted.has(id)) drifted.add(id)
      }
    }
    return drifted
  }

  /** Which objects differ from Git, by dry runs: when nothing is remembered of them. */
  async #judge(input: PlanInput): Promise<Set<string>> {
    try {
      const { changes } = await plan(input)
      return new Set(changes.filter((c) => c.action !== 'keep').map((c) => idOf(entryOf(c.object))))
    } catch (error) {
      if (!(error instanceof PlanRefused)) throw error
      return new Set(input.manifests.map((m) => idOf(entryOf(m.object))))
    }
  }

  async #owned(planned: Plan): Promise<Map<string, string | undefined>> {
    const owned = new Map<string, string | undefined>()
    for (const { action, resource, object } of planned.changes) {
      if (action === 'prune' || !resource) continue
      const live = await this.#options.live().get(resource, keyOf(object))
      owned.set(idOf(entryOf(object)), live && ownedFields(live))
    }
    return owned
  }

  async #observe(
    revision: string,
    rendered: Rendered,
    wanted: readonly Unstructured[],
    differing: ReadonlySet<string>,
    operationState?: ApplicationStatus['operationState'],
  ): Promise<void> {
    const comparisons: Comparison[] = []
    for (const object of wanted) {
      const resource = await this.#options.mapper.resourceOf(object.apiVersion ?? '', object.kind ?? '')
      const live = resource && (await this.#options.live().get(resource, keyOf(object)))
      comparisons.push({ wanted: object, live, inSync: live !== undefined && !differing.has(idOf(entryOf(object))) })
    }
    const rest = await this.#stillThere(leftOver(inventoryOf(this.#app), wanted))
    const status = observedStatus(this.#app, {
      revision,
      sourceType: rendered.type,
      comparisons,
      leftOver: rest,
      now: this.#now(),
    })
    await this.#write(operationState ? withOperation(this.#app, status, operationState) : status)
  }

  /** The part of the inventory that is still live and still ours. */
  async #stillThere(entries: readonly InventoryEntry[]): Promise<InventoryEntry[]> {
    const found: InventoryEntry[] = []
    for (const entry of entries) {
      const resource = await this.#options.mapper.resourceOf(
        entry.group ? `${entry.group}/${entry.version}` : entry.version,
        entry.kind,
      )
      const key = entry.namespace ? `${entry.namespace}/${entry.name}` : entry.name
      if (resource && (await this.#options.live().get(resource, key))) found.push(entry)
    }
    return found
  }

  /** Writes the union of the old and the new inventory, and that a sync runs. */
  async #remember(wanted: readonly Unstructured[], operationState: ApplicationStatus['operationState'] & object): Promise<void> {
    const before = this.#app.status?.resources ?? []
    const ids = new Set(before.map(idOf))
    const added = wanted.map(entryOf).filter((e) => !ids.has(idOf(e)))
    const resources = [...before, ...added.map((e) => ({ ...e, status: 'OutOfSync' as const }))]
    await this.#write({ ...this.#app.status, resources, operationState }, true)
  }

  async #write(status: ApplicationStatus, takeOperation = false): Promise<void> {
    if (!saysMore(this.#app.status, status)) return
    const { name = '', namespace } = this.#app.metadata
    const operation = takeOperation && this.#app.operation ? [{ op: 'remove', path: '/operation' }] : []
    const body = [{ op: 'add', path: '/status', value: { ...status, reconciledAt: this.#now() } }, ...operation]
    await this.#context.client.patch(
      applications,
      name,
      { type: 'json', body },
      { namespace, fieldManager: 'application-controller' },
    )
  }

  /** Deletes what the Application applied, if it asks for that, and lets it go. */
  async #cascade(): Promise<undefined> {
    const { name = '', namespace, finalizers = [] } = this.#app.metadata
    if (!finalizers.includes(cascadeFinalizer)) return undefined
    const input = { ...this.#input({ manifests: [], type: '' }, true) }
    const { changes } = await planUnjudged(input)
    await apply({ ...input, signal: this.#context.signal }, { changes })
    const left = finalizers.filter((f) => f !== cascadeFinalizer)
    await this.#context.client.patch(
      applications,
      name,
      { type: 'merge', body: { metadata: { finalizers: left } } },
      { namespace },
    )
    return undefined
  }
}

const historyLimit = 10

function withOperation(
  app: Application,
  status: ApplicationStatus,
  state: ApplicationStatus['operationState'] & object,
): ApplicationStatus {
  const errors = (status.conditions ?? []).filter((c) => c.type !== 'SyncError')
  if (state.phase !== 'Succeeded') {
    const condition = {
      type: 'SyncError',
      message: state.message ?? '',
      ...(state.finishedAt ? { lastTransitionTime: state.finishedAt } : {}),
    }
    return { ...status, operationState: state, conditions: [...errors, condition] }
  }
  const history = app.status?.history ?? []
  const revision = state.syncResult?.revision ?? ''
  const source = app.spec.source
  const entry = {
    id: (history.at(-1)?.id ?? -1) + 1,
    revision,
    deployedAt: state.finishedAt ?? '',
    ...(source ? { source } : {}),
  }
  const isRepeat = history.at(-1)?.revision === revision
  return {
    ...status,
    operationState: state,
    conditions: errors,
    history: isRepeat ? history : [...history, entry].slice(-historyLimit),
  }
}
