import { randomBytes } from 'node:crypto'
import { GrpcError } from '../grpc/grpc-error.ts'
import { type Change, Conflict, type Revision, Unavailable } from '../store.ts'
import { withoutRevision } from '../template.ts'
import { type EtcdApi, pause, type TxnRequest } from './api.ts'
import type { Feed } from './feed.ts'
import type { Layout } from './layout.ts'
import type { TxnAnswer } from './messages.ts'

/** What every commit leaves under `layout.commit`. */
interface Mark {
  readonly id: string
  readonly note?: string
}

/** undefined for what no server of ours wrote. */
export function readMark(text: string | undefined): Mark | undefined {
  if (text === undefined) return undefined
  try {
    const mark = JSON.parse(text) as Partial<Mark> | null
    return typeof mark?.id === 'string' ? (mark as Mark) : undefined
  } catch {
    return undefined
  }
}

interface CommitsOptions {
  readonly api: EtcdApi
  readonly layout: Layout
  readonly feed: Pick<Feed, 'reached'>
  /** A linearizable read that the feed has caught up with. */
  readonly current: () => Promise<Revision>
}

interface Pending {
  readonly changes: readonly Change[]
  /** Its revision, once the feed told of it. */
  revision: Revision | undefined
}

/** How long a write is tried again while etcd cannot be reached. */
const patienceMs = 15_000

/** Writes, and finds out what became of a write whose answer was lost: the feed tells of each by its id. */
export class Commits {
  readonly #options: CommitsOptions
  readonly #pending = new Map<string, Pending>()
  readonly #process = randomBytes(9).toString('base64url')
  #count = 0

  constructor(options: CommitsOptions) {
    this.#options = options
  }

  /** The changes of a commit of this process that the feed tells of. */
  own(mark: Mark | undefined, revision: Revision): readonly Change[] | undefined {
    const pending = mark && this.#pending.get(mark.id)
    if (pending) pending.revision = revision
    return pending?.changes
  }

  async commit(changes: readonly Change[], note: string | undefined): Promise<Revision> {
    const id = `${this.#process}.${this.#count++}`
    const mark: Mark = note === undefined ? { id } : { id, note }
    const pending: Pending = { changes, revision: undefined }
    this.#pending.set(id, pending)
    try {
      return await this.#write(pending, this.#transaction(changes, mark))
    } finally {
      this.#pending.delete(id)
    }
  }

  #transaction(changes: readonly Change[], mark: Mark): TxnRequest {
    const { commit, data } = this.#options.layout
    const compare = changes.flatMap(({ key, expected }) =>
      expected === undefined ? [] : [{ key: data + key, modified: expected }],
    )
    const writes = changes.map((change) => {
      const value = withoutRevision(change)
      return value ? { put: { key: data + change.key, value } } : { remove: data + change.key }
    })
    return {
      compare,
      success: [...writes, { put: { key: commit, value: Buffer.from(JSON.stringify(mark)) } }],
      failure: compare.map(({ key }) => ({ range: { key, keysOnly: true } })),
    }
  }

  async #write(pending: Pending, transaction: TxnRequest): Promise<Revision> {
    const { api, feed, current } = this.#options
    // With a precondition on each key it cannot be done twice.
    const isRepeatable = transaction.compare.length === pending.changes.length
    const deadline = performance.now() + patienceMs
    for (let isFirst = true; ; isFirst = false) {
      try {
        const answer = await api.txn(transaction)
        if (answer.succeeded) {
          await feed.reached(answer.revision)
          return answer.revision
        }
        if (!isFirst) await current()
        if (pending.revision !== undefined) return pending.revision
        throw this.#conflict(transaction, answer)
      } catch (error) {
        if (!(error instanceof GrpcError)) throw error
        const refusal = api.refusal(error)
        if (refusal) throw refusal
        // What became of it shows once a later read has come through.
        await current()
        if (pending.revision !== undefined) return pending.revision
        if (!isRepeatable || performance.now() > deadline) throw new Unavailable(api.place, error.message)
        await pause()
      }
    }
  }

  #conflict({ compare }: TxnRequest, { ranges }: TxnAnswer): Conflict {
    const { data } = this.#options.layout
    const now = ranges.map((r) => r?.kvs[0]?.modified ?? 0)
    const at = compare.findIndex(({ modified }, i) => now[i] !== modified)
    return new Conflict((compare[at]?.key ?? data).slice(data.length), now[at] ?? 0)
  }
}
