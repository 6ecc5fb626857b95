import { eachField } from '../grpc/protobuf.ts'

/** etcd's messages (etcdserverpb/rpc.proto, mvccpb/kv.proto), as far as the store speaks them. Fields by their numbers. */

export interface KeyValue {
  readonly key: string
  readonly value: Buffer
  readonly created: number
  readonly modified: number
}

export interface EtcdEvent {
  readonly type: 'put' | 'delete'
  readonly kv: KeyValue
  readonly previous: KeyValue | undefined
}

export interface RangeAnswer {
  /** The revision of the member's state that the answer is of. */
  readonly revision: number
  readonly kvs: readonly KeyValue[]
  /** How many keys the range has, beyond the limit too. */
  readonly count: number
}

export interface TxnAnswer {
  readonly revision: number
  readonly succeeded: boolean
  /** Answers to the ranges of the branch that ran; undefined for other operations. */
  readonly ranges: readonly (RangeAnswer | undefined)[]
}

export interface WatchAnswer {
  readonly revision: number
  readonly created: boolean
  readonly canceled: boolean
  readonly compactRevision: number
  readonly cancelReason: string
  readonly events: readonly EtcdEvent[]
}

function revisionOfHeader(bytes: Uint8Array): number {
  let revision = 0
  eachField(bytes, (field, r) => {
    if (field === 3) revision = r.signed()
  })
  return revision
}

function decodeKeyValue(bytes: Uint8Array): KeyValue {
  const kv = { key: '', value: Buffer.alloc(0), created: 0, modified: 0 }
  eachField(bytes, (field, r) => {
    if (field === 1) kv.key = r.text()
    else if (field === 2) kv.created = r.signed()
    else if (field === 3) kv.modified = r.signed()
    else if (field === 5) kv.value = r.slice() as Buffer<ArrayBuffer>
  })
  return kv
}

export function decodeRange(bytes: Uint8Array): RangeAnswer {
  const kvs: KeyValue[] = []
  let [revision, count] = [0, 0]
  eachField(bytes, (field, r) => {
    if (field === 1) revision = revisionOfHeader(r.slice())
    else if (field === 2) kvs.push(decodeKeyValue(r.slice()))
    else if (field === 4) count = r.signed()
  })
  return { revision, kvs, count }
}

export function decodeTxn(bytes: Uint8Array): TxnAnswer {
  let [revision, succeeded] = [0, false]
  const ranges: (RangeAnswer | undefined)[] = []
  eachField(bytes, (field, r) => {
    if (field === 1) revision = revisionOfHeader(r.slice())
    else if (field === 2) succeeded = r.signed() !== 0
    else if (field === 3) {
      let range: RangeAnswer | undefined
      eachField(r.slice(), (inner, ir) => {
        if (inner === 1) range = decodeRange(ir.slice())
      })
      ranges.push(range)
    }
  })
  return { revision, succeeded, ranges }
}

function decodeEvent(bytes: Uint8Array): EtcdEvent {
  let type: EtcdEvent['type'] = 'put'
  let kv: KeyValue | undefined
  let previous: KeyValue | undefined
  eachField(bytes, (field, r) => {
    if (field === 1) type = r.signed() === 1 ? 'delete' : 'put'
    else if (field === 2) kv = decodeKeyValue(r.slice())
    else if (field === 3) previous = decodeKeyValue(r.slice())
  })
  if (!kv) throw new Error('etcd sent an event without a key')
  return { type, kv, previous }
}

export function decodeWatch(bytes: Uint8Array): WatchAnswer {
  const answer = { revision: 0, created: false, canceled: false, compactRevision: 0, cancelReason: '' }
  const events: EtcdEvent[] = []
  eachField(bytes, (field, r) => {
    if (field === 1) answer.revision = revisionOfHeader(r.slice())
    else if (field === 3) answer.created = r.signed() !== 0
    else if (field === 4) answer.canceled = r.signed() !== 0
    else if (field === 5) answer.compactRevision = r.signed()
    else if (field === 6) answer.cancelReason = r.text()
    else if (field === 11) events.push(decodeEvent(r.slice()))
  })
  return { ...answer, events }
}
