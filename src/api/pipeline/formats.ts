import { goJson } from '../../apimachinery/go-quote.ts'
import { isSmall } from '../../apimachinery/json-size.ts'
import { mostInOrder, sortedKeys, sortedKeysSteps, startsWithDigit } from '../../apimachinery/key-order.ts'
import type { Steps } from '../../apimachinery/steps.ts'
import type { Accepted } from '../negotiation/accept.ts'
import type { GroupVersionKind } from '../registry/served.ts'
import { jsonSteps } from '../watch/json-steps.ts'
import { encodeProtobuf, encodeProtobufSteps } from './protobuf.ts'
import { yamlText, yamlTextSteps } from './yaml-text.ts'

/** Go's encoder ends what it does not indent with a new line: an answer is the stored bytes, uncopied, and this. */
export const newline = Buffer.from('\n')

/** The answer that is an object which is not stored as such: a view, a status, another format. */
export function bytesOf(object: object, accept: Accepted, gvk: GroupVersionKind): Uint8Array {
  const bytes = partOf(object, accept, gvk)
  return accept.format === 'json' && !accept.pretty ? Buffer.concat([bytes, newline]) : bytes
}

/** So many items or members are written in one step; so long are the chunks. */
const stepSize = 20
const chunkLength = 256 * 1024

/** Texts as chunks of bytes: of all of them at once it would take long to make bytes. */
class Chunks {
  readonly #done: Uint8Array[] = []
  #text = ''

  readonly put = (text: string): void => {
    this.#text += text
    if (this.#text.length < chunkLength) return
    this.#done.push(Buffer.from(this.#text))
    this.#text = ''
  }

  all(): Uint8Array[] {
    return this.#text === '' ? this.#done : [...this.#done, Buffer.from(this.#text)]
  }
}

/** As `bytesOf`, of an object or list that may be large, in chunks and in steps. `key`: its member that has many items. */
export function* chunksOf(object: object, accept: Accepted, gvk: GroupVersionKind, key = ''): Steps<Uint8Array[]> {
  const chunks = yield* partSteps(object, accept, gvk, key)
  return accept.format === 'json' && !accept.pretty ? [...chunks, newline] : chunks
}

/** As `partOf`, in chunks and in steps. */
export function* partSteps(object: object, accept: Accepted, gvk: GroupVersionKind, key = ''): Steps<Uint8Array[]> {
  if (accept.format === 'protobuf') return [yield* encodeProtobufSteps(object, gvk)]
  const chunks = new Chunks()
  if (accept.format === 'yaml') yield* yamlTextSteps(object, chunks.put)
  else yield* jsonParts(object, key, accept.pretty, chunks.put)
  return chunks.all()
}

/** Puts what `goJson` gives for `object`. */
function* jsonParts(object: object, key: string, pretty: boolean, put: (text: string) => void): Steps<void> {
  const items = (object as Record<string, unknown>)[key]
  if (Array.isArray(items) && items.length > 0) return yield* itemParts(object, key, items, pretty, put)
  if (pretty) yield* prettySteps(object, '\n', put)
  else put(yield* jsonSteps(object))
}

function* itemParts(list: object, key: string, items: unknown[], pretty: boolean, put: (text: string) => void): Steps<void> {
  const indent = pretty ? 2 : undefined
  const around = goJson({ ...list, [key]: [] }, indent)
  const open = pretty ? `"${key}": [` : `"${key}":[`
  // In a text a quote has a backslash before it.
  const at = around.lastIndexOf(`${open}]`) + open.length
  put(around.slice(0, at))
  for (let from = 0; from < items.length; from += stepSize) {
    yield
    if (from > 0) put(',')
    if (pretty)
      put(
        goJson(items.slice(from, from + stepSize), indent)
          .slice(1, -2)
          .replaceAll('\n', '\n  '),
      )
    else put(goJson(items.slice(from, from + stepSize)).slice(1, -1))
  }
  put((pretty ? '\n  ' : '') + around.slice(at))
}

/** Puts what `goJson` gives with an indent of two, after `line`: a line's end and the indent of what is around. */
function* prettySteps(value: unknown, line: string, put: (text: string) => void): Steps<void> {
  if (typeof value !== 'object' || value === null || isSmall(value)) return put(goJson(value, 2).replaceAll('\n', line))
  yield
  const isList = Array.isArray(value)
  const given = isList ? undefined : Object.keys(value).filter((key) => (value as Record<string, unknown>)[key] !== undefined)
  // The members of a large object, which is a map, are put in order here, as in `jsonSteps`.
  const isMap = given !== undefined && given.length > mostInOrder
  const keys = isMap ? yield* sortedKeysSteps(given) : given && startsWithDigit(given[0]) ? sortedKeys(given) : given
  yield
  const inner = `${line}  `
  let start = isList ? '[' : '{'
  for (const [i, item] of (keys ?? (value as unknown[])).entries()) {
    if (i % stepSize === stepSize - 1) yield
    put(start + inner)
    start = ','
    if (keys) put(`${goJson(item)}: `)
    yield* prettySteps(keys ? (value as Record<string, unknown>)[item as string] : item, inner, put)
  }
  put(line + (isList ? ']' : '}'))
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
