import { goJson } from '../../apimachinery/go-quote.ts'
import type { Accepted } from '../negotiation/accept.ts'
import type { GroupVersionKind } from '../registry/served.ts'
import { encodeProtobuf } from './protobuf.ts'
import { yamlText } from './yaml-text.ts'

/** The bytes of an object that is not stored as such: a view, a status, another format. */
export function bytesOf(object: object, accept: Accepted, gvk: GroupVersionKind): Uint8Array {
  switch (accept.format) {
    case 'json':
      return Buffer.from(accept.pretty ? `${goJson(object, 2)}\n` : goJson(object))
    case 'yaml':
      return Buffer.from(yamlText(object))
    case 'protobuf':
      return encodeProtobuf(object, gvk)
  }
}
