import { goJson } from '../../apimachinery/go-quote.ts'
import type { Steps } from '../../apimachinery/steps.ts'
import type { Accepted } from '../negotiation/accept.ts'
import type { GroupVersionKind } from '../registry/served.ts'
import { jsonSteps } from '../watch/json-steps.ts'
import { encodeProtobuf } from './protobuf.ts'
import { yamlText, yamlTextSteps } from './yaml-text.ts'

/** Go's encoder ends what it does not indent with a new line: an answer is the stored bytes, uncopied, and this. */
export const newline = Buffer.from('\n')

/** The answer that is an object which is not stored as such: a view, a status, another format. */
export function bytesOf(object: object, accept: Accepted, gvk: GroupVersionKind): Uint8Array {
  const bytes = partOf(object, accept, gvk)
  return accept.format === 'json' && !accept.pretty ? Buffer.concat([bytes, newline]) : bytes
}

/** As `bytesOf`, in steps: of a list of many items. */
export function* bytesSteps(list: object, accept: Accepted, gvk: GroupVersionKind): Steps<Uint8Array> {
  if (accept.format === 'json' && !accept.pretty) return Buffer.from(`${yield* jsonSteps(list)}\n`)
  if (accept.format === 'yaml') return Buffer.from(yield* yamlTextSteps(list))
  return bytesOf(list, accept, gvk)
}

/** The bytes of an object inside of something. */
export function partOf(object: object, accept: Accepted, gvk: GroupVersionKind): Uint8Array {
  switch (accept.format) {
    case 'json':
      return Buffer.from(accept.pretty ? goJson(object, 2) : goJson(object))
    case 'yaml':
      return Buffer.from(yamlText(object))
    case 'protobuf':
      return encodeProtobuf(object, gvk)
  }
}
