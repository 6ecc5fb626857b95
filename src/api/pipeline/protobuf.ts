import { setImmediate } from 'node:timers/promises'
import { apiVersionOf } from '../../apimachinery/resource.ts'
import { badRequest } from '../../apimachinery/status.ts'
import { protobufListPieces } from '../encoding/assemble.ts'
import {
  decodeMessage,
  type Envelope,
  encodeProtobuf as encode,
  encodeMessage,
  envelopePieces,
  openEnvelope,
  TooManyFields,
  WireError,
} from '../encoding/protobuf.ts'
import { unsupported } from '../negotiation/content.ts'
import type { GroupVersionKind, ServedResource } from '../registry/served.ts'
import type { Decoded } from '../schema/decode.ts'
import { type StructType, structType, typeOf } from '../schema/types.ts'
import type { Stored } from '../watch/stored.ts'
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

/** How long items are encoded before others have their turn. */
const turnMs = 4

/** A list as protobuf, in pieces. Long lists let other requests in between. */
export async function protobufList(resource: ServedResource, items: readonly Stored[], metadata: object): Promise<Uint8Array[]> {
  const type = messageType(resource)
  const messages: Uint8Array[] = []
  let turn = performance.now()
  for (const item of items) {
    messages.push(encodeMessage(type, item.object))
    if (performance.now() - turn < turnMs) continue
    await setImmediate()
    turn = performance.now()
  }
  const pieces = protobufListPieces(encodeMessage(structType('meta/v1.ListMeta'), metadata), messages)
  return envelopePieces(apiVersionOf(resource), resource.listKind, pieces)
}

function messageType({ group, version, kind }: GroupVersionKind): StructType {
  const type = typeOf(group, version, kind) ?? typeOf('', 'v1', kind) ?? typeOf('meta.k8s.io', 'v1', kind)
  if (!type) throw unsupported(['application/json', 'application/yaml'])
  return type
}
