import type { Revision, StoreEvent } from '../store.ts'
import { withRevision } from '../template.ts'
import type { EtcdEvent } from './messages.ts'

/** An event of etcd as one of the store. `own` is the value when this process wrote it. */
export function storeEvent(data: string, event: EtcdEvent, own?: Uint8Array, note?: string): StoreEvent {
  const { type, kv, previous } = event
  const value = type === 'put' ? (own ?? withRevision(kv.value, kv.modified)) : undefined
  const isNew = type === 'put' && kv.created === kv.modified
  return new LazyEvent(type, kv.key.slice(data.length), kv.modified, value, previous, isNew, note)
}

/** The value before is put together only for who asks: a watch cache has it already. */
class LazyEvent implements StoreEvent {
  readonly type: StoreEvent['type']
  readonly key: string
  readonly revision: Revision
  readonly value: Uint8Array | undefined
  readonly note: string | undefined
  readonly #previous: EtcdEvent['previous']
  readonly #isNew: boolean

  constructor(
    type: StoreEvent['type'],
    key: string,
    revision: Revision,
    value: Uint8Array | undefined,
    previous: EtcdEvent['previous'],
    isNew: boolean,
    note: string | undefined,
  ) {
    this.type = type
    this.key = key
    this.revision = revision
    this.value = value
    this.note = note
    this.#previous = previous
    this.#isNew = isNew
  }

  get previous(): Uint8Array | undefined {
    return this.#previous && withRevision(this.#previous.value, this.#previous.modified)
  }

  /** etcd reads the value before when it sends the event: by then it may be compacted. */
  get previousRevision(): Revision | undefined {
    return this.#isNew ? 0 : this.#previous?.modified
  }
}
