// Install, upgrade, rollback and uninstall of releases.
import type { Unstructured } from '../../apimachinery/object.ts'
import { StatusError } from '../../apimachinery/status.ts'
import type { Client } from '../../client/client.ts'
import { DEFAULT_API_VERSIONS, DEFAULT_KUBE_VERSION } from '../chart/capabilities.ts'
import type { Chart } from '../chart/chart.ts'
import type { ValueMap } from '../gotemplate/value.ts'
import { sortByKind, UNINSTALL_ORDER } from '../render/manifests.ts'
import { checkInstallable, manifestText, type Rendered, type RenderOptions, render } from '../render/render.ts'
import { toPlain } from '../yaml/json.ts'
import { type ApplyOptions, applyObjects } from './apply.ts'
import { type Cascade, Cluster } from './cluster.ts'
import { installCrds, offerCrds } from './crds.ts'
import { runHooks } from './hooks.ts'
import { clusterHost } from './lookup.ts'
import { foreign, isKept, keyOf, label, objectsOf, owned } from './manifest-objects.ts'
import { notReady } from './readiness.ts'
import { chartRecord, hookRecord, isPending, mergeLabels, type ReleaseRecord } from './record.ts'
import { ReleaseStore } from './release-store.ts'
import { ofLive, waitFor, waitGone } from './waiting.ts'

export interface OperationOptions extends ApplyOptions {
  readonly namespace: string
  readonly timeoutMs: number
  readonly wait?: boolean
  readonly waitForJobs?: boolean
  /** Undoes what was done when the operation fails. */
  readonly atomic?: boolean
  readonly noHooks?: boolean
  /** Server-side apply, or three-way merges by us; by default as the release was applied before. */
  readonly serverSide?: boolean
  /** Changes nothing: `client` only renders, without lookups (an install without any server), `server` asks the server, too. */
  readonly dryRun?: 'client' | 'server'
  /** Installs over a release that failed or whose history was kept. */
  readonly replace?: boolean
  /** What becomes of the dependents of the objects that an uninstall deletes. */
  readonly cascade?: Cascade
  /** Labels of the release's Secret, beside Helm's own; 'null' takes one away. */
  readonly labels?: { readonly [name: string]: string }
  readonly subNotes?: boolean
  readonly skipCrds?: boolean
  /** Upgrades bring the chart's CRDs up to date, too. */
  readonly upgradeCrds?: boolean
  readonly createNamespace?: boolean
  readonly takeOwnership?: boolean
  readonly historyMax?: number
  readonly keepHistory?: boolean
  readonly description?: string
  readonly skipSchemas?: boolean
  readonly loadSchema?: RenderOptions['loadSchema']
  readonly postRender?: RenderOptions['postRender']
  /** What templates may ask beside the cluster. */
  readonly host?: RenderOptions['host']
  readonly valueSources?: RenderOptions['valueSources']
  readonly now?: () => Date
  readonly warn?: (message: string) => void
}

/** An operation whose release stays pending this long was interrupted: the next one takes over. */
const ABANDONED_MS = 10 * 60_000

export class Releases {
  readonly cluster: Cluster
  private readonly o: OperationOptions
  private readonly store: ReleaseStore
  private readonly now: () => Date

  constructor(client: Client, options: OperationOptions) {
    this.cluster = new Cluster(client)
    this.o = options
    this.now = options.now ?? (() => new Date())
    this.store = new ReleaseStore(client, options.namespace, this.now)
  }

  history(name: string): Promise<ReleaseRecord[]> {
    return this.store.history(name)
  }
  revision(name: string, version?: number): Promise<ReleaseRecord> {
    return version === undefined ? this.store.last(name) : this.store.at(name, version)
  }

  /** `.Capabilities` and what else a render asks of the cluster. */
  async asked(): Promise<Pick<RenderOptions, 'capabilities' | 'host'>> {
    return { capabilities: await this.cluster.capabilities(), host: { ...this.o.host, ...clusterHost(this.cluster) } }
  }

  private async render(name: string, chart: Chart, values: ValueMap, revision: number): Promise<Rendered> {
    checkInstallable(chart)
    const isClient = this.o.dryRun === 'client'
    const isOffline = isClient && revision === 1
    return render(chart, values, {
      release: { name, namespace: this.o.namespace, revision, isUpgrade: revision > 1 },
      capabilities: isOffline
        ? { kubeVersion: DEFAULT_KUBE_VERSION, apiVersions: DEFAULT_API_VERSIONS }
        : await this.cluster.capabilities(),
      host: { ...this.o.host, ...(isClient ? {} : clusterHost(this.cluster)) },
      skipSchemas: this.o.skipSchemas ?? false,
      loadSchema: this.o.loadSchema,
      subNotes: this.o.subNotes ?? false,
      valueSources: this.o.valueSources,
      ...(this.o.postRender ? { postRender: this.o.postRender } : {}),
      ...(this.o.warn ? { warn: this.o.warn } : {}),
    })
  }

  private async made(
    name: string,
    chart: Chart,
    values: ValueMap,
    version: number,
    status: ReleaseRecord['info']['status'],
    before: ReleaseRecord | undefined,
  ): Promise<ReleaseRecord> {
    const r = await this.render(name, chart, values, version)
    const now = this.now().toISOString()
    return {
      name,
      namespace: this.o.namespace,
      version,
      chart: chartRecord(r.chart),
      config: toPlain(values) as { [k: string]: unknown },
      manifest: manifestText(r),
      hooks: r.hooks.map(hookRecord),
      labels: mergeLabels(before?.labels, this.o.labels),
      apply_method: this.o.serverSide === false ? 'csa' : 'ssa',
      info: {
        first_deployed: before?.info.first_deployed ?? now,
        last_deployed: now,
        status,
        description: 'Preparing',
        ...(r.notes ? { notes: r.notes } : {}),
      },
    }
  }

  /** Installs a release. Throws Error (the release is then `failed`, or gone with `atomic`). */
  async install(name: string, chart: Chart, values: ValueMap): Promise<ReleaseRecord> {
    if (this.o.dryRun === 'client') return this.tryOut(await this.made(name, chart, values, 1, 'pending-install', undefined), [])
    const before = (await this.store.history(name)).at(-1)
    if (before && !this.isReplaceable(before)) throw inUse(before)
    if (!this.o.dryRun) await this.prepareNamespace()
    if (!this.o.skipCrds) await installCrds(this.cluster, chart, this.o)
    const r = await this.made(name, chart, values, (before?.version ?? 0) + 1, 'pending-install', undefined)
    const objects = objectsOf(r.manifest)
    await this.checkOwners(objects, r)
    if (this.o.dryRun) return this.tryOut(r, objects)
    if (before)
      await this.store.update({
        ...before,
        info: { ...before.info, status: before.info.status === 'uninstalled' ? 'uninstalled' : 'superseded' },
      })
    await this.store.create(r)
    return this.carryOut(r, 'install', undefined, objects, 'Install complete', async () => {
      await this.uninstall(name)
      return 'and has been uninstalled due to atomic being set'
    })
  }

  /** Upgrades a release. Throws Error (the release is then `failed`, or rolled back with `atomic`). */
  async upgrade(name: string, chart: Chart, values: ValueMap): Promise<ReleaseRecord> {
    const { last, current } = await this.forChange(name)
    await offerCrds(this.cluster, chart, this.o)
    const r = await this.made(name, chart, values, last.version + 1, 'pending-upgrade', current)
    if (this.o.serverSide === undefined) r.apply_method = last.apply_method ?? 'csa'
    const objects = objectsOf(r.manifest)
    const had = new Set(objectsOf(current.manifest).map((x) => keyOf(x, r.namespace)))
    await this.checkOwners(
      objects.filter((x) => !had.has(keyOf(x, r.namespace))),
      r,
    )
    if (this.o.dryRun) return this.tryOut(r, objects)
    await this.store.create(r)
    return this.carryOut(r, 'upgrade', current, objects, 'Upgrade complete', async () => {
      await this.rollback(name, current.version)
      return 'and has been rolled back due to atomic being set'
    })
  }

  /** Makes an earlier revision (0: the one before) the newest again. */
  async rollback(name: string, version: number): Promise<ReleaseRecord> {
    const history = await this.store.history(name)
    const last = history.at(-1)
    if (!last) throw new Error('release: not found')
    if (isPending(last) && !this.isAbandoned(last)) throw new Error('another operation (install/upgrade/rollback) is in progress')
    const wanted = version === 0 ? last.version - 1 : version
    const target = history.find((r) => r.version === wanted)
    if (!target) throw new Error(`release has no ${wanted} version`)
    const current = history.findLast((r) => r.info.status === 'deployed') ?? last
    const now = this.now().toISOString()
    const r: ReleaseRecord = {
      ...target,
      version: last.version + 1,
      info: {
        ...target.info,
        ...(current.info.first_deployed ? { first_deployed: current.info.first_deployed } : {}),
        last_deployed: now,
        status: 'pending-rollback',
        rollback_revision: wanted,
        description: this.o.description ?? `Rollback to ${wanted}`,
      },
    }
    if (this.o.dryRun) return r
    await this.store.create(r)
    return this.carryOut(r, 'rollback', current, objectsOf(r.manifest), `Rollback to ${wanted}`, undefined)
  }

  /** Deletes a release's objects and, without keepHistory, all that is known of it. The objects that were kept. */
  async uninstall(name: string): Promise<Unstructured[]> {
    const history = await this.store.history(name)
    const last = history.at(-1)
    if (!last) throw new Error(`uninstall: Release not loaded: ${name}: release: not found`)
    if (this.o.dryRun) return objectsOf(last.manifest).filter(isKept)
    if (last.info.status === 'uninstalled') {
      if (this.o.keepHistory) throw new Error(`the release named ${JSON.stringify(name)} is already deleted`)
      for (const r of history) await this.store.delete(r)
      return []
    }
    const r: ReleaseRecord = {
      ...last,
      info: {
        ...last.info,
        status: 'uninstalling',
        deleted: this.now().toISOString(),
        description: 'Deletion in progress (or silently failed)',
      },
    }
    await this.store.update(r)
    await this.hooks(r, 'pre-delete')
    const objects = objectsOf(r.manifest)
    const gone = objects.filter((x) => !isKept(x))
    const problems = await this.deleteAll(gone, r.namespace)
    if (this.o.wait && problems.length === 0) await waitGone(this.cluster, gone, r.namespace, this.o.timeoutMs)
    await this.hooks(r, 'post-delete')
    if (problems.length > 0) {
      await this.store.update({ ...r, info: { ...r.info, status: 'failed', description: problems.join('; ') } })
      throw new Error(`uninstallation completed with ${problems.length} error(s): ${problems.join('; ')}`)
    }
    if (this.o.keepHistory)
      await this.store.update({
        ...r,
        info: { ...r.info, status: 'uninstalled', description: this.o.description ?? 'Uninstallation complete' },
      })
    else for (const old of history) await this.store.delete(old)
    return objects.filter(isKept)
  }

  /** Deletes objects in Helm's order; what could not be, in words. */
  private async deleteAll(objects: readonly Unstructured[], namespace: string): Promise<string[]> {
    const problems: string[] = []
    const inOrder = sortByKind(
      objects.map((object) => ({ kind: object.kind ?? '', object })),
      UNINSTALL_ORDER,
    )
    for (const { object } of inOrder) {
      try {
        await this.cluster.delete(object, namespace, this.o.cascade)
      } catch (e) {
        problems.push(`${label(object)}: ${(e as Error).message}`)
      }
    }
    return problems
  }

  /** Runs the release's test hooks, those that `only` names; `look` sees the release before the hooks are cleaned up, also when one failed. Throws Error when one fails. */
  async test(
    name: string,
    only?: (hook: string) => boolean,
    look: (r: ReleaseRecord) => Promise<void> = async () => {},
  ): Promise<ReleaseRecord> {
    const r = await this.store.last(name)
    if (r.info.status !== 'deployed') throw new Error(`release ${name} is ${r.info.status}, not deployed`)
    const cleanings: (() => Promise<void>)[] = []
    const [ran] = await Promise.allSettled([this.hooks(r, 'test', only, (clean) => void cleanings.push(clean))])
    await this.store.update(r)
    await look(r)
    for (const clean of cleanings) await clean()
    if (ran.status === 'rejected') throw ran.reason
    return r
  }

  /** The manifest that an upgrade would bring, and the one there is. */
  async preview(name: string, chart: Chart, values: ValueMap): Promise<{ old: string; next: string }> {
    const last = (await this.store.history(name)).at(-1)
    const next = await this.made(name, chart, values, (last?.version ?? 0) + 1, 'pending-upgrade', undefined)
    return { old: last?.manifest ?? '', next: next.manifest }
  }

  private isReplaceable(r: ReleaseRecord): boolean {
    const isOver = r.info.status === 'uninstalled' || r.info.status === 'failed'
    return this.isAbandoned(r) || (isOver && (this.o.replace ?? false))
  }

  private isAbandoned(r: ReleaseRecord): boolean {
    return (
      isPending(r) && this.now().getTime() - Date.parse(r.info.last_deployed ?? '') > Math.max(ABANDONED_MS, this.o.timeoutMs)
    )
  }

  private async forChange(name: string): Promise<{ last: ReleaseRecord; current: ReleaseRecord }> {
    const history = await this.store.history(name)
    const last = history.at(-1)
    if (!last) throw new Error(`${JSON.stringify(name)} has no deployed releases`)
    if (isPending(last)) {
      if (!this.isAbandoned(last)) throw new Error('another operation (install/upgrade/rollback) is in progress')
      last.info = { ...last.info, status: 'failed', description: `interrupted while ${last.info.status}` }
      if (!this.o.dryRun) await this.store.update(last)
    }
    const current =
      history.findLast((r) => r.info.status === 'deployed') ??
      (last.info.status === 'failed' || last.info.status === 'superseded' ? last : undefined)
    if (!current) throw new Error(`${JSON.stringify(name)} has no deployed releases`)
    return { last, current }
  }

  private async prepareNamespace(): Promise<void> {
    if (!this.o.createNamespace) return
    const { namespace } = this.o
    const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels: { name: namespace } } }
    try {
      await this.cluster.create(object, '')
    } catch (e) {
      if (!(e instanceof StatusError && e.code === 409)) throw e
    }
  }

  private async checkOwners(objects: readonly Unstructured[], r: ReleaseRecord): Promise<void> {
    if (this.o.takeOwnership) return
    for (const x of objects) {
      if (!x.metadata.name) continue
      const live = await this.cluster.read(x, r.namespace)
      const problem = live && foreign(live, r.name, r.namespace)
      if (problem)
        throw new Error(
          `unable to continue with ${r.version === 1 ? 'install' : 'update'}: ${label(x)} in namespace ${JSON.stringify(x.metadata.namespace ?? r.namespace)} exists and cannot be imported into the current release: invalid ownership metadata; ${problem}`,
        )
    }
  }

  private async tryOut(r: ReleaseRecord, objects: readonly Unstructured[]): Promise<ReleaseRecord> {
    if (this.o.dryRun === 'server')
      for (const x of objects) await this.cluster.apply(owned(x, r.name, r.namespace), r.namespace, { force: true, dryRun: true })
    return { ...r, info: { ...r.info, description: 'Dry run complete' } }
  }

  private hooks(
    r: ReleaseRecord,
    event: string,
    only?: (hook: string) => boolean,
    later?: (clean: () => Promise<void>) => void,
  ): Promise<void> {
    if (this.o.noHooks) return Promise.resolve()
    return runHooks(r, event, {
      cluster: this.cluster,
      timeoutMs: this.o.timeoutMs,
      now: this.now,
      only,
      later,
      record: (x) => this.store.update(x),
    })
  }

  /** Hooks, objects, waiting; then the release is deployed and the one before superseded. */
  private async carryOut(
    r: ReleaseRecord,
    what: 'install' | 'upgrade' | 'rollback',
    current: ReleaseRecord | undefined,
    objects: readonly Unstructured[],
    done: string,
    undo: (() => Promise<string>) | undefined,
  ): Promise<ReleaseRecord> {
    const created: Unstructured[] = []
    try {
      await this.hooks(r, `pre-${what}`)
      await applyObjects(this.cluster, r, current, objects, created, this.o)
      if (this.o.wait || this.o.atomic)
        await waitFor(
          this.cluster,
          objects,
          r.namespace,
          ofLive((x) => notReady(x, this.o.waitForJobs ?? false)),
          this.o.timeoutMs,
        )
      await this.hooks(r, `post-${what}`)
    } catch (e) {
      r.info = {
        ...r.info,
        status: 'failed',
        description: `${what[0]?.toUpperCase()}${what.slice(1)} ${JSON.stringify(r.name)} failed: ${(e as Error).message}`,
      }
      await this.store.update(r)
      for (const x of created.reverse()) await this.cluster.delete(x, r.namespace)
      const undone = this.o.atomic && undo ? await undo() : ''
      throw new Error(`${what} of ${r.name} failed${undone ? `, ${undone}` : ''}: ${(e as Error).message}`)
    }
    if (current) await this.store.update({ ...current, info: { ...current.info, status: 'superseded' } })
    r.info = { ...r.info, status: 'deployed', description: this.o.description ?? done }
    await this.store.update(r)
    await this.trim(r.name)
    return r
  }

  private async trim(name: string): Promise<void> {
    const max = this.o.historyMax ?? 10
    if (max <= 0) return
    const history = await this.store.history(name)
    const removable = history.filter((r) => r.info.status !== 'deployed')
    for (const r of removable.slice(0, Math.max(0, history.length - max))) await this.store.delete(r)
  }
}

function inUse(r: ReleaseRecord): Error {
  const hint =
    r.info.status === 'deployed' ? 'upgrade it, or uninstall it first' : `it is ${r.info.status}: --replace installs over it`
  return Object.assign(new Error('cannot reuse a name that is still in use'), { hint })
}
