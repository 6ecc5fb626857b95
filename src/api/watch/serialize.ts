import { goJson } from '../../apimachinery/go-quote.ts'
import { memberAt } from '../../apimachinery/json-member.ts'
import { alphabetical, alphabeticalSteps, mostInOrder } from '../../apimachinery/key-order.ts'
import { metadataOrder } from '../../apimachinery/metadata-order.ts'
import type { KubeObject, ObjectMeta } from '../../apimachinery/object.ts'
import type { Steps } from '../../apimachinery/steps.ts'
import type { Revision, Stamp } from '../../store/store.ts'
import type { ServedResource } from '../registry/served.ts'
import { jsonSteps } from './json-steps.ts'
import { Stored, textOf } from './stored.ts'

const marker = '"resourceVersion":"'

/**
 * The object with kind, apiVersion and metadata first, and metadata in Go's order: what a client can't choose freely comes before resourceVersion,
 * so that the first `"resourceVersion":"` in the text is metadata's.
 */
function ordered(object: KubeObject, resourceVersion: string): KubeObject {
  const { kind, apiVersion, metadata, ...rest } = object
  const meta = metadataInOrder(metadata, resourceVersion)
  return { ...(kind ? { kind } : {}), ...(apiVersion ? { apiVersion } : {}), metadata: meta, ...rest }
}

/** Metadata in Go's order, without empty fields; with `resourceVersion`, empty or not, if that is given. */
export function metadataInOrder(metadata: ObjectMeta, resourceVersion?: string): ObjectMeta {
  const meta: Record<string, unknown> = {}
  for (const field of metadataOrder) {
    const isGiven = field === 'resourceVersion' && resourceVersion !== undefined
    const value = isGiven ? resourceVersion : metadata[field]
    if (value !== undefined && (value !== '' || isGiven)) meta[field] = value
  }
  return meta
}

interface Serializer {
  (revision: Revision): Uint8Array
  /** In the order in which it is written. */
  readonly object: KubeObject
  /** Without the resourceVersion. */
  readonly text: string
  /** The byte at which the resourceVersion stands. */
  readonly offset: number
}

/** How a kind's objects are written: those of custom kinds are maps in Go, whose keys are in alphabetical order. */
type Writing = Pick<ServedResource, 'isCustom'>
const builtIn: Writing = { isCustom: false }

/** A canonical object with its members where they are written. */
export const inOrder = <T extends object>(object: T, { isCustom }: Writing): T =>
  isCustom ? (alphabetical(object, mostInOrder) as T) : object

function asWritten(object: KubeObject, writing: Writing): KubeObject {
  return writing.isCustom ? inOrder(withVersion(object, ''), writing) : ordered(object, '')
}

/** `object` at a revision; its members keep their places when it has been written. */
export function withVersion(object: KubeObject, revision: Revision | ''): KubeObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } }
}

/** The bytes of `object` for any resourceVersion: made once, completed when the store has given the revision. */
export function serializer(object: KubeObject, writing = builtIn): Serializer {
  const written = asWritten(object, writing)
  return serializerOf(written, goJson(written))
}

/** As `serializer`, of which a large object takes several turns of the event loop. */
export function* serializerSteps(object: KubeObject, writing = builtIn): Steps<Serializer> {
  const written = writing.isCustom ? ((yield* alphabeticalSteps(withVersion(object, ''))) as KubeObject) : ordered(object, '')
  const text = yield* jsonSteps(written)
  yield
  return serializerOf(written, text)
}

function serializerOf(object: KubeObject, text: string): Serializer {
  const at = versionAt(text)
  const head = text.slice(0, at)
  const tail = text.slice(at)
  const offset = Buffer.byteLength(head)
  const size = offset + Buffer.byteLength(tail)
  // Written piece by piece: joined, the text would first be copied as a text.
  const write = (revision: Revision): Uint8Array => {
    const digits = String(revision)
    const bytes = Buffer.allocUnsafe(size + digits.length)
    bytes.write(head)
    bytes.write(digits, offset)
    bytes.write(tail, offset + digits.length)
    return bytes
  }
  return Object.assign(write, { object, text, offset })
}

/** What `write` makes, as it is stored under `key` at a revision. */
export function storedAt(key: string, write: Serializer, revision: Revision): Stored {
  return new Stored(key, write(revision), revision, withVersion(write.object, revision))
}

/** Where the value of metadata.resourceVersion stands in the JSON of an object. */
function versionAt(text: string): number {
  if (text.startsWith('{"kind":')) return text.indexOf(marker) + marker.length
  return memberAt(text, memberAt(text, 0, 'metadata'), 'resourceVersion') + 1
}

/** `bytes`, written by `serializer`, to be written again as they are at the revision of that commit. */
export function restamped(bytes: Uint8Array): Stamp {
  const text = textOf(bytes)
  return {
    at: (revision) => restamp(bytes, revision),
    offset: Buffer.byteLength(text.slice(0, versionAt(text))),
  }
}

/** `bytes`, written by `serializer`, at another resourceVersion: the last state of a deleted object. */
export function restamp(bytes: Uint8Array, revision: Revision): Uint8Array {
  const text = textOf(bytes)
  const at = versionAt(text)
  return Buffer.from(text.slice(0, at) + revision + text.slice(text.indexOf('"', at)))
}
