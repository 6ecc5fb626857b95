import { unsupported } from '../negotiation/content.ts'
import type { GroupVersionKind } from '../registry/served.ts'
import type { Decoded } from '../schema/decode.ts'

/** A protobuf body as an object of `gvk`. */
export function decodeProtobuf(
  _bytes: Uint8Array,
  _gvk: GroupVersionKind,
): { decoded: Decoded; meta: { apiVersion: string; kind: string } } {
  throw unsupported(['application/json', 'application/yaml'])
}

/** An object as protobuf in Kubernetes' envelope. */
export function encodeProtobuf(_object: object, _gvk: GroupVersionKind): Uint8Array {
  throw unsupported(['application/json', 'application/yaml'])
}
