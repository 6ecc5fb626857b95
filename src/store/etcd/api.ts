import { type Exchange, exchange, type Peer, unary } from '../grpc/call.ts'
import { GrpcError, grpcCode } from '../grpc/grpc-error.ts'
import { encode, type Field } from '../grpc/protobuf.ts'
import { Compacted, FutureRevision, type Revision, StorageFull, Unavailable, ValueTooLarge } from '../store.ts'
import type { EtcdServers } from './connection.ts'
import { decodeRange, decodeTxn, decodeWatch, type RangeAnswer, type TxnAnswer, type WatchAnswer } from './messages.ts'

interface RangeRequest {
  readonly key: string
  /** All keys from `key` to before this one; without it the one key. */
  readonly end?: string
  readonly limit?: number
  readonly revision?: Revision
  readonly countOnly?: boolean
  readonly keysOnly?: boolean
}

export interface TxnRequest {
  /** Each key's newest revision must be this one; 0: there is no such key. */
  readonly compare: readonly { readonly key: string; readonly modified: Revision }[]
  readonly success: readonly Operation[]
  readonly failure: readonly Operation[]
}

type Operation =
  | { readonly put: { readonly key: string; readonly value: Uint8Array } }
  | { readonly remove: string }
  | { readonly range: RangeRequest }

interface WatchRequest {
  readonly key: string
  readonly end: string
  /** The first revision to tell of. */
  readonly from: Revision
}

/** How long one call may take. */
const callTimeoutMs = 5000
const retryAfterMs = 100

/** etcd's calls, and its errors as the store's. */
export class EtcdApi {
  readonly #peer: Peer
  readonly #patienceMs: number
  /** Where it is, for people. */
  readonly place: string

  /** `patienceMs`: how long a read is tried again while no server answers. */
  constructor(peer: Peer, { urls }: EtcdServers, patienceMs = 10_000) {
    this.#peer = peer
    this.#patienceMs = patienceMs
    this.place = `etcd at ${urls.join(', ')}`
  }

  /** A linearizable read. Tried again while no server answers. Throws Compacted, FutureRevision, Unavailable. */
  async range(request: RangeRequest): Promise<RangeAnswer> {
    const message = encode(rangeFields(request))
    return this.#patiently(async () => decodeRange(await this.#call('KV/Range', message)), request.revision ?? 0)
  }

  /** Tried once: throws GrpcError when it is not known whether it was done. */
  async txn({ compare, success, failure }: TxnRequest): Promise<TxnAnswer> {
    const target = 2
    const message = encode([
      ...compare.map(
        ({ key, modified }): Field => [
          1,
          [
            [2, target],
            [3, key],
            [6, modified],
          ],
        ],
      ),
      ...success.map((o): Field => [2, operationFields(o)]),
      ...failure.map((o): Field => [3, operationFields(o)]),
    ])
    return decodeTxn(await this.#call('KV/Txn', message))
  }

  /** Forgets what was before `revision`. A revision that is forgotten already is no error. */
  async compact(revision: Revision): Promise<void> {
    const message = encode([[1, revision]])
    await this.#patiently(() => this.#call('KV/Compact', message), revision).catch((error: unknown) => {
      if (!(error instanceof Compacted)) throw error
    })
  }

  /** The changes from a revision on, in order. Throws Compacted, FutureRevision, Unavailable. Close what it gives. */
  async watch({ key, end, from }: WatchRequest): Promise<{ answers: AsyncIterable<WatchAnswer>; close: () => void }> {
    // etcd itself would watch from one revision earlier on, without the values before.
    if (from > 1) await this.range({ key, countOnly: true, revision: from - 1 })
    const stream = await this.#errors(0, () => exchange(this.#peer, '/etcdserverpb.Watch/Watch', { hasleader: 'true' }))
    const create: Field = [
      1,
      [
        [1, key],
        [2, end],
        [3, from],
        [6, true],
      ],
    ]
    stream.send(encode([create]))
    return { answers: this.#answers(stream, from), close: stream.close }
  }

  async *#answers(stream: Exchange, from: Revision): AsyncGenerator<WatchAnswer> {
    try {
      for await (const message of stream.messages) {
        const answer = decodeWatch(message)
        if (answer.compactRevision > 0) throw new Compacted(from - 1, answer.compactRevision)
        if (answer.canceled) throw new Unavailable(this.place, `the watch was canceled: ${answer.cancelReason}`)
        yield answer
      }
    } catch (error) {
      throw this.#translated(error, from)
    }
    throw new Unavailable(this.place, 'the watch ended')
  }

  #call(method: string, message: Buffer): Promise<Buffer> {
    return unary(this.#peer, `/etcdserverpb.${method}`, message, callTimeoutMs)
  }

  async #patiently<T>(call: () => Promise<T>, asked: Revision): Promise<T> {
    const deadline = performance.now() + this.#patienceMs
    for (;;) {
      try {
        return await call()
      } catch (error) {
        const again = error instanceof GrpcError && error.isUnavailable && performance.now() < deadline
        if (!again) throw this.#translated(error, asked)
        await pause()
      }
    }
  }

  async #errors<T>(asked: Revision, call: () => Promise<T>): Promise<T> {
    try {
      return await call()
    } catch (error) {
      throw this.#translated(error, asked)
    }
  }

  /** What is known to be refused, in the store's words; other errors as they are. */
  refusal(error: unknown): Error | undefined {
    if (!(error instanceof GrpcError) || error.isUnavailable) return undefined
    return this.#translated(error, 0) as Error
  }

  #translated(error: unknown, asked: Revision): unknown {
    if (!(error instanceof GrpcError)) return error
    const { code, message } = error
    if (code === grpcCode.outOfRange && message.includes('compacted')) return new Compacted(asked, asked + 1)
    if (code === grpcCode.outOfRange) return new FutureRevision(asked, 0)
    if (code === grpcCode.resourceExhausted && message.includes('space exceeded')) return this.#full(error)
    if (/request is too large|larger than max/.test(message)) return new ValueTooLarge(message)
    return new Unavailable(this.place, message)
  }

  #full(cause: GrpcError): StorageFull {
    const advice =
      'compact and defragment it or raise its --quota-backend-bytes, then clear the alarm with `etcdctl alarm disarm`; reads still work'
    return new StorageFull(this.place, cause, advice)
  }
}

/** Before a call is tried again. */
export const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, retryAfterMs))

function rangeFields(r: RangeRequest): Field[] {
  return [
    [1, r.key],
    [2, r.end],
    [3, r.limit],
    [4, r.revision],
    [8, r.keysOnly],
    [9, r.countOnly],
  ]
}

function operationFields(operation: Operation): Field[] {
  if ('put' in operation) {
    const { key, value } = operation.put
    return [
      [
        2,
        [
          [1, key],
          [2, value],
        ],
      ],
    ]
  }
  if ('remove' in operation) return [[3, [[1, operation.remove]]]]
  return [[1, rangeFields(operation.range)]]
}
