import { goJson } from '../../apimachinery/go-quote.ts'
import type { KubeObject } from '../../apimachinery/object.ts'
import { protobufEvent } from '../encoding/assemble.ts'
import { mediaTypeOf } from '../negotiation/accept.ts'
import { encodeTable, partialMetadata } from '../table/table.ts'
import { prepareViews, viewAs } from '../verbs/view.ts'
import type { CacheEvent, EventType } from '../watch/cache-event.ts'
import type { Stored } from '../watch/stored.ts'
import type { WatchItem, WatchViewOptions } from '../watch/watch-view.ts'
import type { Call } from './call.ts'
import { bookmarkObject } from './encode-watch.ts'
import { partOf } from './formats.ts'

export interface FrameEncoder {
  readonly contentType: string
  /** The bytes of one event as this watch sees it; undefined when it does not see it. */
  encode(item: WatchItem, matches: WatchViewOptions['matches']): Uint8Array | undefined | Promise<Uint8Array | undefined>
  /** The frames of all `events` under `prefix` in one; undefined when they must be made one by one. */
  join(events: readonly CacheEvent[], prefix: string): Uint8Array | undefined
}

/** More than this is not joined: each place that a slow watch can be at would have a copy of its own. */
const mostJoined = 64 * 1024

/** By the events, then by form and prefix. Watches that keep up are all at the same place. */
const joins = new WeakMap<readonly CacheEvent[], Map<string, Joined | undefined>>()

interface Joined {
  readonly bytes: Uint8Array
  /** Of each frame. */
  readonly sizes: readonly number[]
}

const head = (type: string): Buffer => Buffer.from(`{"type":"${type}","object":`)
const heads = { ADDED: head('ADDED'), MODIFIED: head('MODIFIED'), DELETED: head('DELETED'), BOOKMARK: head('BOOKMARK') }
const tail = Buffer.from('}\n')

/** Frames of a watch in the form the caller asked for. Those of an event are made once for all watches of the same form. */
export function frameEncoder(call: Call): FrameEncoder {
  const { accept, resource, info } = call
  const { requests } = call.core
  const sent = requests.eventsOf(info)
  const began = performance.now()
  const form = `${resource.version} ${accept.format} ${accept.as} ${accept.version}`
  const keys = { ADDED: `ADDED ${form}`, MODIFIED: `MODIFIED ${form}`, DELETED: `DELETED ${form}` }
  const isTable = accept.as === 'Table'
  let isFirst = true
  const frame = (type: keyof typeof heads, stored: Stored | undefined, object: KubeObject | undefined): Uint8Array => {
    let bytes: Uint8Array
    if (accept.as === '' && accept.format === 'json') bytes = stored ? stored.bytes : Buffer.from(goJson(object))
    else bytes = partOf(viewOf(call, stored, object, isFirst), accept, resource)
    if (accept.format === 'protobuf') return protobufEvent(type, bytes)
    return Buffer.concat([heads[type], bytes, tail])
  }
  const ofStored = (type: EventType, stored: Stored): Uint8Array | Promise<Uint8Array> => {
    const view = viewAs(resource, stored)
    return view instanceof Promise ? view.then((v) => frame(type, v, undefined)) : frame(type, view, undefined)
  }
  const ofEvent = (event: CacheEvent, type: EventType): Uint8Array | Promise<Uint8Array> => {
    const key = keys[type]
    const known = event.frames.get(key)
    if (known) return known
    const made = ofStored(type, event.shown(type))
    if (made instanceof Promise) return made
    event.frames.set(key, made)
    return made
  }
  const joinNow = (events: readonly CacheEvent[], prefix: string): Joined | undefined => {
    const frames: Uint8Array[] = []
    let size = 0
    for (const event of events) {
      if (!event.key.startsWith(prefix)) continue
      const made = ofEvent(event, event.typeFor(undefined) ?? 'DELETED')
      if (made instanceof Promise) return undefined
      size += made.length
      if (size > mostJoined) return undefined
      frames.push(made)
    }
    const [only] = frames
    const bytes = only && frames.length === 1 ? only : Buffer.concat(frames, size)
    return { bytes, sizes: frames.map(({ length }) => length) }
  }
  return {
    join(events, prefix) {
      if (isTable) return undefined
      const known = joins.get(events) ?? new Map<string, Joined | undefined>()
      joins.set(events, known)
      const key = `${form} ${prefix}`
      if (!known.has(key)) known.set(key, joinNow(events, prefix))
      const joined = known.get(key)
      for (const size of joined?.sizes ?? []) sent.observe(size)
      return joined?.bytes
    },
    contentType: accept.format === 'protobuf' ? 'application/vnd.kubernetes.protobuf;stream=watch' : mediaTypeOf(accept.format),
    encode(item, matches) {
      const made = encodeItem(item, matches)
      return made instanceof Promise ? made.then(counted) : counted(made)
    },
  }

  function encodeItem(
    item: WatchItem,
    matches: WatchViewOptions['matches'],
  ): Uint8Array | undefined | Promise<Uint8Array | undefined> {
    if (item.kind === 'bookmark') {
      if (item.endsInitial) requests.listed(info, (performance.now() - began) / 1000)
      const made = frame('BOOKMARK', undefined, bookmarkObject(resource, item.revision, item.endsInitial))
      isFirst = false
      return made
    }
    if (item.kind === 'present') {
      const made = ofStored('ADDED', item.stored)
      isFirst = false
      return made
    }
    const views = matches && prepareViews(resource, [item.event.now, item.event.before])
    if (views) return views.then(() => encodeItem(item, matches))
    const type = item.event.typeFor(matches)
    if (!type) return undefined
    // The first frame of a Table watch carries the columns, so it is not one for all.
    const made = isTable && isFirst ? ofStored(type, item.event.shown(type)) : ofEvent(item.event, type)
    isFirst = false
    return made
  }

  function counted(bytes: Uint8Array | undefined): Uint8Array | undefined {
    if (bytes) sent.observe(bytes.length)
    return bytes
  }
}

function viewOf(call: Call, stored: Stored | undefined, object: KubeObject | undefined, isFirst: boolean): object {
  const { accept } = call
  const subject = stored?.object ?? object
  if (accept.as === 'Table' && subject) {
    const { resourceVersion } = subject.metadata
    const metadata = { resourceVersion: stored ? String(stored.revision) : resourceVersion }
    return encodeTable(call, [{ object: subject }], metadata, isFirst)
  }
  if (accept.as !== '' && subject) return partialMetadata(call, subject)
  return subject ?? {}
}
