import type { KubeObject } from '../../apimachinery/object.ts'
import { apiVersionOf } from '../../apimachinery/resource.ts'
import type { ServedResource } from '../registry/served.ts'
import type { ApiRequest, ApiResponse, Sink, WatchEvent } from '../request.ts'
import { prepareViews, viewAs } from '../verbs/view.ts'
import type { WatchItem, WatchView } from '../watch/watch-view.ts'
import type { Call } from './call.ts'
import { frameEncoder } from './frames.ts'
import { feedWatch } from './watch-feed.ts'

/** The stream of a watch. It ends when the caller goes, the time is over, or the reader is too slow. */
export function encodeWatch(call: Call, view: WatchView, timeoutMs: number): ApiResponse {
  const { request } = call
  // In whole seconds: timers of the same length share a list.
  const seconds = Math.ceil(Math.min(timeoutMs, 2 ** 31 - 1001) / 1000)
  const timer = setTimeout(() => view.close(), seconds * 1000)
  timer.unref()
  const leave = call.core.requests.open(call.info)
  const forget = request.wantsObjects ? () => {} : call.core.onWatch(call.info, request.query)
  const release = () => {
    clearTimeout(timer)
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
  const feed = (sink: Sink) => {
    feedWatch(view, frames, sink, release)
    return release
  }
  const headers = { 'content-type': frames.contentType }
  return { status: 200, headers, body: { stream: streamOf(request, view, frames, release), feed } }
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

async function eventOf(resource: ServedResource, view: WatchView, item: WatchItem): Promise<WatchEvent | undefined> {
  if (item.kind === 'bookmark') return { type: 'BOOKMARK', object: bookmarkObject(resource, item.revision, item.endsInitial) }
  if (item.kind === 'present') return { type: 'ADDED', object: (await viewAs(resource, item.stored)).object }
  if (view.options.matches) await prepareViews(resource, [item.event.now, item.event.before])
  const type = item.event.typeFor(view.options.matches)
  return type && { type, object: (await viewAs(resource, item.event.shown(type))).object }
}

/** An object with nothing but its kind and the revision up to which the watch has told everything. */
export function bookmarkObject(resource: ServedResource, revision: number, endsInitial: boolean): KubeObject {
  const annotations = endsInitial ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}
  const metadata = { resourceVersion: String(revision), ...annotations }
  const { metadata: added, ...rest } = (resource.strategy.fromNothing ?? {}) as Partial<KubeObject>
  const all = { ...added, ...metadata, annotations: { ...added?.annotations, ...annotations.annotations } }
  return resource.rules.canonical({ kind: resource.kind, apiVersion: apiVersionOf(resource), metadata: all, ...rest })
}

async function* streamOf(
  { signal }: ApiRequest,
  view: WatchView,
  frames: ReturnType<typeof frameEncoder>,
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
