import { apiVersionOf } from '../../apimachinery/resource.ts'
import { badRequest } from '../../apimachinery/status.ts'
import { decodeMessage, encodeProtobuf as encode, openEnvelope, WireError } from '../encoding/protobuf.ts'
import { unsupported } from '../negotiation/content.ts'
import type { GroupVersionKind } from '../registry/served.ts'
import type { Decoded } from '../schema/decode.ts'
import { type StructType, typeOf } from '../schema/types.ts'

/** A protobuf body as an object of `gvk`. Throws 415 for kinds that have no protobuf and 400 for a body that cannot be read. */
export function decodeProtobuf(
  bytes: Uint8Array,
  gvk: GroupVersionKind,
): { decoded: Decoded; meta: { apiVersion: string; kind: string } } {
  const type = messageType(gvk)
  try {
    const { apiVersion, kind, raw } = openEnvelope(bytes)
    const value = decodeMessage(type, raw, apiVersion || apiVersionOf(gvk), kind || gvk.kind)
    return { decoded: { value, strictErrors: [] }, meta: { apiVersion, kind } }
  } catch (e) {
    if (!(e instanceof WireError)) throw e
    throw badRequest(`${gvk.kind} in version "${gvk.version}" cannot be handled as a ${gvk.kind}: ${e.message}`)
  }
}

/** An object as protobuf in Kubernetes' envelope. */
export function encodeProtobuf(object: object, gvk: GroupVersionKind): Uint8Array {
  const { apiVersion = apiVersionOf(gvk), kind = gvk.kind } = object as { apiVersion?: string; kind?: string }
  return encode(messageType({ ...gvk, kind }), object, apiVersion, kind)
}

function messageType({ group, version, kind }: GroupVersionKind): StructType {
  const type = typeOf(group, version, kind) ?? typeOf('', 'v1', kind) ?? typeOf('meta.k8s.io', 'v1', kind)
  if (!type) throw unsupported(['application/json', 'application/yaml'])
  return type
}
