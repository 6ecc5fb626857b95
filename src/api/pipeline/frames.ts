import { goJson } from '../../apimachinery/go-quote.ts'
import type { KubeObject } from '../../apimachinery/object.ts'
import type { Status } from '../../apimachinery/status.ts'
import { inTurns, type Steps } from '../../apimachinery/steps.ts'
import { protobufEvent } from '../encoding/assemble.ts'
import type { Series } from '../health/exposition.ts'
import { type Accepted, mediaTypeOf } from '../negotiation/accept.ts'
import { encodeTable, partialMetadata, tableSteps } from '../table/table.ts'
import { prepareViews, viewAs } from '../verbs/view.ts'
import type { CacheEvent, EventType } from '../watch/cache-event.ts'
import type { Stored } from '../watch/stored.ts'
import type { WatchItem, WatchViewOptions } from '../watch/watch-view.ts'
import { bookmarkObject } from './bookmark.ts'
import type { Call } from './call.ts'
import { partOf, partSteps } from './formats.ts'
import { joinedFrames } from './joined-frames.ts'
import { mayTakeLong } from './readable.ts'

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
    const view = viewAs(this.#call.resource, event.shown(type))
    if (view instanceof Promise) return undefined
    if (this.#isMadeInTurns(view)) return event.frames.get(this.#keys[type])
    const made = this.#ofEvent(event, type)
    return made instanceof Promise ? undefined : made
  }

  #ofEvent(event: CacheEvent, type: EventType): Frame {
    const key = this.#keys[type]
    const known = event.frames.get(key)
    if (known) return known
    const pending = beingMade.get(event)?.get(key)
    if (pending) return pending
    const made = this.#ofStored(type, event.shown(type))
    if (made instanceof Promise) shareWhenMade(event, key, made)
    else event.frames.set(key, made)
    return made
  }

  #ofStored(type: EventType, stored: Stored): Frame {
    const isFirst = this.#isFirst
    const frame = (view: Stored): Frame =>
      this.#isMadeInTurns(view) ? inTurns(this.#frameSteps(type, view, isFirst)) : this.#frame(type, view, undefined, isFirst)
    const view = viewAs(this.#call.resource, stored)
    return view instanceof Promise ? view.then(frame) : frame(view)
  }

  /** Whether others would wait long for the frame: not when it is the bytes that are stored. */
  #isMadeInTurns({ bytes }: Stored): boolean {
    return mayTakeLong({ bytes: bytes.length }) && !isAsStored(this.#call.accept)
  }

  *#frameSteps(type: EventType, stored: Stored, isFirst: boolean): Steps<Uint8Array> {
    const call = this.#call
    const object = yield* stored.read()
    const metadata = { resourceVersion: String(stored.revision) }
    const view =
      call.accept.as === 'Table' ? yield* tableSteps(call, object, metadata, isFirst) : viewOf(call, stored, object, isFirst)
    return this.#around(type, Buffer.concat(yield* partSteps(view, call.accept, call.resource)))
  }

  #frame(
    type: keyof typeof heads,
    stored: Stored | undefined,
    object: KubeObject | undefined,
    isFirst = this.#isFirst,
  ): Uint8Array {
    const { accept, resource } = this.#call
    let bytes: Uint8Array
    if (isAsStored(accept)) bytes = stored ? stored.bytes : Buffer.from(goJson(object))
    else bytes = partOf(viewOf(this.#call, stored, object, isFirst), accept, resource)
    return this.#around(type, bytes)
  }

  #around(type: keyof typeof heads, bytes: Uint8Array): Uint8Array {
    return this.#call.accept.format === 'protobuf' ? protobufEvent(type, bytes) : Buffer.concat([heads[type], bytes, tail])
  }
}

const isAsStored = ({ as, format }: Accepted): boolean => as === '' && format === 'json'

/** Frames that take several turns, by event and key: one for all watches. */
const beingMade = new WeakMap<CacheEvent, Map<string, Promise<Uint8Array>>>()

/** `made` becomes a frame that the event keeps; when it fails it is made again. */
function shareWhenMade(event: CacheEvent, key: string, made: Promise<Uint8Array>): void {
  const pending = beingMade.get(event) ?? new Map<string, Promise<Uint8Array>>()
  beingMade.set(event, pending.set(key, made))
  const settled = () => pending.delete(key)
  made.then((bytes) => event.frames.set(key, bytes)).then(settled, settled)
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
