import { Document, isScalar, Scalar, visit } from 'yaml'
import type { Accepted } from '../negotiation/accept.ts'
import type { GroupVersionKind } from '../registry/served.ts'
import { encodeProtobuf } from './protobuf.ts'

/** The bytes of an object that is not stored as such: a view, a status, another format. */
export function bytesOf(object: object, accept: Accepted, gvk: GroupVersionKind): Uint8Array {
  switch (accept.format) {
    case 'json':
      return Buffer.from(accept.pretty ? `${JSON.stringify(object, null, 2)}\n` : JSON.stringify(object))
    case 'yaml':
      return Buffer.from(yamlText(object))
    case 'protobuf':
      return encodeProtobuf(object, gvk)
  }
}

/** Texts that YAML 1.1 would read as something else when they are not quoted. */
const ambiguous =
  /^(?:[-+]?[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?|[-+]?\.[0-9_]+|[-+]?0[xXob][0-9a-fA-F_]+|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)|~|null|Null|NULL|true|True|TRUE|false|False|FALSE|yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF|y|Y|n|N|\d{4}-\d\d?-\d\d?(?:[Tt ].*)?|<<|)$/

/** As sigs.k8s.io/yaml writes it: keys in order; double quotes where the text would be read as another type, else single ones. */
export function yamlText(object: object): string {
  const document = new Document(JSON.parse(JSON.stringify(object)), {
    aliasDuplicateObjects: false,
    schema: 'yaml-1.1',
    sortMapEntries: true,
  })
  visit(document, {
    Scalar: (_, node) => {
      if (isScalar(node) && typeof node.value === 'string' && ambiguous.test(node.value)) node.type = Scalar.QUOTE_DOUBLE
    },
  })
  return document.toString({ singleQuote: true, lineWidth: 80, indentSeq: false })
}
