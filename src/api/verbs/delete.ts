import { timeText } from '../../apimachinery/clock.ts'
import type { KubeObject } from '../../apimachinery/object.ts'
import { sameJson } from '../../apimachinery/same-json.ts'
import { conflict, forbidden, type Status } from '../../apimachinery/status.ts'
import { Conflict } from '../../store/store.ts'
import type { Answer, Call } from '../pipeline/call.ts'
import { readStored } from '../pipeline/readable.ts'
import type { ServedResource } from '../registry/served.ts'
import { thaw, thawMetadata } from '../watch/freeze.ts'
import { serializer, storedAt } from '../watch/serialize.ts'
import type { Stored } from '../watch/stored.ts'
import { claimed } from './claimed.ts'
import { storageOf } from './create.ts'
import { type DeleteOptions, deleteOptions } from './delete-options.ts'
import { removeStored } from './remove.ts'
import { liveObject } from './update-object.ts'
import { viewAs } from './view.ts'
import { admissionRequest, admitMutating, admitValidating, commitObject, modifiedText } from './write.ts'

/** Kinds whose DELETE answers with the object that is gone instead of a Status. */
const returnsDeleted = new Set([
  'pods',
  'podtemplates',
  'persistentvolumeclaims',
  'persistentvolumes',
  'resourcequotas',
  'serviceaccounts',
  'services',
  'csidrivers.storage.k8s.io',
  'deviceclasses.resource.k8s.io',
  'resourceclaims.resource.k8s.io',
  'resourceclaimtemplates.resource.k8s.io',
  'resourceslices.resource.k8s.io',
  'csinodes.storage.k8s.io',
  'storageclasses.storage.k8s.io',
  'volumeattachments.storage.k8s.io',
  'volumeattributesclasses.storage.k8s.io',
])

/** DELETE of one object: at once, or by marking it when it has finalizers or a grace period. */
export async function remove(call: Call): Promise<Answer> {
  const options = await deleteOptions(call)
  const refusal = call.resource.strategy.refusesDeletion?.(call.info.name)
  if (refusal !== undefined) throw forbidden(call.resource, call.info.name, refusal)
  warnOfChildren(call, options)
  const { stored, isGone, old } = await deleteObject(call, call.info.name, options)
  if (!isGone) return { kind: 'stored', status: options.orphanDependents === false ? 202 : 200, stored }
  if (returnsDeleted.has(resourceName(call.resource))) return { kind: 'stored', status: 200, stored }
  return { kind: 'object', status: 200, object: deletedStatus(call.resource, old), gvk: statusKind }
}

const childrenKept =
  'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning'

export function warnOfChildren({ resource, warnings }: Call, { propagationPolicy, orphanDependents }: DeleteOptions): void {
  if (resource.group !== 'batch' || resource.resource !== 'jobs') return
  if (propagationPolicy === undefined && orphanDependents === undefined) warnings.add(childrenKept)
}

export const statusKind = { group: '', version: 'v1', kind: 'Status' }

const resourceName = ({ group, resource }: ServedResource): string => (group === '' ? resource : `${resource}.${group}`)

function deletedStatus(resource: ServedResource, object: KubeObject): Status {
  const { name = '', uid = '' } = object.metadata
  const details = { name, ...(resource.group ? { group: resource.group } : {}), kind: resource.resource, uid }
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details }
}

interface Deleted {
  /** The last state, or what is stored now while the object waits for its finalizers or its grace. */
  readonly stored: Stored
  readonly isGone: boolean
  /** What was there. */
  readonly old: KubeObject
}

/** A DELETE of the object, of a collection that it is in, or one that was admitted as something else (an eviction). */
type DeleteOf = 'itself' | 'collection' | 'admitted'

/** `inCollection`: admission hears of a collection, not of this object's name. */
export async function deleteObject(call: Call, name: string, options: DeleteOptions, of: DeleteOf = 'itself'): Promise<Deleted> {
  for (;;) {
    const live = liveObject(call, name)
    const { resource } = call
    const stored = await readStored(call.bulk, live)
    const old = (await viewAs(resource, live)).object
    checkPreconditions(resource, live, options)
    const home = call.core.registry.findStorage(storageOf(resource)) ?? resource
    const grace = isNamespace(home) ? emptying(stored) : graceOf(stored, home, options)
    // What runs already is no deletion that could be refused.
    if (of !== 'admitted' && grace !== 'pending') {
      const named = of === 'collection' ? '' : name
      const decided = of === 'collection' ? {} : decidedOptions(home, stored, options, grace)
      const shown = { ...options, raw: { ...options.raw, ...decided } }
      const what = { operation: 'DELETE', subresource: '', name: named, object: undefined, old, options: shown } as const
      const admission = admissionRequest(call, what)
      await admitMutating(call, admission)
      await admitValidating(call, admission)
    }
    try {
      return { ...(await deleteOnce(call, live, stored, options)), old: stored }
    } catch (e) {
      if (!(e instanceof Conflict)) throw e
      if (options.preconditions.resourceVersion) throw conflict(resource, name, modifiedText)
      await call.core.store.current()
    }
  }
}

/** Whether a namespace is being emptied: asked again it stays as it is. */
const emptying = (namespace: KubeObject): 'pending' | undefined => {
  const { finalizers = [] } = (namespace as { spec?: { finalizers?: string[] } }).spec ?? {}
  return namespace.metadata.deletionTimestamp && finalizers.length > 0 ? 'pending' : undefined
}

/** What kube-apiserver has put into the options before it asks admission. */
function decidedOptions(
  home: ServedResource,
  { metadata }: KubeObject,
  options: DeleteOptions,
  grace: number | undefined,
): object {
  // Namespaces and definitions are deleted as the one that was found, and no other.
  if (home.strategy.beginDeletion || isNamespace(home)) return { preconditions: { uid: metadata.uid, ...options.preconditions } }
  return grace === undefined ? {} : { gracePeriodSeconds: grace }
}

function checkPreconditions(served: ServedResource, live: Stored, { preconditions }: DeleteOptions): void {
  const { uid, name = '' } = live.object.metadata
  // Namespaces and definitions are deleted by code of their own, which has words of its own.
  if (served.strategy.beginDeletion || isNamespace(served)) {
    const refuse = (what: string, wanted: string, found: unknown) =>
      conflict(served, name, `Precondition failed: ${what} in precondition: ${wanted}, ${what} in object meta: ${found}`)
    const { uid: wanted, resourceVersion } = preconditions
    if (wanted !== undefined && wanted !== uid) throw refuse('UID', wanted, uid)
    if (resourceVersion !== undefined && resourceVersion !== String(live.revision)) {
      throw refuse('ResourceVersion', resourceVersion, live.revision)
    }
    return
  }
  const resource = { group: served.storage?.group ?? served.group, resource: served.kind }
  if (preconditions.uid !== undefined && preconditions.uid !== uid) {
    const why = `the UID in the precondition (${preconditions.uid}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`
    throw conflict(resource, name, why)
  }
  const version = preconditions.resourceVersion
  if (version !== undefined && version !== String(live.revision)) {
    const why = `the ResourceVersion in the precondition (${version}) does not match the ResourceVersion in record (${live.revision}). The object might have been modified`
    throw conflict(resource, name, why)
  }
}

async function deleteOnce(call: Call, live: Stored, old: KubeObject, options: DeleteOptions): Promise<Omit<Deleted, 'old'>> {
  const { core, resource } = call
  const storage = storageOf(resource)
  const home = core.registry.findStorage(storage) ?? resource
  const marked = marking(old, home, options, core.clock.now())
  if (marked === 'pending') return { stored: live, isGone: false }
  if (marked === 'now') {
    const { dryRun } = options
    const write = { call, operation: 'delete', object: old, old, dryRun } as const
    const stored = await claimed(storage, write, (others) => removeStored(call, live, dryRun, undefined, others))
    return { stored, isGone: true }
  }
  const { object, thenRemove } = marked
  // Asked again while finalizers hold it: nothing is written, or whoever watches would be told for ever.
  if (!thenRemove && sameJson(object.metadata, old.metadata)) return { stored: live, isGone: false }
  if (options.dryRun) {
    return { stored: storedAt(live.key, serializer(object, resource), live.revision), isGone: thenRemove }
  }
  // Watchers see it marked before it goes.
  const stored = await commitObject(call, live.key, object, live.revision)
  return thenRemove ? { stored: await removeStored(call, stored, false), isGone: true } : { stored, isGone: false }
}

const isNamespace = ({ group, kind }: ServedResource): boolean => group === '' && kind === 'Namespace'

type Marking = 'now' | 'pending' | { readonly object: KubeObject; readonly thenRemove: boolean }

/** What a DELETE makes of `old`: gone now, nothing new to do, or marked. Pure. */
function marking(old: KubeObject, home: ServedResource, options: DeleteOptions, nowMs: number): Marking {
  if (isNamespace(home)) return markNamespace(old, home, options, nowMs)
  const grace = graceOf(old, home, options)
  if (grace === 'pending') return 'pending'
  const { beginDeletion } = home.strategy
  const object = beginDeletion ? thaw(old) : thawMetadata(old)
  const { metadata } = object
  if (beginDeletion && !metadata.deletionTimestamp) {
    beginDeletion(object, timeText(nowMs))
    return { object, thenRemove: false }
  }
  const finalizers = collectorFinalizers(metadata.finalizers ?? [], home, options)
  if (finalizers.length > 0) metadata.finalizers = finalizers
  else delete metadata.finalizers
  if (grace === undefined) {
    if (finalizers.length === 0) return 'now'
    markDeleting(object, nowMs)
    return { object, thenRemove: false }
  }
  const started = metadata.deletionTimestamp
  const base = started ? Date.parse(started) - durationMs(metadata.deletionGracePeriodSeconds ?? 0) : nowMs
  if (!started && metadata.generation) metadata.generation++
  metadata.deletionTimestamp = timeText(base + durationMs(grace))
  metadata.deletionGracePeriodSeconds = grace
  return { object, thenRemove: grace === 0 && finalizers.length === 0 }
}

/** Go's duration of so many seconds, which is 64 bits of nanoseconds: too many seconds are any time. */
const durationMs = (seconds: number | bigint): number =>
  Math.abs(Number(seconds)) < 2 ** 32
    ? Number(seconds) * 1000
    : Number(BigInt.asIntN(64, BigInt(seconds) * 1_000_000_000n) / 1_000_000n)

/** Seconds of grace; undefined: the kind has none, or the object is past it; 'pending': it runs already. */
function graceOf(old: KubeObject, home: ServedResource, options: DeleteOptions): number | undefined | 'pending' {
  const { gracePeriod } = home.strategy
  if (!gracePeriod) return undefined
  const { deletionTimestamp, deletionGracePeriodSeconds } = old.metadata
  if (!deletionTimestamp) return gracePeriod(old, options.gracePeriodSeconds)
  if (deletionGracePeriodSeconds === undefined) return undefined
  const asked = options.gracePeriodSeconds
  return asked === undefined || asked >= deletionGracePeriodSeconds
    ? deletionGracePeriodSeconds === 0 && asked === 0 && !(old.metadata.finalizers ?? []).length
      ? undefined
      : 'pending'
    : asked
}

function markDeleting({ metadata }: KubeObject, nowMs: number): void {
  if (!metadata.deletionTimestamp && metadata.generation) metadata.generation++
  if (!metadata.deletionTimestamp || Date.parse(metadata.deletionTimestamp) > nowMs) metadata.deletionTimestamp = timeText(nowMs)
  metadata.deletionGracePeriodSeconds = 0
}

/** The finalizers with those that ask the garbage collector for what `options` say; once deletion runs they stay. */
function collectorFinalizers(now: readonly string[], home: ServedResource, options: DeleteOptions): string[] {
  const wanted = wantedFinalizers(now, home, options)
  // Who has them already keeps their order.
  const present = new Set(now)
  return wanted.length === now.length && wanted.every((f) => present.has(f)) ? [...now] : wanted
}

function wantedFinalizers(now: readonly string[], home: ServedResource, options: DeleteOptions): string[] {
  const others = now.filter((f) => f !== 'orphan' && f !== 'foregroundDeletion')
  if (home.strategy.isCollected === false) return others
  const { propagationPolicy: policy, orphanDependents } = options
  if (policy === 'Orphan' || orphanDependents === true) return [...others, 'orphan']
  if (policy === 'Foreground') return [...others, 'foregroundDeletion']
  if (policy === 'Background' || orphanDependents === false) return others
  if (now.length > others.length) return [...now]
  return home.strategy.defaultPropagation === 'orphan' ? [...others, 'orphan'] : others
}

/** A namespace goes when its spec.finalizers are gone: the namespace controller empties it first. */
function markNamespace(old: KubeObject, home: ServedResource, options: DeleteOptions, nowMs: number): Marking {
  const { spec } = old as { spec?: { finalizers?: string[] } }
  const isEmpty = (spec?.finalizers ?? []).length === 0
  if (old.metadata.deletionTimestamp) {
    if (!isEmpty) return 'pending'
    return (old.metadata.finalizers ?? []).length > 0 ? 'pending' : 'now'
  }
  const object = thaw(old)
  const finalizers = collectorFinalizers(object.metadata.finalizers ?? [], home, options)
  if (isEmpty && finalizers.length === 0) return 'now'
  if (finalizers.length > 0) object.metadata.finalizers = finalizers
  object.metadata.deletionTimestamp = timeText(nowMs)
  const own = object as KubeObject & { status?: object }
  own.status = { ...own.status, phase: 'Terminating' }
  return { object, thenRemove: false }
}
