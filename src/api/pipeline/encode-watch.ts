import type { KubeObject } from '../../apimachinery/object.ts'
import type { StatusError } from '../../apimachinery/status.ts'
import type { ServedResource } from '../registry/served.ts'
import type { ApiRequest, ApiResponse, Sink, WatchEvent } from '../request.ts'
import { checkTableOptions } from '../table/table.ts'
import { prepareViews, viewAs } from '../verbs/view.ts'
import type { WatchItem, WatchView } from '../watch/watch-view.ts'
import { bookmarkObject } from './bookmark.ts'
import type { Call } from './call.ts'
import { type FrameEncoder, frameEncoder } from './frames.ts'
import { feedWatch } from './watch-feed.ts'

/** The stream of a watch. It ends when the caller goes, the time is over, or the reader is too slow. */
export function encodeWatch(call: Call, view: WatchView, timeoutMs: number): ApiResponse {
  const { request } = call
  try {
    checkTableOptions(call)
  } catch (error) {
    view.close()
    throw error
  }
  const cancelEnd = endAfter(view, Math.ceil(Math.min(timeoutMs, 2 ** 31 - 1001) / 1000))
  const leave = call.core.requests.open(call.info)
  const forget = request.wantsObjects ? () => {} : call.core.onWatch(call.info, request.query)
  const release = () => {
    cancelEnd()
    leave()
    forget()
    view.close()
  }
  if (request.wantsObjects) {
    const { signal } = request
    if (signal.aborted) view.close()
    signal.addEventListener('abort', () => view.close(), { once: true })
    return { status: 200, headers: {}, body: { events: eventsOf(call.resource, view, release) } }
  }
  // A frame is a line, however the client likes to see objects.
  const frames = frameEncoder({ ...call, accept: { ...call.accept, pretty: false } })
  const headers = { 'content-type': frames.contentType }
  // One object is no list: a watch for lists of metadata ends where it would have to write one.
  if (call.accept.as === 'PartialObjectMetadataList')
    return { status: 200, headers, body: { stream: untilFirst(request, call.resource, view, release) } }
  const feed = (sink: Sink) => {
    feedWatch(view, frames, sink, release, call.core.clock)
    return release
  }
  return { status: 200, headers, body: { stream: streamOf(request, view, frames, release), feed } }
}

/** A watch that came to nothing: where it fails is behind the resource's own negotiation, so that the answer is a stream all the same. */
export function encodeRefusedWatch(call: Call, { status }: StatusError): ApiResponse {
  checkTableOptions(call)
  if (call.request.wantsObjects)
    return { status: 200, headers: {}, body: { events: only([{ type: 'ERROR', object: status as unknown as KubeObject }]) } }
  const frames = frameEncoder({ ...call, accept: { ...call.accept, pretty: false } })
  return { status: 200, headers: { 'content-type': frames.contentType }, body: { stream: only(frames.refusal(status)) } }
}

async function* only<T>(value: T): AsyncGenerator<T> {
  yield value
}

/** So long before a watch ends its client hears once more how far it has come, and goes on from there. */
const lastBookmarkSeconds = 2

/** In whole seconds: timers of the same length share a list. Returns the cancel. */
function endAfter(view: WatchView, seconds: number): () => void {
  const early = view.options.bookmarks && seconds > lastBookmarkSeconds ? lastBookmarkSeconds : 0
  const end = () => view.close()
  const announce = () => {
    timer = setTimeout(end, early * 1000).unref()
    view.remind()
  }
  let timer = setTimeout(early > 0 ? announce : end, (seconds - early) * 1000).unref()
  return () => clearTimeout(timer)
}

async function* eventsOf(resource: ServedResource, view: WatchView, release: () => void): AsyncGenerator<readonly WatchEvent[]> {
  try {
    for (;;) {
      const items = await view.next()
      if (!items) return
      const batch: WatchEvent[] = []
      for (const item of items) {
        const event = await eventOf(resource, view, item)
        if (event) batch.push(event)
      }
      if (batch.length > 0) yield batch
    }
  } finally {
    release()
  }
}

async function* untilFirst(
  { signal }: ApiRequest,
  resource: ServedResource,
  view: WatchView,
  release: () => void,
): AsyncGenerator<Uint8Array> {
  if (signal.aborted) view.close()
  signal.addEventListener('abort', () => view.close(), { once: true })
  try {
    for (let items = await view.next(); items; items = await view.next())
      for (const item of items) if (await eventOf(resource, view, item)) return
  } finally {
    release()
  }
}

async function eventOf(resource: ServedResource, view: WatchView, item: WatchItem): Promise<WatchEvent | undefined> {
  if (item.kind === 'bookmark') return { type: 'BOOKMARK', object: bookmarkObject(resource, item.revision, item.endsInitial) }
  if (item.kind === 'present') return { type: 'ADDED', object: (await viewAs(resource, item.stored)).object }
  if (view.options.matches) await prepareViews(resource, [item.event.now, item.event.before])
  const type = item.event.typeFor(view.options.matches)
  return type && { type, object: (await viewAs(resource, item.event.shown(type))).object }
}

async function* streamOf(
  { signal }: ApiRequest,
  view: WatchView,
  frames: FrameEncoder,
  release: () => void,
): AsyncGenerator<Uint8Array> {
  if (signal.aborted) view.close()
  signal.addEventListener('abort', () => view.close(), { once: true })
  try {
    for (;;) {
      const items = await view.next()
      if (!items) return
      const batch: Uint8Array[] = []
      for (const item of items) {
        const frame = frames.encode(item, view.options.matches)
        const bytes = frame instanceof Promise ? await frame : frame
        if (bytes) batch.push(bytes)
      }
      const [only] = batch
      if (only) yield batch.length === 1 ? only : Buffer.concat(batch)
    }
  } finally {
    release()
  }
}
