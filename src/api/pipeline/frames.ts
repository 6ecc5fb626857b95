import { goJson } from '../../apimachinery/go-quote.ts'
import type { KubeObject } from '../../apimachinery/object.ts'
import type { Status } from '../../apimachinery/status.ts'
import { protobufEvent } from '../encoding/assemble.ts'
import type { Series } from '../health/exposition.ts'
import { mediaTypeOf } from '../negotiation/accept.ts'
import { encodeTable, partialMetadata } from '../table/table.ts'
import { prepareViews, viewAs } from '../verbs/view.ts'
import type { CacheEvent, EventType } from '../watch/cache-event.ts'
import type { Stored } from '../watch/stored.ts'
import type { WatchItem, WatchViewOptions } from '../watch/watch-view.ts'
import { bookmarkObject } from './bookmark.ts'
import type { Call } from './call.ts'
import { partOf } from './formats.ts'
import { joinedFrames } from './joined-frames.ts'

export interface FrameEncoder {
  readonly contentType: string
  /** The bytes of one event as this watch sees it; undefined when it does not see it. */
  encode(item: WatchItem, matches: WatchViewOptions['matches']): Uint8Array | undefined | Promise<Uint8Array | undefined>
  /** The frames of all `events` under `prefix` in one; undefined when they must be made one by one. */
  join(events: readonly CacheEvent[], prefix: string): Uint8Array | undefined
  /** The frame of an error, which has the same form in every view. */
  refusal(status: Status): Uint8Array
}

const head = (type: string): Buffer => Buffer.from(`{"type":"${type}","object":`)
const heads = { ADDED: head('ADDED'), MODIFIED: head('MODIFIED'), DELETED: head('DELETED'), BOOKMARK: head('BOOKMARK') }
const tail = Buffer.from('}\n')

type Frame = Uint8Array | Promise<Uint8Array>

/** Frames of a watch in the form the caller asked for. Those of an event are made once for all watches of the same form. */
export const frameEncoder = (call: Call): FrameEncoder => new Frames(call)

class Frames implements FrameEncoder {
  readonly contentType: string
  readonly #call: Call
  readonly #sent: Series
  readonly #began = performance.now()
  readonly #form: string
  /** Of the frames that an event keeps. */
  readonly #keys: Readonly<Record<EventType, string>>
  readonly #isTable: boolean
  #isFirst = true

  constructor(call: Call) {
    const { accept, resource, info } = call
    const form = `${resource.version} ${accept.format} ${accept.as} ${accept.version}`
    this.contentType =
      accept.format === 'protobuf' ? 'application/vnd.kubernetes.protobuf;stream=watch' : mediaTypeOf(accept.format)
    this.#call = call
    this.#sent = call.core.requests.eventsOf(info)
    this.#form = form
    this.#keys = { ADDED: `ADDED ${form}`, MODIFIED: `MODIFIED ${form}`, DELETED: `DELETED ${form}` }
    this.#isTable = accept.as === 'Table'
  }

  encode(item: WatchItem, matches: WatchViewOptions['matches']): Uint8Array | undefined | Promise<Uint8Array | undefined> {
    const made = this.#encode(item, matches)
    return made instanceof Promise ? made.then((bytes) => this.#counted(bytes)) : this.#counted(made)
  }

  join(events: readonly CacheEvent[], prefix: string): Uint8Array | undefined {
    if (this.#isTable) return undefined
    const joined = joinedFrames(events, prefix, this.#form, (event) => this.#madeOf(event, event.typeFor(undefined) ?? 'DELETED'))
    for (const size of joined?.sizes ?? []) this.#sent.observe(size)
    return joined?.bytes
  }

  refusal(status: Status): Uint8Array {
    const { accept } = this.#call
    const bytes = partOf(status, accept, { group: '', version: 'v1', kind: 'Status' })
    return accept.format === 'protobuf' ? protobufEvent('ERROR', bytes) : Buffer.concat([head('ERROR'), bytes, tail])
  }

  #encode(item: WatchItem, matches: WatchViewOptions['matches']): Uint8Array | undefined | Promise<Uint8Array | undefined> {
    const { resource } = this.#call
    let made: Frame
    if (item.kind === 'bookmark') made = this.#bookmark(item)
    else if (item.kind === 'present') made = this.#ofStored('ADDED', item.stored)
    else {
      const views = matches && prepareViews(resource, [item.event.now, item.event.before])
      if (views) return views.then(() => this.#encode(item, matches))
      const type = item.event.typeFor(matches)
      if (!type) return undefined
      // The first frame of a Table watch carries the columns, so it is not one for all.
      made = this.#isTable && this.#isFirst ? this.#ofStored(type, item.event.shown(type)) : this.#ofEvent(item.event, type)
    }
    this.#isFirst = false
    return made
  }

  #counted(bytes: Uint8Array | undefined): Uint8Array | undefined {
    if (bytes) this.#sent.observe(bytes.length)
    return bytes
  }

  #bookmark({ revision, endsInitial }: WatchItem & { readonly kind: 'bookmark' }): Uint8Array {
    const { core, info, resource } = this.#call
    if (endsInitial) core.requests.listed(info, (performance.now() - this.#began) / 1000)
    return this.#frame('BOOKMARK', undefined, bookmarkObject(resource, revision, endsInitial))
  }

  /** undefined while a webhook is being asked. No promise is made of that here: it would be nobody's, and end the process when it fails. */
  #madeOf(event: CacheEvent, type: EventType): Uint8Array | undefined {
    if (viewAs(this.#call.resource, event.shown(type)) instanceof Promise) return undefined
    const made = this.#ofEvent(event, type)
    return made instanceof Promise ? undefined : made
  }

  #ofEvent(event: CacheEvent, type: EventType): Frame {
    const key = this.#keys[type]
    const known = event.frames.get(key)
    if (known) return known
    const made = this.#ofStored(type, event.shown(type))
    if (!(made instanceof Promise)) event.frames.set(key, made)
    return made
  }

  #ofStored(type: EventType, stored: Stored): Frame {
    const view = viewAs(this.#call.resource, stored)
    return view instanceof Promise ? view.then((v) => this.#frame(type, v, undefined)) : this.#frame(type, view, undefined)
  }

  #frame(type: keyof typeof heads, stored: Stored | undefined, object: KubeObject | undefined): Uint8Array {
    const { accept, resource } = this.#call
    let bytes: Uint8Array
    if (accept.as === '' && accept.format === 'json') bytes = stored ? stored.bytes : Buffer.from(goJson(object))
    else bytes = partOf(viewOf(this.#call, stored, object, this.#isFirst), accept, resource)
    if (accept.format === 'protobuf') return protobufEvent(type, bytes)
    return Buffer.concat([heads[type], bytes, tail])
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
