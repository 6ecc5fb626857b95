import { goJson } from '../../apimachinery/go-quote.ts'
import type { KubeObject } from '../../apimachinery/object.ts'
import type { Steps } from '../../apimachinery/steps.ts'
import type { Revision, Stamp } from '../../store/store.ts'
import { jsonSteps } from './json-steps.ts'
import { textOf } from './stored.ts'

const marker = '"resourceVersion":"'
const metadataOrder = ['name', 'generateName', 'namespace', 'selfLink', 'uid', 'resourceVersion'] as const

/**
 * The object with kind, apiVersion and metadata first, and within metadata what a client can't choose freely before resourceVersion,
 * so that the first `"resourceVersion":"` in the text is metadata's.
 */
export function ordered(object: KubeObject, resourceVersion: string): KubeObject {
  const { kind, apiVersion, metadata, ...rest } = object
  const meta: Record<string, unknown> = {}
  for (const field of metadataOrder) {
    const value = field === 'resourceVersion' ? resourceVersion : metadata[field]
    if (value !== undefined && (value !== '' || field === 'resourceVersion')) meta[field] = value
  }
  for (const [field, value] of Object.entries(metadata))
    if (!(field in meta) && value !== undefined && value !== '') meta[field] = value
  return { ...(kind ? { kind } : {}), ...(apiVersion ? { apiVersion } : {}), metadata: meta, ...rest }
}

export interface Serializer {
  (revision: Revision): Uint8Array
  /** Without the resourceVersion. */
  readonly text: string
  /** The byte at which the resourceVersion stands. */
  readonly offset: number
}

/** The bytes of `object` for any resourceVersion: made once, completed when the store has given the revision. */
export const serializer = (object: KubeObject): Serializer => serializerOf(goJson(ordered(object, '')))

/** As `serializer`, of which a large object takes several turns of the event loop. */
export function* serializerSteps(object: KubeObject): Steps<Serializer> {
  return serializerOf(yield* jsonSteps(ordered(object, '')))
}

function serializerOf(text: string): Serializer {
  const at = text.indexOf(marker) + marker.length
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
  return Object.assign(write, { text, offset })
}

/** `bytes`, written by `serializer`, to be written again as they are at the revision of that commit. */
export function restamped(bytes: Uint8Array): Stamp {
  const text = textOf(bytes)
  return {
    at: (revision) => restamp(bytes, revision),
    offset: Buffer.byteLength(text.slice(0, text.indexOf(marker) + marker.length)),
  }
}

/** `bytes`, written by `serializer`, at another resourceVersion: the last state of a deleted object. */
export function restamp(bytes: Uint8Array, revision: Revision): Uint8Array {
  const text = textOf(bytes)
  const at = text.indexOf(marker) + marker.length
  return Buffer.from(text.slice(0, at) + revision + text.slice(text.indexOf('"', at)))
}
