import type { FieldError } from '../../apimachinery/field-error.ts'
import { quote } from '../../apimachinery/go-quote.ts'
import { isPathSegmentName } from '../../apimachinery/names.ts'
import type { KubeObject } from '../../apimachinery/object.ts'
import { sameJson, sameJsonSteps } from '../../apimachinery/same-json.ts'
import { badRequest, conflict, notFound, type StatusError, unforeseen } from '../../apimachinery/status.ts'
import { atOnce, inTurns, type Steps } from '../../apimachinery/steps.ts'
import { Conflict } from '../../store/store.ts'
import type { AdmissionRequest } from '../admission/admission.ts'
import { fillDefaults, found, type KindContext } from '../kinds/kind.ts'
import { validateObjectMetaUpdate } from '../kinds/meta.ts'
import type { Call } from '../pipeline/call.ts'
import type { WriteOptions } from '../pipeline/options.ts'
import { breath, mayTakeLong, paced, readStored } from '../pipeline/readable.ts'
import { keyIn, type ServedResource, type Storage } from '../registry/served.ts'
import { hasEmpties } from '../schema/decode.ts'
import { sameMeaningSteps } from '../schema/same-meaning.ts'
import type { Type } from '../schema/types.ts'
import { withoutFloats } from '../schema/whole-floats.ts'
import { thawSteps } from '../watch/freeze.ts'
import { serializer, serializerSteps, storedAt } from '../watch/serialize.ts'
import type { Stored } from '../watch/stored.ts'
import { claimed } from './claimed.ts'
import { settleNamespace, storageOf } from './create.ts'
import { checkPlace, keyShown } from './key-shown.ts'
import { generationFields, keepSystemFields, settleOwners } from './metadata.ts'
import { removeStored } from './remove.ts'
import { sameButTimes, sameButTimesSteps } from './same.ts'
import { checkReadable } from './unreadable.ts'
import { viewAs } from './view.ts'
import {
  admissionRequest,
  admitMutating,
  admitValidating,
  asStored,
  canonicalOf,
  commitObject,
  homeOf,
  kindContext,
  metaLooks,
  metaOptions,
  modifiedText,
  refuseIfInvalid,
  storeError,
} from './write.ts'

interface Update {
  readonly name: string
  readonly subresource: string
  readonly options: WriteOptions
  readonly isApply?: boolean
  /** Makes the new object of the live one, both in the asked version. Called again when somebody else wrote in between. */
  readonly produce: (live: KubeObject, attempt: number) => KubeObject | Promise<KubeObject>
  /** A uid in the new object is a precondition (PUT), and not just a field that may not change. */
  readonly checksUid?: boolean
  /** What is wrong with the kind that the new object names; its preconditions are looked at first. */
  readonly mistyped?: StatusError
  /** How often to try again when somebody else wrote in between and the new object did not ask for a resourceVersion. */
  readonly tries: number
  /** The write of `object` as admission sees it, when that is not the object (a Scale): `produce` has had it mutated. */
  readonly admittedAs?: (object: KubeObject) => AdmissionRequest
  /** false: admission was asked before (eviction, binding). */
  readonly admits?: boolean
}

/** Throws 400 for a name that no stored object can have. */
export function checkStoredName(name: string): void {
  const problems = isPathSegmentName(name)
  if (problems.length > 0) throw badRequest(`Name parameter invalid: ${quote(name)}: ${problems.join(';')}`)
}

/** The stored object under `name`, or 404. */
export function liveObject(call: Call, name: string): Stored {
  checkStoredName(name)
  checkPlace(call, name)
  const storage = storageOf(call.resource)
  const cache = call.core.caches.of(storage.prefix)
  const key = keyIn(storage, call.info.namespace, name)
  const stored = cache.get(key)
  if (!stored) checkReadable(cache, key)
  if (!stored) throw notFound(call.resource, name)
  return stored
}

/** Changes a stored object: produce → admit → prepare → validate → admit → commit; nothing is written when nothing changed. */
export async function updateObject(call: Call, update: Update): Promise<Stored> {
  const storage = storageOf(call.resource)
  for (let attempt = 1; ; attempt++) {
    const live = liveObject(call, update.name)
    try {
      return await updateOnce(call, update, live, storage, attempt)
    } catch (e) {
      if (!(e instanceof Conflict)) throw e
      if (attempt >= update.tries) throw storeError(e, call.resource, update.name, false)
      await call.core.store.current()
    }
  }
}

async function updateOnce(call: Call, update: Update, live: Stored, storage: Storage, attempt: number): Promise<Stored> {
  const { resource } = call
  const { subresource } = update
  const stored = await readStored(call.bulk, live)
  const liveView = await viewAs(resource, live)
  const liveObject = liveView.object
  const asked = await update.produce(liveObject, attempt)
  await breath(call.bulk)
  checkPreconditions(call, update, asked, live, storage)
  if (update.mistyped) throw update.mistyped
  const admitting = update.admits === false ? undefined : admissionOf(call, update, asked, liveObject)
  if (admitting) {
    if (!update.admittedAs) await admitMutating(call, admitting)
    settleNamespace(asked, resource, call.info.namespace)
    settleOwners(call, asked, true)
  }
  const home = homeOf(call, storage)
  const { isCustom } = resource
  await breath(call.bulk)
  const old = isCustom ? liveObject : stored
  const object = await prepared(call, update, home, isCustom ? asked : await asStored(call, asked), old, live.revision)
  await breath(call.bulk)
  if (admitting) await admitValidating(call, update.admittedAs?.(object) ?? { ...admitting, object })
  const mayHaveUnknown = update.isApply || subresource === 'scale'
  const known = (mayHaveUnknown && resource.rules.pruned?.(object)) || object
  const kept = withoutFloats(known)
  return commitUpdate(call, update, storage, live, stored, isCustom ? await asStored(call, kept) : kept)
}

const admissionOf = (call: Call, { name, subresource, options }: Update, object: KubeObject, old: KubeObject): AdmissionRequest =>
  admissionRequest(call, { operation: 'UPDATE', subresource, name, object, old, options })

async function prepared(
  call: Call,
  update: Update,
  home: ServedResource,
  given: KubeObject,
  old: KubeObject,
  revision: number,
): Promise<KubeObject> {
  // Strategies compare parts of it with the stored object, which is canonical.
  const next = await canonicalOf(call, home, given)
  const { strategy } = home
  const context = kindContext(call, update.subresource)
  if (old.metadata.generation === undefined) delete next.metadata.generation
  else next.metadata.generation = old.metadata.generation
  if (home !== call.resource) await paced(call.bulk, fillDefaults(strategy, next))
  // What the server itself writes (binding, eviction) goes past the strategy, as a store's own update does.
  if (update.admits !== false) {
    if (strategy.prepareForUpdate) strategy.prepareForUpdate(next, old, context)
    else keepOtherPart(next, old, home, update.subresource)
    const held = strategy.countsEmpties ? await paced(call.bulk, home.rules.withEmpties(given)) : undefined
    const isLarge = mayTakeLong(call.bulk)
    const changed = isLarge ? await inTurns(changedSteps(held ?? next, old, home)) : isChanged(held ?? next, old, home)
    raiseGeneration(changed, next, old, home, update.subresource)
  }
  await breath(call.bulk)
  keepSystemFields(next.metadata, old.metadata)
  // Storing it takes it away, which a dry run does not do.
  if (!update.options.dryRun) delete next.metadata.selfLink
  next.metadata.resourceVersion ||= String(revision)
  const hooks = call.core.hooks.get(`${home.group}/${home.resource}`)
  await hooks?.prepare?.({ call, operation: 'update', object: next, old, dryRun: update.options.dryRun })
  await breath(call.bulk)
  const object = await (hasEmpties(given) ? readAgain(call, home, next) : canonicalOf(call, home, next))
  await breath(call.bulk)
  const held = (await paced(call.bulk, withEmpties(home, given, object, old, context))) ?? object
  refuseIfInvalid(
    home,
    object.metadata.name ?? update.name,
    await paced(call.bulk, problemsOf(home, update, object, held, old, context)),
  )
  await breath(call.bulk)
  for (const w of strategy.warnings?.(object, old, context) ?? []) call.warnings.add(w)
  return object
}

/** What is wrong with an update; `held`: as Go holds it before it is stored. */
function* problemsOf(
  home: ServedResource,
  { admits, subresource }: Update,
  object: KubeObject,
  held: KubeObject,
  old: KubeObject,
  context: KindContext,
): Steps<FieldError[]> {
  const meta = yield* validateObjectMetaUpdate(
    object.metadata,
    old.metadata,
    metaOptions(home, object),
    metaLooks(home, subresource),
  )
  yield
  // Binding and eviction change what no client may.
  const own = admits === false ? [] : yield* found(home.strategy.validateUpdate?.(held, old, context))
  return own.length === 0 ? meta : [...meta, ...own]
}

/** What is stored is read with defaults again, which empty lists and maps were not given. */
async function readAgain(call: Call, home: ServedResource, next: KubeObject): Promise<KubeObject> {
  const object = await paced(call.bulk, thawSteps(await canonicalOf(call, home, next)))
  await paced(call.bulk, fillDefaults(home.strategy, object))
  return object
}

/** What is validated of an object with empty lists or maps, which what is stored has not. */
function* withEmpties(
  home: ServedResource,
  given: KubeObject,
  object: KubeObject,
  old: KubeObject,
  context: KindContext,
): Steps<KubeObject | undefined> {
  const held = yield* home.rules.withEmpties(given)
  if (!held) return undefined
  home.strategy.prepareForUpdate?.(held, old, context)
  return { ...held, metadata: object.metadata }
}

/** Without a rule of its own a kind's status endpoint changes only the status, and its own endpoint all but that. */
function keepOtherPart(next: KubeObject, old: KubeObject, home: ServedResource, subresource: string): void {
  if (!home.subresources.has('status')) return
  const now = next as unknown as Record<string, unknown>
  const before = old as unknown as Record<string, unknown>
  const keep = subresource === 'status' ? Object.keys({ ...now, ...before }).filter((k) => k !== 'status') : ['status']
  for (const field of keep) {
    if (field === 'metadata' || field === 'kind' || field === 'apiVersion') continue
    if (before[field] === undefined) delete now[field]
    else now[field] = before[field]
  }
}

/** Whether a field changed that raises the generation. */
const isChanged = (next: KubeObject, old: KubeObject, home: ServedResource): boolean =>
  countedFields(next, old, home).some(([now, before, type]) => !sameJson(now, before) && !atOnce(sameAs(type, now, before)))

function* changedSteps(next: KubeObject, old: KubeObject, home: ServedResource): Steps<boolean> {
  for (const [now, before, type] of countedFields(next, old, home)) {
    if (!(yield* sameJsonSteps(now, before)) && !(yield* sameAs(type, now, before))) return true
  }
  return false
}

function* sameAs(type: Type | undefined, now: unknown, before: unknown): Steps<boolean> {
  return type !== undefined && (yield* sameMeaningSteps(type, now, before))
}

function countedFields(
  next: KubeObject,
  old: KubeObject,
  home: ServedResource,
): (readonly [now: unknown, before: unknown, type: Type | undefined])[] {
  const now = next as unknown as Record<string, unknown>
  const before = old as unknown as Record<string, unknown>
  return generationFields(home).map((field) => [now[field], before[field], home.rules.type?.byName.get(field)?.type] as const)
}

function raiseGeneration(changed: boolean, next: KubeObject, old: KubeObject, home: ServedResource, subresource: string): void {
  const raises = changed || (subresource !== 'status' && home.strategy.raisesGeneration?.(next, old))
  if (raises) next.metadata.generation = (old.metadata.generation ?? 0) + 1
}

/** The revision that an object to be written names; 0 for none. Throws what kube-apiserver answers to what is no number of 64 bits. */
function revisionIn(text: string): number {
  if (text === '') return 0
  if (!/^[0-9]+$/.test(text)) throw unforeseen(`strconv.ParseUint: parsing ${quote(text)}: invalid syntax`)
  if (BigInt(text) >= 2n ** 64n) throw unforeseen(`strconv.ParseUint: parsing ${quote(text)}: value out of range`)
  return Number(text)
}

function checkPreconditions(call: Call, update: Update, asked: KubeObject, live: Stored, storage: Storage): void {
  const { uid, resourceVersion } = asked.metadata
  const name = live.object.metadata.name ?? ''
  const liveUid = live.object.metadata.uid
  if (update.checksUid && uid && uid !== liveUid) {
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${liveUid}`
    throw conflict(
      call.resource,
      name,
      `StorageError: invalid object, Code: 4, Key: ${update.options.dryRun ? '' : '/registry'}${keyShown(call, name)}, ResourceVersion: 0, AdditionalErrorMsg: ${why}`,
    )
  }
  const version = revisionIn(resourceVersion ?? '')
  if (version === 0) {
    delete asked.metadata.resourceVersion
    if (call.resource.strategy.allowUnconditionalUpdate !== false || storage.resource === '') return
    const error = {
      type: 'FieldValueInvalid',
      field: 'metadata.resourceVersion',
      message: 'Invalid value: 0: must be specified for an update',
    } as const
    refuseIfInvalid({ group: call.resource.group, kind: call.resource.resource }, name, [error])
  } else if (version !== live.revision) {
    throw conflict(call.resource, name, modifiedText)
  }
}

async function commitUpdate(
  call: Call,
  update: Update,
  storage: Storage,
  live: Stored,
  old: KubeObject,
  object: KubeObject,
): Promise<Stored> {
  const isSame = mayTakeLong(call.bulk) ? await inTurns(sameButTimesSteps(object, old)) : sameButTimes(object, old)
  if (isSame) return live
  const { dryRun } = update.options
  const isGone = isDoneBeingDeleted(object, old)
  return claimed(storage, { call, operation: isGone ? 'delete' : 'update', object, old, dryRun }, async (others) => {
    if (isGone) return removeStored(call, live, dryRun, object, others)
    if (dryRun) {
      const { resource } = call
      const write = mayTakeLong(call.bulk) ? await inTurns(serializerSteps(object, resource)) : serializer(object, resource)
      return storedAt(live.key, write, live.revision)
    }
    return commitObject(call, live.key, object, live.revision, others)
  })
}

/** The last finalizer of an object that is being deleted is gone: so is the object. */
function isDoneBeingDeleted(object: KubeObject, old: KubeObject): boolean {
  if ((object.metadata.finalizers ?? []).length > 0 || !old.metadata.deletionTimestamp) return false
  const { spec } = object as { spec?: { finalizers?: unknown[] } }
  if (object.kind === 'Namespace' && object.apiVersion === 'v1' && (spec?.finalizers ?? []).length > 0) return false
  return (old.metadata.deletionGracePeriodSeconds ?? 0) === 0
}
