import { goJson } from '../../apimachinery/go-quote.ts'
import type { Steps } from '../../apimachinery/steps.ts'
import type { Accepted } from '../negotiation/accept.ts'
import type { GroupVersionKind } from '../registry/served.ts'
import { encodeProtobuf } from './protobuf.ts'
import { yamlText, yamlTextParts } from './yaml-text.ts'

/** Go's encoder ends what it does not indent with a new line: an answer is the stored bytes, uncopied, and this. */
export const newline = Buffer.from('\n')

/** The answer that is an object which is not stored as such: a view, a status, another format. */
export function bytesOf(object: object, accept: Accepted, gvk: GroupVersionKind): Uint8Array {
  const bytes = partOf(object, accept, gvk)
  return accept.format === 'json' && !accept.pretty ? Buffer.concat([bytes, newline]) : bytes
}

/** So many items are written in one step; so long are the chunks. */
const stepSize = 20
const chunkLength = 256 * 1024

/** As `bytesOf` of a list in JSON or YAML whose member `key` has its many items, in chunks and in steps. */
export function* listSteps(list: object, key: 'items' | 'rows', { format, pretty }: Accepted): Steps<Uint8Array[]> {
  const chunks: Uint8Array[] = []
  let text = ''
  for (const part of format === 'yaml' ? yamlTextParts(list) : jsonParts(list, key, pretty)) {
    yield
    text += part
    if (text.length < chunkLength) continue
    chunks.push(Buffer.from(text))
    text = ''
  }
  chunks.push(Buffer.from(format === 'yaml' || pretty ? text : `${text}\n`))
  return chunks
}

/** What `goJson` gives for `list`, in parts. */
function* jsonParts(list: object, key: string, pretty: boolean): Generator<string> {
  const items = (list as Record<string, unknown>)[key]
  const indent = pretty ? 2 : undefined
  if (!Array.isArray(items) || items.length === 0) return yield goJson(list, indent)
  const around = goJson({ ...list, [key]: [] }, indent)
  const open = pretty ? `"${key}": [` : `"${key}":[`
  // In a text a quote has a backslash before it.
  const at = around.lastIndexOf(`${open}]`) + open.length
  yield around.slice(0, at)
  for (let from = 0; from < items.length; from += stepSize) {
    const part = goJson(items.slice(from, from + stepSize), indent)
    yield (from > 0 ? ',' : '') + (pretty ? part.slice(1, -2).replaceAll('\n', '\n  ') : part.slice(1, -1))
  }
  yield (pretty ? '\n  ' : '') + around.slice(at)
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
