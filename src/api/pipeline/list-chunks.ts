import { goJson } from '../../apimachinery/go-quote.ts'
import { apiVersionOf } from '../../apimachinery/resource.ts'
import type { ServedResource } from '../registry/served.ts'
import { inOrder } from '../watch/serialize.ts'
import type { Stored } from '../watch/stored.ts'

/** Few writes, and none that holds the event loop. */
const blockBytes = 256 * 1024

/** Some items that follow each other, and their bytes joined, each after a separator. */
interface Block {
  readonly items: readonly Stored[]
  readonly bytes: Uint8Array
}

/** By their first item. Held weakly: who lists often finds them, and memory is not kept for who lists once. */
const blocks = new WeakMap<Stored, WeakRef<Block>>()

const separator = Buffer.from(',{')

/**
 * A list as JSON: the stored bytes, one after another. Items of a built-in list do not repeat kind and apiVersion. Only the blocks in
 * which something changed since the last list are joined anew.
 */
export function listChunks(resource: ServedResource, items: readonly Stored[], metadata: object): Uint8Array[] {
  const apiVersion = apiVersionOf(resource)
  const [start, end] = aroundItems(resource, metadata)
  const skip = resource.isCustom
    ? 1
    : `{"kind":${JSON.stringify(resource.kind)},"apiVersion":${JSON.stringify(apiVersion)},`.length
  const chunks: Uint8Array[] = [Buffer.from(`${start}"items":[${items.length > 0 ? '{' : ''}`)]
  for (let i = 0; i < items.length; ) {
    const block = knownBlock(items, i) ?? joined(items, i, skip)
    chunks.push(i > 0 ? block.bytes : block.bytes.subarray(separator.length))
    i += block.items.length
  }
  chunks.push(Buffer.from(end))
  return chunks
}

/** What stands before and behind the items: a list of custom objects is a map in Go, in alphabetical order. */
function aroundItems(resource: ServedResource, metadata: object): readonly [start: string, end: string] {
  const apiVersion = apiVersionOf(resource)
  const { listKind: kind, isCustom } = resource
  if (!isCustom) return [`${JSON.stringify({ kind, apiVersion, metadata }).slice(0, -1)},`, ']}\n']
  return [`{"apiVersion":${JSON.stringify(apiVersion)},`, `],${goJson(inOrder({ kind, metadata }, resource)).slice(1)}\n`]
}

function knownBlock(items: readonly Stored[], from: number): Block | undefined {
  const first = items[from]
  const block = first && blocks.get(first)?.deref()
  return block?.items.every((item, k) => items[from + k] === item) ? block : undefined
}

function joined(items: readonly Stored[], from: number, skip: number): Block {
  const parts: Uint8Array[] = []
  let size = 0
  let next = from
  for (let item = items[next]; item && size < blockBytes; item = items[++next]) {
    parts.push(separator, item.bytes.subarray(skip))
    size += item.bytes.length
  }
  const block = { items: items.slice(from, next), bytes: Buffer.concat(parts) }
  const [first] = block.items
  // A short one is the end of a list or a page, and would split a longer list in small pieces.
  if (first && size >= blockBytes) blocks.set(first, new WeakRef(block))
  return block
}
