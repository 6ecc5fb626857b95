import { jsonText, parseJson } from '../../apimachinery/json.ts'
import type { KubeObject } from '../../apimachinery/object.ts'
import { badRequest, conflict, StatusError } from '../../apimachinery/status.ts'
import type { Steps } from '../../apimachinery/steps.ts'
import type { Answer, Call } from '../pipeline/call.ts'
import { type WriteOptions, writeOptions } from '../pipeline/options.ts'
import { readYaml } from '../pipeline/read-yaml.ts'
import { breath, mayTakeLong, paced } from '../pipeline/readable.ts'
import { duplicateKeys, duplicatesError } from '../pipeline/yaml-duplicates.ts'
import { keyIn, type ServedResource } from '../registry/served.ts'
import { type Decoded, DecodeError, hasEmpties, markEmpties, parsePlain } from '../schema/decode.ts'
import { thawObject, thawObjectSteps } from '../watch/freeze.ts'
import { createObject, settleNamespace, storageOf } from './create.ts'
import { defaulted } from './defaulted.ts'
import { checkPlace } from './key-shown.ts'
import { appliedTo } from './managed-fields.ts'
import { patchText, tellPatch } from './patch.ts'
import { checkReadable } from './unreadable.ts'
import { checkName, mayCreate } from './update.ts'
import { checkStoredName, liveObject, updateObject } from './update-object.ts'

/** Server-side apply: PATCH with application/apply-patch+yaml. Creates the object when there is none. */
export async function apply(call: Call, subresource = ''): Promise<Answer> {
  const { resource, request, info } = call
  const options = writeOptions(request.query, 'PatchOptions', true)
  tellPatch(call)
  // Below an object that is not there nothing is read.
  if (!mayCreate(resource, subresource)) liveObject(call, info.name)
  else {
    checkStoredName(info.name)
    checkPlace(call, info.name)
  }
  const { config, twice } = readConfig(call)
  await breath(call.bulk)
  const storage = storageOf(resource)
  const key = keyIn(storage, info.namespace, info.name)
  const cache = call.core.caches.of(storage.prefix)
  checkReadable(cache, key)
  if (mayCreate(call.resource, subresource) && !cache.get(key)) {
    try {
      return await createApplied(call, config, twice, options, subresource)
    } catch (error) {
      if (!(error instanceof StatusError && error.reason === 'AlreadyExists')) throw error
      // Somebody made it in the meantime: then it is an update.
      await call.core.store.current()
      if (!cache.get(key)) throw error
    }
  }
  const stored = await updateObject(call, {
    name: info.name,
    subresource,
    options,
    isApply: true,
    tries: 5,
    produce: (live) => settled(call, live, config, twice, options, subresource),
  })
  return { kind: 'stored', status: 200, stored }
}

async function createApplied(
  call: Call,
  config: object,
  twice: readonly string[],
  options: WriteOptions,
  subresource: string,
): Promise<Answer> {
  const object = await settled(call, undefined, config, twice, options, subresource)
  const { uid } = object.metadata
  // A version asked for is compared with that of an object that is there, and no more: so kube-apiserver has it.
  if (!options.dryRun) delete object.metadata.resourceVersion
  if (uid) {
    const why = `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`
    throw conflict(call.resource, call.info.name, why)
  }
  return { kind: 'stored', status: 201, stored: await createObject(call, object, options, { isApply: true, subresource }) }
}

function readMerged({ rules }: ServedResource, object: KubeObject): Decoded {
  try {
    return rules.decodeApplied(object)
  } catch (e) {
    throw e instanceof DecodeError ? badRequest(e.message) : e
  }
}

/** What `config` makes of `live`, defaulted. A large one takes several turns of the event loop; a small one is there at once. */
function settled(...given: Parameters<typeof settledSteps>): KubeObject | Promise<KubeObject> {
  return paced(given[0].bulk, settledSteps(...given))
}

function* settledSteps(
  call: Call,
  live: KubeObject | undefined,
  config: object,
  twice: readonly string[],
  options: WriteOptions,
  subresource: string,
): Steps<KubeObject> {
  const { resource, info } = call
  const object = yield* appliedTo(call, live, config, options, subresource)
  tellDuplicates(call, options, twice)
  yield
  // What was merged of a custom kind has not been read as one yet: its defaults are filled in by that.
  const own = resource.isCustom ? (readMerged(resource, object).value as unknown as KubeObject) : yield* ownCopy(call, object)
  settleNamespace(own, resource, info.namespace)
  checkName(own, info.name)
  yield
  return yield* defaulted(call, own)
}

function* ownCopy({ bulk }: Call, object: KubeObject): Steps<KubeObject> {
  const own = mayTakeLong(bulk) ? yield* thawObjectSteps(object) : thawObject(object)
  if (hasEmpties(object)) markEmpties(own)
  return own
}

interface Config {
  readonly config: object
  /** What is said of keys that are in it twice. */
  readonly twice: readonly string[]
}

/** The applied configuration: YAML, of which only the first document counts, or JSON. */
export function readConfig(call: Call): Config {
  const { body, duplicates: twice = [] } = call.request
  if (body !== undefined && !(body instanceof Uint8Array)) return { config: parseJson(jsonText(body)) as object, twice: [] }
  const text = patchText(call.request)
  const fast = plainJson(text)
  if (fast) return { config: fast, twice }
  // Nothing is an empty configuration, which then has no kind.
  const value = yamlOf(text) ?? {}
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw badRequest(
      `error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${goJsonType(value)} into Go value of type map[string]interface {}`,
    )
  }
  return { config: value, twice: duplicateKeys(text) }
}

function goJsonType(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  return typeof value === 'boolean' ? 'bool' : typeof value === 'string' ? 'string' : 'number'
}

function yamlOf(text: string): unknown {
  try {
    return readYaml(text)
  } catch (error) {
    throw badRequest(`error decoding YAML: error converting YAML to JSON: ${(error as Error).message}`)
  }
}

/** Throws under `Strict`. To be called after the merge: what is wrong with that is said first. */
export function tellDuplicates(call: Call, { fieldValidation }: WriteOptions, twice: readonly string[]): void {
  if (twice.length > 0 && fieldValidation === 'Strict')
    throw badRequest(`error strict decoding YAML: error converting YAML to JSON: ${duplicatesError(twice)}`)
  if (fieldValidation === 'Warn') for (const t of twice) call.warnings.add(t)
}

function plainJson(text: string): object | undefined {
  if (!text.trimStart().startsWith('{')) return undefined
  const value = parsePlain(text)?.value
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
}
