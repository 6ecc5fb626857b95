import type { Revision, StoreEvent } from '../store.ts'
import { withRevision } from '../template.ts'
import type { EtcdEvent } from './messages.ts'

/** An event of etcd as one of the store. `own` is the value when this process wrote it. */
export function storeEvent(data: string, event: EtcdEvent, own?: Uint8Array, note?: string): StoreEvent {
  const { type, kv, previous } = event
  const value = type === 'put' ? (own ?? withRevision(kv.value, kv.modified)) : undefined
  return new LazyEvent(type, kv.key.slice(data.length), kv.modified, value, previous, note)
}

/** The value before is put together only for who asks: a watch cache has it already. */
class LazyEvent implements StoreEvent {
  readonly type: StoreEvent['type']
  readonly key: string
  readonly revision: Revision
  readonly value: Uint8Array | undefined
  readonly note: string | undefined
  readonly #previous: EtcdEvent['previous']

  constructor(
    type: StoreEvent['type'],
    key: string,
    revision: Revision,
    value: Uint8Array | undefined,
    previous: EtcdEvent['previous'],
    note: string | undefined,
  ) {
    this.type = type
    this.key = key
    this.revision = revision
    this.value = value
    this.note = note
    this.#previous = previous
  }

  get previous(): Uint8Array | undefined {
    return this.#previous && withRevision(this.#previous.value, this.#previous.modified)
  }

  get previousRevision(): Revision {
    return this.#previous?.modified ?? 0
  }
}
