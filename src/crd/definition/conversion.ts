import { isInt64 } from '../../apimachinery/json.ts'
import { isJsonArray, isJsonObject, type Json, type JsonObject, own, setOwn } from '../schema/json-schema.ts'
import { withChanges } from '../schema/prune.ts'
import type { Conversion } from './definition.ts'

/** Why a conversion webhook's answer is no good: what the API server answers with status 500. */
export class ConversionError extends Error {}

/** Strategy None: the same object under another version's name. */
export const renamed = (object: JsonObject, apiVersion: string): JsonObject =>
  own(object, 'apiVersion') === apiVersion ? object : withChanges(object, new Map([['apiVersion', apiVersion]]))

/** Posts a ConversionReview to the webhook and returns its parsed answer. Fails with the text that messages shall show. */
export type CallWebhook = (review: JsonObject) => Promise<Json>

/**
 * `objects` (of one kind) in version `apiVersion`. `uid`: of the request. Those in that version already are not sent.
 * Throws ConversionError.
 */
export async function convertObjects(
  objects: readonly JsonObject[],
  apiVersion: string,
  conversion: Conversion,
  uid: string,
  call: CallWebhook,
): Promise<JsonObject[]> {
  if (conversion.strategy !== 'Webhook') return objects.map((object) => renamed(object, apiVersion))
  const sent = objects.filter((object) => own(object, 'apiVersion') !== apiVersion)
  const [first] = sent
  if (first === undefined) return [...objects]
  const named = `conversion webhook for ${kindText(first)}`
  const review = reviewRequest(conversion.webhook?.conversionReviewVersions ?? [], sent, apiVersion, uid)
  const converted = await answered(review, uid, call).catch((error: Error) => {
    throw new ConversionError(`${named} failed: ${error.message}`)
  })
  if (converted.length !== sent.length) {
    throw new ConversionError(`${named} returned ${converted.length} objects, expected ${sent.length}`)
  }
  let index = 0
  return objects.map((object) => {
    if (own(object, 'apiVersion') === apiVersion) return object
    const at = objects.length === 1 ? 'object at index 0' : `converted object at index ${index}`
    return checkedObject(object, converted[index++] as Json, apiVersion, `${named} returned invalid`, at)
  })
}

/** The ConversionReview to send, in the first version that both sides know. */
export function reviewRequest(
  versions: readonly string[],
  objects: readonly JsonObject[],
  desiredAPIVersion: string,
  uid: string,
): JsonObject {
  const version = versions.find((name) => name === 'v1' || name === 'v1beta1')
  if (version === undefined) throw new ConversionError('no supported conversion review versions')
  return {
    kind: 'ConversionReview',
    apiVersion: `apiextensions.k8s.io/${version}`,
    request: { uid, desiredAPIVersion, objects },
  }
}

async function answered(review: JsonObject, uid: string, call: CallWebhook): Promise<readonly Json[]> {
  return convertedObjects(await call(review), review.apiVersion as string, uid)
}

/** The objects in a webhook's answer. Throws Error saying why there are none. */
export function convertedObjects(answer: Json, apiVersion: string, uid: string): readonly Json[] {
  const review = isJsonObject(answer) ? answer : {}
  const strict = apiVersion.endsWith('/v1')
  const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '')
  if (strict && (own(review, 'apiVersion') !== apiVersion || own(review, 'kind') !== 'ConversionReview')) {
    const got = versionText(text(own(review, 'apiVersion')))
    throw new Error(
      `expected webhook response of ${versionText(apiVersion)}, Kind=ConversionReview, got ${got}, Kind=${text(own(review, 'kind'))}`,
    )
  }
  const response = own(review, 'response')
  if (!isJsonObject(response)) throw new Error('no response provided')
  if (strict && own(response, 'uid') !== uid) {
    throw new Error(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(text(own(response, 'uid')))}`)
  }
  const result = own(response, 'result')
  const outcome = isJsonObject(result) ? result : {}
  const status = text(own(outcome, 'status'))
  if (status !== 'Success') {
    throw new Error(text(own(outcome, 'message')) || `response.result.status was '${status}', not 'Success'`)
  }
  const objects = own(response, 'convertedObjects')
  return isJsonArray(objects ?? null) ? (objects as readonly Json[]) : []
}

const versionText = (apiVersion: string): string => (apiVersion.includes('/') ? apiVersion : `/${apiVersion}`)
const kindText = (object: JsonObject): string => `${String(object.apiVersion)}, Kind=${String(object.kind)}`

/** What a webhook made of `original`, when it is that object in the wanted version; only labels and annotations of its metadata count. */
function checkedObject(original: JsonObject, made: Json, apiVersion: string, invalid: string, at: string): JsonObject {
  const object: JsonObject = isJsonObject(made) ? made : {}
  const expect = (what: string, wanted: Json | undefined, got: Json | undefined): void => {
    if (wanted !== got) throw new ConversionError(`${invalid} ${at}: invalid ${what} (expected ${wanted}, received ${got ?? ''})`)
  }
  expect('groupVersion', apiVersion, own(object, 'apiVersion'))
  expect('kind', own(original, 'kind'), own(object, 'kind'))
  const isSingle = at === 'object at index 0'
  const [before, after] = [metadataOf(original), metadataOf(object)]
  for (const [key, name] of [
    ['name', 'name'],
    ['namespace', 'namespace'],
    ['uid', 'UID'],
  ] as const) {
    const [wanted, got] = [own(before, key) ?? '', own(after, key) ?? '']
    const where = isSingle ? 'object' : at
    if (wanted !== got) throw new ConversionError(`${invalid} ${where}: must have the same ${name}: ${wanted} != ${got}`)
  }
  try {
    return withChanges(object, new Map([['metadata', restored(before, own(object, 'metadata'))]]))
  } catch (error) {
    const where = isSingle ? 'metadata' : at.replace('converted object', 'metadata in object')
    throw new ConversionError(`${invalid} ${where}: ${(error as Error).message}`)
  }
}

const metadataOf = (object: JsonObject): JsonObject => {
  const metadata = own(object, 'metadata')
  return isJsonObject(metadata) ? metadata : {}
}

function restored(original: JsonObject, metadata: Json | undefined): JsonObject {
  if (metadata === undefined) throw new Error('missing metadata in converted object')
  if (!isJsonObject(metadata)) throw new Error(`invalid metadata of type ${goType(metadata)} in converted object`)
  const changes = new Map<string, Json | undefined>()
  for (const key of ['labels', 'annotations']) changes.set(key, textMap(key, own(metadata, key) ?? null))
  return withChanges(original, changes)
}

function textMap(key: string, map: Json): JsonObject | undefined {
  if (map === null) return undefined
  if (!isJsonObject(map)) throw new Error(`invalid metadata.${key} of type ${goType(map)} in converted object`)
  const copy: Record<string, Json> = {}
  for (const [name, value] of Object.entries(map)) {
    if (typeof value !== 'string') {
      throw new Error(`metadata.${key}[${name}] must be a string, but is ${goType(value)} in converted object`)
    }
    setOwn(copy, name, value)
  }
  return copy
}

function goType(value: Json): string {
  if (value === null) return '<nil>'
  if (isJsonArray(value)) return '[]interface {}'
  if (typeof value === 'object') return 'map[string]interface {}'
  if (typeof value === 'number' || typeof value === 'bigint') return isInt64(value) ? 'int64' : 'float64'
  return typeof value === 'boolean' ? 'bool' : 'string'
}
