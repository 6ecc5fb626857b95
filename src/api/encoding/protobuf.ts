import type { Steps } from '../../apimachinery/steps.ts'
import { WireError, WireReader } from '../../apimachinery/wire-reader.ts'
import { WireWriter } from '../../apimachinery/wire-writer.ts'
import { canonical, type JsonObject } from '../schema/decode.ts'
import { Misfit } from '../schema/scalars.ts'
import type { StructType } from '../schema/types.ts'
import { readMessage } from './message-reader.ts'
import { writeMessageSteps } from './message-steps.ts'
import { writeMessage } from './message-writer.ts'

/** Kubernetes's protobuf: the magic bytes, a runtime.Unknown, and in it the message of the kind (or other bytes, with their type). */

export { TooManyFields, WireError } from '../../apimachinery/wire-reader.ts'

const magic = Buffer.from('k8s\0')

/** Whether a body begins as protobuf does. */
export const isProtobuf = (bytes: Uint8Array): boolean => bytes.length >= 4 && magic.compare(bytes, 0, 4) === 0

export interface Envelope {
  readonly apiVersion: string
  readonly kind: string
  /** The message, shared with the body. */
  readonly raw: Uint8Array
}

// Encoding at once is never nested, so one writer serves all of that.
const writer = new WireWriter()

/** An object of a built-in kind in its envelope, as Go writes it. `object` must be canonical. */
export function encodeProtobuf(type: StructType, object: object, apiVersion: string, kind: string): Buffer {
  writer.reset()
  const end = startBody(writer)
  writeMessage(type, writer, object as JsonObject)
  writer.lengthSince(end)
  writeHead(writer, apiVersion, kind)
  return writer.take()
}

/** As `encodeProtobuf`, in steps. */
export function* encodeProtobufSteps(type: StructType, object: object, apiVersion: string, kind: string): Steps<Buffer> {
  const own = new WireWriter()
  const end = startBody(own)
  yield* writeMessageSteps(type, own, object as JsonObject)
  own.lengthSince(end)
  writeHead(own, apiVersion, kind)
  yield
  return own.take()
}

/** What stands behind the message, which is written first. */
function startBody(writer: WireWriter): number {
  writer.text('')
  writer.tag(0x22)
  writer.text('')
  writer.tag(0x1a)
  return writer.length
}

function writeHead(writer: WireWriter, apiVersion: string, kind: string): void {
  writer.tag(0x12)
  const typeEnd = writer.length
  writer.text(kind)
  writer.tag(0x12)
  writer.text(apiVersion)
  writer.tag(0x0a)
  writer.lengthSince(typeEnd)
  writer.tag(0x0a)
  writer.bytes(magic)
}

/** The envelope around a message that comes in pieces: what stands before them, the pieces, what stands behind. */
export function envelopePieces(apiVersion: string, kind: string, pieces: readonly Uint8Array[]): Uint8Array[] {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
  writer.reset()
  writer.varint(length)
  writeHead(writer, apiVersion, kind)
  return [writer.take(), ...pieces, emptyContentTypes]
}

const emptyContentTypes = Buffer.from([0x1a, 0, 0x22, 0])

/** The message of an object without an envelope. */
export function encodeMessage(type: StructType, object: object): Buffer {
  writer.reset()
  writeMessage(type, writer, object as JsonObject)
  return writer.take()
}

/** As `encodeMessage`, in steps. */
export function* encodeMessageSteps(type: StructType, object: object): Steps<Buffer> {
  const own = new WireWriter()
  yield* writeMessageSteps(type, own, object as JsonObject)
  return own.take()
}

/** Opens the envelope of a body. Throws WireError when it has none or a broken one, TooManyFields when it has more than `mostFields`. */
export function openEnvelope(bytes: Uint8Array, mostFields = Number.POSITIVE_INFINITY): Envelope {
  if (bytes.length === 0) throw new WireError('empty data')
  if (!isProtobuf(bytes))
    throw new WireError('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]')
  if (bytes.length === 4) throw new WireError('empty body')
  const from = new WireReader(bytes, 4)
  from.fieldsLeft = mostFields
  const envelope = { apiVersion: '', kind: '', raw: Buffer.alloc(0) }
  while (from.at < from.end) {
    const tag = from.tag()
    if (tag === 0x0a) Object.assign(envelope, readTypeMeta(from.slice()))
    else if (tag === 0x12) envelope.raw = from.slice() as Buffer<ArrayBuffer>
    else from.skip(tag & 7)
  }
  return envelope
}

function readTypeMeta(bytes: Uint8Array): { apiVersion: string; kind: string } {
  const from = new WireReader(bytes)
  const meta = { apiVersion: '', kind: '' }
  while (from.at < from.end) {
    const tag = from.tag()
    if (tag === 0x0a) meta.apiVersion = from.text()
    else if (tag === 0x12) meta.kind = from.text()
    else from.skip(tag & 7)
  }
  return meta
}

/** The object in a message of `type`: canonical, with `apiVersion` and `kind` where the type has them. Throws WireError. */
export function decodeMessage(
  type: StructType,
  raw: Uint8Array,
  apiVersion?: string,
  kind?: string,
  mostFields = Number.POSITIVE_INFINITY,
): JsonObject {
  const from = new WireReader(raw)
  from.fieldsLeft = mostFields
  const object = readMessage(type, from)
  if (kind && type.byName.has('kind')) object.kind = kind
  if (apiVersion && type.byName.has('apiVersion')) object.apiVersion = apiVersion
  try {
    return canonical(type, object)
  } catch (e) {
    if (e instanceof Misfit) throw new WireError(`proto: ${e.message}`)
    throw e
  }
}
