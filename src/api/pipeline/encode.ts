import type { KubeObject } from '../../apimachinery/object.ts'
import { apiVersionOf } from '../../apimachinery/resource.ts'
import { StatusError, unforeseen } from '../../apimachinery/status.ts'
import { inTurns, type Steps } from '../../apimachinery/steps.ts'
import { type Accepted, mediaTypeOf } from '../negotiation/accept.ts'
import type { GroupVersionKind, ServedResource } from '../registry/served.ts'
import type { ApiResponse } from '../request.ts'
import { checkTableOptions, encodeTable, partialMetadata, rowTable, tableSteps } from '../table/table.ts'
import { viewAll, viewAs } from '../verbs/view.ts'
import { inOrder } from '../watch/serialize.ts'
import type { Stored } from '../watch/stored.ts'
import type { Answer, Call } from './call.ts'
import { encodeRefusedWatch, encodeWatch } from './encode-watch.ts'
import { bytesOf, chunksOf, newline } from './formats.ts'
import { listChunks } from './list-chunks.ts'
import { protobufList } from './protobuf.ts'
import { mayTakeLong } from './readable.ts'

/** The response of a verb's answer, in the form the caller asked for. */
export async function encode(call: Call, answer: Answer): Promise<ApiResponse> {
  if (answer.kind === 'response') return answer.response
  if (answer.kind === 'watch') return encodeWatch(call, answer.view, answer.timeoutMs)
  if (answer.kind === 'refused-watch') return encodeRefusedWatch(call, answer.error)
  checkTableOptions(call)
  switch (answer.kind) {
    case 'stored':
      return encodeStored(call, answer.status, await viewAs(call.resource, answer.stored))
    case 'object':
      return encodeAnswer(call, answer)
    case 'list':
      return encodeList(call, await viewAll(call.resource, answer.items), answer.metadata)
  }
}

function encodeAnswer(call: Call, { status, object, gvk, table }: Extract<Answer, { kind: 'object' }>): ApiResponse {
  const { accept, request } = call
  const { as } = accept
  if (as === '' || request.wantsObjects || gvk.kind === 'Status' || (as === 'Table' && !table))
    return encodeObject(accept, status, object, gvk, request.wantsObjects === true)
  const shown = object as KubeObject
  const view = as === 'Table' && table ? rowTable(call, shown, table) : partialMetadata(call, shown)
  return encodeObject(accept, status, view, metaKind(accept), false)
}

function encodeStored(call: Call, status: number, stored: Stored): ApiResponse | Promise<ApiResponse> {
  const { accept } = call
  if (call.request.wantsObjects) return { status, headers: {}, body: { object: stored.object } }
  const headers = { 'content-type': mediaTypeOf(accept.format) }
  if (accept.as === '' && accept.format === 'json' && !accept.pretty)
    return { status, headers, body: { chunks: [stored.bytes, newline] } }
  if (accept.as === 'PartialObjectMetadataList') throw notAList(call)
  if (mayTakeLong({ bytes: stored.bytes.length })) return encodeLarge(call, status, headers, stored)
  const view = accept.as === 'Table' ? encodeTable(call, [stored], metadataOf(stored)) : plainView(call, stored.object)
  return { status, headers, body: { bytes: bytesOf(view, accept, viewKind(call)) } }
}

async function encodeLarge(call: Call, status: number, headers: Record<string, string>, stored: Stored): Promise<ApiResponse> {
  return { status, headers, body: { chunks: await inTurns(largeSteps(call, stored)) } }
}

function* largeSteps(call: Call, stored: Stored): Steps<Uint8Array[]> {
  const object = yield* stored.read()
  const isTable = call.accept.as === 'Table'
  const view = isTable ? yield* tableSteps(call, object, metadataOf(stored)) : plainView(call, object)
  return yield* chunksOf(view, call.accept, viewKind(call))
}

/** What is shown of a stored object that is not shown as a Table. */
const plainView = (call: Call, object: KubeObject): object => (call.accept.as === '' ? object : partialMetadata(call, object))

const viewKind = ({ accept, resource }: Call): GroupVersionKind => (accept.as === '' ? resource : metaKind(accept))

const metadataOf = ({ revision }: Stored): object => (revision > 0 ? { resourceVersion: String(revision) } : {})

const metaKind = ({ as, version }: Accepted): GroupVersionKind => ({ group: 'meta.k8s.io', version, kind: as })

/** `why` goes on after "the requested object". */
const anotherForm = (accept: Accepted, why: string) =>
  new StatusError(406, 'NotAcceptable', `you requested ${accept.as}, but the requested object ${why}`)

/** Every custom object has the methods of a list in Go; that it is none shows when its items are asked for. */
const notAList = ({ accept, resource }: Call): StatusError =>
  resource.isCustom
    ? unforeseen('content is not a list')
    : anotherForm(accept, `is not a list (${goType(resource, resource.kind)})`)

/** What kube-apiserver has in memory, as Go names its type: that of the group that the kind comes from (events: core). */
function goType({ storage, group, isCustom }: ServedResource, kind: string): string {
  if (isCustom) return kind.endsWith('List') ? '*unstructured.UnstructuredList' : '*unstructured.Unstructured'
  const home = storage?.group ?? group
  return `*${home === '' ? 'core' : (home.split('.')[0] ?? '')}.${kind}`
}

export function encodeObject(
  accept: Accepted,
  status: number,
  object: object,
  gvk: GroupVersionKind,
  wantsObjects: boolean,
): ApiResponse {
  if (wantsObjects) return { status, headers: {}, body: { object } }
  return { status, headers: { 'content-type': mediaTypeOf(accept.format) }, body: { bytes: bytesOf(object, accept, gvk) } }
}

/** A list of custom objects always says `continue`; views of it do not. */
function listMetadata({ isCustom }: ServedResource, metadata: object): object {
  return isCustom ? { continue: '', ...metadata } : metadata
}

async function encodeList(call: Call, items: readonly Stored[], given: object): Promise<ApiResponse> {
  const { accept, resource, request } = call
  const metadata = accept.as === '' ? listMetadata(resource, given) : given
  const kind = resource.listKind
  const apiVersion = apiVersionOf(resource)
  if (request.wantsObjects) {
    return { status: 200, headers: {}, body: { object: { kind, apiVersion, metadata, items: items.map((s) => s.object) } } }
  }
  const headers = { 'content-type': mediaTypeOf(accept.format) }
  if (accept.as === 'Table') {
    return { status: 200, headers, body: { chunks: await inTurns(tableListSteps(call, items, metadata)) } }
  }
  if (accept.as === 'PartialObjectMetadata') throw anotherForm(accept, `is a list (${goType(resource, kind)})`)
  if (accept.as !== '') {
    const partial = await inTurns(each(items, (object) => partialMetadata(call, object)))
    const kind = 'PartialObjectMetadataList'
    const apiVersion = `meta.k8s.io/${accept.version}`
    if (accept.format === 'protobuf') {
      const type = { ...metaKind(accept), kind: 'PartialObjectMetadata' }
      return {
        status: 200,
        headers,
        body: {
          chunks: await protobufList(
            { type, kind, apiVersion },
            partial.values().map((object) => ({ object })),
            metadata,
          ),
        },
      }
    }
    const list = { kind, apiVersion, metadata, items: partial.length > 0 ? partial : null }
    return { status: 200, headers, body: { chunks: await inTurns(chunksOf(list, accept, metaKind(accept), 'items')) } }
  }
  if (accept.format === 'json' && !accept.pretty)
    return { status: 200, headers, body: { chunks: listChunks(resource, items, metadata) } }
  if (accept.format === 'protobuf') {
    const objects = items
      .values()
      .map((s) => (mayTakeLong({ bytes: s.bytes.length }) ? { large: s.read() } : { object: s.object }))
    return { status: 200, headers, body: { chunks: await protobufList({ type: resource, kind, apiVersion }, objects, metadata) } }
  }
  const shown = await inTurns(each(items, (object) => (resource.isCustom ? object : withoutKind(object))))
  // The objects are in order, as they are stored.
  const list = { ...inOrder({ kind, apiVersion, metadata, items: [] }, resource), items: shown }
  return { status: 200, headers, body: { chunks: await inTurns(chunksOf(list, accept, metaKind(accept), 'items')) } }
}

function* each<T>(items: readonly Stored[], show: (object: KubeObject) => T): Steps<T[]> {
  const shown: T[] = []
  for (const item of items) {
    yield
    shown.push(show(item.object))
  }
  return shown
}

function* tableListSteps(call: Call, items: readonly Stored[], metadata: object): Steps<Uint8Array[]> {
  const table = encodeTable(call, [], metadata)
  const rows: object[] = []
  for (const item of items) {
    yield
    const isLarge = mayTakeLong({ bytes: item.bytes.length })
    const one = isLarge
      ? yield* tableSteps(call, yield* item.read(), metadata, false)
      : encodeTable(call, [item], metadata, false)
    rows.push(...(one.rows ?? []))
  }
  if (rows.length > 0) table.rows = rows
  return yield* chunksOf(table, call.accept, metaKind(call.accept), 'rows')
}

function withoutKind(object: KubeObject): object {
  const { kind: _, apiVersion: __, ...rest } = object
  return rest
}
