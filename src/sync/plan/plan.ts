import type { Unstructured } from '../../apimachinery/object.ts'
import { parseApiVersion, type Resource } from '../../apimachinery/resource.ts'
import { isAlreadyExists, isNotFound, StatusError } from '../../apimachinery/status.ts'
import type { Client } from '../../client/client.ts'
import type { RestMapper } from '../../client/rest-mapper.ts'
import { describe, type Manifest, ManifestError } from '../render/manifest.ts'
import { differences, type FieldChange } from './difference.ts'
import { applyOrder } from './order.ts'
import { prepared, trackedBy } from './tracking.ts'

/** The field manager of everything that comes from Git. */
export const fieldManager = 'slipway-sync'

/** An object an Application has put into the cluster, as its status remembers it. */
export interface InventoryEntry {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly namespace?: string
  readonly name: string
}

export interface PlannedChange {
  readonly action: 'create' | 'change' | 'keep' | 'prune'
  /** As it will be applied; of a prune, the live object. */
  readonly object: Unstructured
  /** undefined: of a kind that a CustomResourceDefinition of the same plan will bring. */
  readonly resource: Resource<Unstructured> | undefined
  readonly fields: readonly FieldChange[]
}

export interface Plan {
  /** In the order in which they are carried out: first all to apply, then all to prune. */
  readonly changes: readonly PlannedChange[]
}

/** Everything wrong with the manifests, each with its place. Nothing may be applied. */
export class PlanRefused extends Error {
  readonly problems: readonly ManifestError[]
  constructor(problems: readonly ManifestError[]) {
    super(problems.map((p) => p.message).join('\n'))
    this.name = 'PlanRefused'
    this.problems = problems
  }
}

export interface PlanInput {
  /** Acts as whoever asks: what they may not do is refused. */
  readonly client: Client
  readonly mapper: RestMapper
  /** The Application's name. */
  readonly application: string
  /** For objects that name none. */
  readonly namespace: string
  readonly manifests: readonly Manifest[]
  readonly inventory: readonly InventoryEntry[]
  readonly prune: boolean
}

const parallel = 8

/** Compares manifests with the cluster by dry runs of server-side apply. Changes nothing. Throws PlanRefused. */
export async function plan(input: PlanInput): Promise<Plan> {
  const own = declaredBy(input.manifests)
  const problems: ManifestError[] = []
  const changes = await mapParallel(input.manifests, async (manifest) => {
    try {
      return await planOne(input, manifest, own)
    } catch (error) {
      problems.push(...problemsOf(error, manifest))
      return undefined
    }
  })
  if (problems.length > 0) throw new PlanRefused(problems.sort(byPlace))
  const applied = applyOrder(changes.filter((c) => c !== undefined))
  const pruned = input.prune ? await plannedPrunes(input, applied) : []
  return { changes: [...applied, ...applyOrder(pruned).reverse()] }
}

/** The plan of applying everything without asking the API first: for manifests that a dry run has judged. Throws PlanRefused. */
export async function planUnjudged(input: PlanInput): Promise<Plan> {
  const own = declaredBy(input.manifests)
  const problems: ManifestError[] = []
  const changes = await mapParallel(input.manifests, async (manifest): Promise<PlannedChange | undefined> => {
    const resource = await resourceFor(input.mapper, manifest, own).catch((error: unknown) => {
      problems.push(...problemsOf(error, manifest))
      return undefined
    })
    const object = resource ? prepared(manifest.object, resource, input.application, input.namespace) : manifest.object
    return { action: 'change', object, resource, fields: [] }
  })
  if (problems.length > 0) throw new PlanRefused(problems.sort(byPlace))
  const applied = applyOrder(changes.filter((c) => c !== undefined))
  const pruned = input.prune ? await plannedPrunes(input, applied) : []
  return { changes: [...applied, ...applyOrder(pruned).reverse()] }
}

/** Namespaces and kinds that the manifests bring along themselves. */
interface Declared {
  readonly namespaces: ReadonlySet<string>
  /** `group/Kind`. */
  readonly kinds: ReadonlySet<string>
}

function declaredBy(manifests: readonly Manifest[]): Declared {
  const namespaces = new Set<string>()
  const kinds = new Set<string>()
  for (const { object } of manifests) {
    if (object.kind === 'Namespace' && object.apiVersion === 'v1') namespaces.add(object.metadata.name ?? '')
    if (object.kind !== 'CustomResourceDefinition') continue
    const spec = object.spec as { group?: string; names?: { kind?: string } } | undefined
    kinds.add(`${spec?.group}/${spec?.names?.kind}`)
  }
  return { namespaces, kinds }
}

async function planOne(input: PlanInput, manifest: Manifest, own: Declared): Promise<PlannedChange> {
  const { client, mapper, application, namespace } = input
  const { apiVersion = '', kind = '' } = manifest.object
  const resource = await mapper.resourceOf(apiVersion, kind)
  if (!resource) {
    if (own.kinds.has(`${parseApiVersion(apiVersion).group}/${kind}`))
      return { action: 'create', object: manifest.object, resource, fields: [] }
    const hint = 'is its CustomResourceDefinition missing, or the apiVersion misspelled?'
    throw new ManifestError(`no matches for kind "${kind}" in version "${apiVersion}"`, manifest.placeOf('kind'), hint)
  }
  const object = prepared(manifest.object, resource, application, namespace)
  const { name = '' } = object.metadata
  const target = object.metadata.namespace ? { namespace: object.metadata.namespace } : {}
  const live = await client.get(resource, name, target).catch(absentIfNotFound)
  if (!live && object.metadata.namespace && (await isComing(client, object.metadata.namespace, own))) {
    await tryElsewhere(client, resource, object)
    return { action: 'create', object, resource, fields: [] }
  }
  const options = { ...target, fieldManager, force: true, dryRun: true, fieldValidation: 'Strict' } as const
  const result = await client.apply(resource, object, options)
  const fields = live ? differences(live, result) : []
  return { action: live ? (fields.length > 0 ? 'change' : 'keep') : 'create', object, resource, fields }
}

/** undefined: of a kind that the manifests bring along. Throws ManifestError for a kind that nobody knows. */
async function resourceFor(mapper: RestMapper, manifest: Manifest, own: Declared): Promise<Resource<Unstructured> | undefined> {
  const { apiVersion = '', kind = '' } = manifest.object
  const resource = await mapper.resourceOf(apiVersion, kind)
  if (resource || own.kinds.has(`${parseApiVersion(apiVersion).group}/${kind}`)) return resource
  const hint = 'is its CustomResourceDefinition missing, or the apiVersion misspelled?'
  throw new ManifestError(`no matches for kind "${kind}" in version "${apiVersion}"`, manifest.placeOf('kind'), hint)
}

/** Whether a namespace is not there yet but in the same plan. */
async function isComing(client: Client, namespace: string, own: Declared): Promise<boolean> {
  if (!own.namespaces.has(namespace)) return false
  const namespaces = { group: '', version: 'v1', resource: 'namespaces', kind: 'Namespace', namespaced: false }
  return (await client.get(namespaces, namespace).catch(absentIfNotFound)) === undefined
}

/** Lets the API judge an object whose namespace is not there yet: a dry run of creating it in the namespace `default`. */
async function tryElsewhere(client: Client, resource: Resource<Unstructured>, object: Unstructured): Promise<void> {
  const moved = { ...object, metadata: { ...object.metadata, namespace: 'default' } }
  const options = { namespace: 'default', dryRun: true, fieldManager, fieldValidation: 'Strict' } as const
  await client.create(resource, moved, options).catch((error: unknown) => {
    if (!isAlreadyExists(error)) throw error
  })
}

/** What the inventory has and the manifests no longer have, as far as it is still there and ours. */
async function plannedPrunes(input: PlanInput, applied: readonly PlannedChange[]): Promise<PlannedChange[]> {
  const kept = new Set(applied.map((c) => idOf(entryOf(c.object))))
  const gone = input.inventory.filter((entry) => !kept.has(idOf(entry)))
  const found = await mapParallel(gone, async (entry): Promise<PlannedChange | undefined> => {
    const resource = await input.mapper.resourceOf(entry.group ? `${entry.group}/${entry.version}` : entry.version, entry.kind)
    if (!resource) return undefined
    const live = await input.client
      .get(resource, entry.name, entry.namespace ? { namespace: entry.namespace } : {})
      .catch(absentIfNotFound)
    if (!live || trackedBy(live) !== input.application || live.metadata.deletionTimestamp) return undefined
    if (live.metadata.annotations?.['argocd.argoproj.io/sync-options']?.split(',').includes('Prune=false')) return undefined
    return { action: 'prune', object: live, resource, fields: [] }
  })
  return found.filter((c) => c !== undefined)
}

export function entryOf(object: Unstructured): InventoryEntry {
  const { namespace, name = '' } = object.metadata
  return { ...parseApiVersion(object.apiVersion ?? ''), kind: object.kind ?? '', ...(namespace ? { namespace } : {}), name }
}

/** What makes two entries the same object: not the version. */
export function idOf(entry: InventoryEntry): string {
  return `${entry.group}/${entry.kind}/${entry.namespace ?? ''}/${entry.name}`
}

/** Turns the API's refusal into problems at the lines that caused it. */
export function problemsOf(error: unknown, manifest: Manifest): ManifestError[] {
  if (error instanceof ManifestError) return [error]
  if (!(error instanceof StatusError)) throw error
  const what = describe(manifest.object)
  const causes = (error.status.details?.causes ?? []).filter((c) => c.field)
  if (error.reason === 'Invalid' && causes.length > 0) {
    return causes.map((c) => new ManifestError(`${what}: ${c.field}: ${c.message}`, manifest.placeOf(c.field ?? '')))
  }
  const unknown = [...error.message.matchAll(/(?:unknown|duplicate) field "([^"]+)"/g)]
  if (unknown.length > 0) return unknown.map((m) => new ManifestError(`${what}: ${m[0]}`, manifest.placeOf(m[1] ?? '')))
  const typed =
    /(?:^|[\s(])\.((?:[\w-]+|\[[^\]]*\])(?:\.?(?:[\w/-]+|\[[^\]]*\]))*): /.exec(error.message) ??
    /Go struct field \w+\.([\w.[\]]+) of type/.exec(error.message)
  const message = error.message.replace(/^failed to create typed patch object \([^)]*\): /, '')
  return [new ManifestError(`${what}: ${message}`, typed?.[1] ? manifest.placeOf(typed[1]) : manifest.place)]
}

function absentIfNotFound(error: unknown): undefined {
  if (!isNotFound(error)) throw error
  return undefined
}

function byPlace(a: ManifestError, b: ManifestError): number {
  if (a.where.file !== b.where.file) return a.where.file < b.where.file ? -1 : 1
  return a.where.line - b.where.line
}

async function mapParallel<T, R>(items: readonly T[], run: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = new Array(items.length)
  const entries = items.entries()
  const work = async () => {
    for (const [i, item] of entries) results[i] = await run(item)
  }
  await Promise.all(Array.from({ length: Math.min(parallel, items.length) }, work))
  return results
}
