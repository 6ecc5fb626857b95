import type { FieldError } from '../../apimachinery/field-error.ts'
import { goJson } from '../../apimachinery/go-quote.ts'
import type { KubeObject } from '../../apimachinery/object.ts'
import { alreadyExists, badRequest, forbidden, StatusError, unforeseen } from '../../apimachinery/status.ts'
import { inTurns, type Steps } from '../../apimachinery/steps.ts'
import { Conflict } from '../../store/store.ts'
import { fillDefaults, found, type KindContext } from '../kinds/kind.ts'
import { validateObjectMeta } from '../kinds/meta.ts'
import { readBody } from '../pipeline/body.ts'
import type { Answer, Call, HookedWrite } from '../pipeline/call.ts'
import { type WriteOptions, writeOptions } from '../pipeline/options.ts'
import { breath, mayTakeLong, paced } from '../pipeline/readable.ts'
import { keyIn, type ServedResource, type Storage } from '../registry/served.ts'
import { withoutFloats } from '../schema/whole-floats.ts'
import { jsonSteps } from '../watch/json-steps.ts'
import { inOrder, metadataInOrder } from '../watch/serialize.ts'
import { Stored } from '../watch/stored.ts'
import { claimed } from './claimed.ts'
import { asAsked, defaulted } from './defaulted.ts'
import { managerOf, trackedInTurns } from './managed-fields.ts'
import { fillSystemFields, generatedName, settleOwners, startsGeneration, wipeSystemFields } from './metadata.ts'
import {
  admissionRequest,
  admitMutating,
  admitValidating,
  asStored,
  canonicalOf,
  commitObject,
  homeOf,
  kindContext,
  metaOptions,
  refuseIfInvalid,
  storeError,
} from './write.ts'

const generateTries = 8

/** POST of a new object. */
export async function create(call: Call): Promise<Answer> {
  const { resource, info, request, warnings } = call
  const options = writeOptions(request.query, 'CreateOptions')
  const body = await readBody(request, resource, resource.rules, options.fieldValidation)
  for (const w of body.warnings) warnings.add(w)
  await breath(call.bulk)
  const { object } = body
  if (call.trail) call.trail.asks(await paced(call.bulk, asAsked(call, object)))
  wipeSystemFields(object.metadata)
  settleNamespace(object, resource, info.namespace)
  if (body.mistyped) throw body.mistyped
  return { kind: 'stored', status: 201, stored: await createObject(call, object, options) }
}

/** The namespace of the object is that of the request; a body may leave it out but not name another. */
export function settleNamespace(object: KubeObject, resource: ServedResource, namespace: string): void {
  const { metadata } = object
  if (resource.namespaced) {
    if (!metadata.namespace) metadata.namespace = namespace
    else if (metadata.namespace !== namespace) {
      throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
    }
  } else delete metadata.namespace
}

/** Defaults, admits, validates and stores a decoded new object of the asked version; also what an apply or PUT that creates does. */
export async function createObject(
  call: Call,
  decoded: KubeObject,
  options: WriteOptions,
  { isApply = false, subresource = '' }: { readonly isApply?: boolean; readonly subresource?: string } = {},
): Promise<Stored> {
  const { resource } = call
  const storage = storageOf(resource)
  let object = await paced(call.bulk, defaulted(call, decoded))
  if (!isApply) settleOwners(call, object, false)
  await breath(call.bulk)
  if (!isApply) object = await trackedInTurns(call, undefined, object, managerOf(call, options), subresource)
  const base = object.metadata.generateName
  const generates = !object.metadata.name && base
  for (let attempt = 1; ; attempt++) {
    const copy: KubeObject = generates
      ? { ...object, metadata: { ...object.metadata, name: resource.strategy.keepsGenerateName ? base : generatedName(base) } }
      : object
    try {
      return await admitAndStore({ call, options, storage, isApply }, copy)
    } catch (e) {
      const taken = e instanceof StatusError && e.reason === 'AlreadyExists'
      if (!generates || !taken) throw e
      if (attempt >= generateTries) throw generatedTaken(e, storage)
    }
  }
}

function generatedTaken(e: StatusError, storage: Storage): StatusError {
  const error = alreadyExists(storage, e.status.details?.name ?? '')
  error.status.message = `${error.status.message}, the server was not able to generate a unique name for the object`
  return error
}

/** How a new object comes, and where it goes. */
interface Creation {
  readonly call: Call
  readonly options: WriteOptions
  readonly storage: Storage
  readonly isApply: boolean
}

async function admitAndStore(creation: Creation, asked: KubeObject): Promise<Stored> {
  const { call, options, storage } = creation
  const { resource, core } = call
  let name = asked.metadata.name ?? ''
  if (resource.isTerminating) {
    throw forbidden(resource, name, 'create not allowed while custom resource definition is terminating')
  }
  const admission = admissionRequest(call, { operation: 'CREATE', subresource: '', name, object: asked, old: undefined, options })
  await breath(call.bulk)
  await admitMutating(call, admission)
  // Which may have named it otherwise.
  name = asked.metadata.name ?? ''
  settleNamespace(asked, resource, call.info.namespace)
  settleOwners(call, asked, true)
  const home = homeOf(call, storage)
  let object = resource.isCustom ? asked : await asStored(call, asked)
  if (home !== resource) await paced(call.bulk, fillDefaults(home.strategy, object))
  const context = kindContext(call, '')
  const hooks = core.hooks.get(`${storage.group}/${storage.resource}`)
  fillSystemFields(object.metadata, core.clock.now())
  home.strategy.prepareForCreate?.(object, context)
  if (startsGeneration(home)) object.metadata.generation = 1
  const write = { call, operation: 'create', object, old: undefined, dryRun: options.dryRun } as const
  await hooks?.prepare?.(write)
  await breath(call.bulk)
  const held = await paced(call.bulk, home.rules.withEmpties(object))
  object = await canonicalOf(call, home, object)
  await breath(call.bulk)
  const problems = await paced(call.bulk, problemsOf(home, object, held ?? object, context))
  if (problems.length > 0) await breath(call.bulk)
  refuseIfInvalid(home, name, problems)
  // What is stored is read with defaults again.
  await paced(call.bulk, fillDefaults(home.strategy, object))
  await breath(call.bulk)
  for (const w of home.strategy.warnings?.(object, undefined, context) ?? []) call.warnings.add(w)
  await breath(call.bulk)
  // Before it is stored: with its empty lists and maps.
  await admitValidating(call, { ...admission, object: held ?? object })
  return storeNew(creation, { ...write, object }, name)
}

/** Commits what was admitted, with what is claimed for it; in a dry run only as if. */
async function storeNew({ call, options, storage, isApply }: Creation, write: HookedWrite, name: string): Promise<Stored> {
  const { resource, core } = call
  let { object } = write
  const key = keyIn(storage, object.metadata.namespace, name)
  const present = core.caches.of(storage.prefix).get(key)
  if (present) throw existing(resource, name, present)
  if (isApply) object = resource.rules.pruned?.(object) ?? object
  if (resource.isCustom) object = await asStored(call, withoutFloats(object))
  try {
    return await claimed(storage, { ...write, object }, async (others) => {
      if (options.dryRun) return await unstored(call, key, object)
      if (object.metadata.resourceVersion && object.metadata.resourceVersion !== '0') {
        throw unforeseen('resourceVersion should not be set on objects to be created')
      }
      return commitObject(call, key, object, 0, others)
    })
  } catch (e) {
    throw e instanceof Conflict ? storeError(e, resource, name, true) : e
  }
}

/** What is wrong with a new object; `held`: as Go holds it before it is stored. */
function* problemsOf(home: ServedResource, object: KubeObject, held: KubeObject, context: KindContext): Steps<FieldError[]> {
  const own = yield* found(home.strategy.validate?.(held, context))
  yield
  if (own.length > 0 && home.strategy.looksAtMetadataLast) return own
  return [...(yield* validateObjectMeta(object.metadata, undefined, metaOptions(home, object))), ...own]
}

function existing(resource: ServedResource, name: string, present: Stored): StatusError {
  const error = alreadyExists(resource, name)
  if (present.object.metadata.deletionTimestamp) error.status.message = `object is being deleted: ${error.status.message}`
  return error
}

/** A dry run has no revision but the one that was sent, which nobody reads. */
async function unstored({ bulk, resource }: Call, key: string, object: KubeObject): Promise<Stored> {
  const written = resource.isCustom ? inOrder(object, resource) : { ...object, metadata: metadataInOrder(object.metadata) }
  return new Stored(key, Buffer.from(mayTakeLong(bulk) ? await inTurns(jsonSteps(written)) : goJson(written)), 0, written)
}

export function storageOf(resource: ServedResource): Storage {
  if (!resource.storage) throw new Error(`${resource.resource} are not stored`)
  return resource.storage
}
