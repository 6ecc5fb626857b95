import { apiVersionOf } from '../../apimachinery/resource.ts'
import { badRequest } from '../../apimachinery/status.ts'
import { inTurns, pauses, type Steps } from '../../apimachinery/steps.ts'
import { protobufListPieces } from '../encoding/assemble.ts'
import {
  decodeMessage,
  type Envelope,
  encodeProtobuf as encode,
  encodeMessage,
  encodeMessageSteps,
  encodeProtobufSteps as encodeSteps,
  envelopePieces,
  openEnvelope,
  TooManyFields,
  WireError,
} from '../encoding/protobuf.ts'
import { unsupported } from '../negotiation/content.ts'
import type { GroupVersionKind } from '../registry/served.ts'
import type { Decoded } from '../schema/decode.ts'
import { type StructType, structType, typeOf } from '../schema/types.ts'
import { mostTokens, tooMany } from './body-shape.ts'
import { unrecognized } from './unrecognized.ts'

/** A protobuf body as an object of `gvk`. Throws 415 for kinds that have no protobuf and 400 for a body that cannot be read. */
export function decodeProtobuf(
  bytes: Uint8Array,
  gvk: GroupVersionKind,
): { decoded: Decoded; meta: { apiVersion: string; kind: string } } {
  const type = messageType(gvk)
  const { apiVersion, kind, raw } = enveloped(bytes, gvk)
  try {
    const value = decodeMessage(type, raw, apiVersion || apiVersionOf(gvk), kind || gvk.kind, mostTokens)
    return { decoded: { value, strictErrors: [] }, meta: { apiVersion, kind } }
  } catch (e) {
    if (e instanceof TooManyFields) throw tooMany()
    if (!(e instanceof WireError)) throw e
    throw badRequest(`${gvk.kind} in version "${gvk.version}" cannot be handled as a ${gvk.kind}: ${e.message}`)
  }
}

/** Throws 400 for what is no envelope: nothing tells then what the body is meant to be. */
function enveloped(bytes: Uint8Array, gvk: GroupVersionKind): Envelope {
  try {
    return openEnvelope(bytes, mostTokens)
  } catch (e) {
    if (e instanceof TooManyFields) throw tooMany()
    throw e instanceof WireError ? unrecognized(gvk, e.message, bytes) : e
  }
}

/** An object as protobuf in Kubernetes' envelope. */
export function encodeProtobuf(object: object, gvk: GroupVersionKind): Uint8Array {
  const { apiVersion = apiVersionOf(gvk), kind = gvk.kind } = object as { apiVersion?: string; kind?: string }
  return encode(messageType({ ...gvk, kind }), object, apiVersion, kind)
}

/** As `encodeProtobuf`, in steps. */
export function* encodeProtobufSteps(object: object, gvk: GroupVersionKind): Steps<Uint8Array> {
  const { apiVersion = apiVersionOf(gvk), kind = gvk.kind } = object as { apiVersion?: string; kind?: string }
  return yield* encodeSteps(messageType({ ...gvk, kind }), object, apiVersion, kind)
}

/** What a list in protobuf says of itself. */
interface ListType {
  /** Of its items. */
  readonly type: GroupVersionKind
  readonly apiVersion: string
  readonly kind: string
}

/** An item, or the steps that read a large one. */
type ListItem = { readonly object: object } | { readonly large: Steps<object> }

/** A list as protobuf, in pieces. Long lists let other requests in between. */
export async function protobufList(list: ListType, items: Iterable<ListItem>, metadata: object): Promise<Uint8Array[]> {
  const type = messageType(list.type)
  const messages: Uint8Array[] = []
  const pause = pauses()
  for (const item of items) {
    messages.push('large' in item ? await inTurns(largeMessage(type, item.large)) : encodeMessage(type, item.object))
    const others = pause()
    if (others) await others
  }
  const pieces = protobufListPieces(encodeMessage(structType('meta/v1.ListMeta'), metadata), messages)
  return envelopePieces(list.apiVersion, list.kind, pieces)
}

function* largeMessage(type: StructType, read: Steps<object>): Steps<Uint8Array> {
  return yield* encodeMessageSteps(type, yield* read)
}

function messageType({ group, version, kind }: GroupVersionKind): StructType {
  const type = typeOf(group, version, kind) ?? typeOf('', 'v1', kind) ?? typeOf('meta.k8s.io', 'v1', kind)
  if (!type) throw unsupported(['application/json', 'application/yaml'])
  return type
}
