import { Compacted, type Revision, type StoreEvent, type Watcher } from '../store.ts'

interface LogWatcherOptions {
  readonly prefix: string
  readonly since: Revision
  readonly newest: () => Revision
  readonly compacted: () => Revision
  /** The changes after one revision until another, both committed. */
  readonly read: (after: Revision, until: Revision) => Iterable<StoreEvent>
  readonly onClose: (watcher: LogWatcher) => void
}

/** At most so many events of the log are looked at in one turn of the event loop. */
const turn = 500

/** Reads the log from a cursor on; it holds no events of its own, so a consumer that lags costs no memory. */
export class LogWatcher implements Watcher {
  readonly #options: LogWatcherOptions
  #cursor: Revision
  #closed = false
  #notify: (() => void) | undefined

  constructor(options: LogWatcherOptions) {
    this.#options = options
    this.#cursor = options.since
  }

  wake(): void {
    this.#notify?.()
    this.#notify = undefined
  }

  close(): void {
    this.#closed = true
    this.#options.onClose(this)
    this.wake()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly StoreEvent[]> {
    try {
      while (!this.#closed) {
        if (this.#cursor >= this.#options.newest()) {
          await new Promise<void>((resolve) => {
            this.#notify = resolve
          })
          continue
        }
        const batch = this.#nextBatch()
        if (batch.length > 0) yield batch
        else await new Promise(setImmediate)
      }
    } finally {
      this.close()
    }
  }

  #nextBatch(): StoreEvent[] {
    const { compacted, newest, prefix, read } = this.#options
    if (this.#cursor < compacted()) throw new Compacted(this.#cursor, compacted())
    const until = newest()
    const batch: StoreEvent[] = []
    let seen = 0
    let last = this.#cursor
    for (const event of read(this.#cursor, until)) {
      // A commit is never split between two batches.
      if (++seen > turn && event.revision !== last) {
        this.#cursor = last
        return batch
      }
      last = event.revision
      if (event.key.startsWith(prefix)) batch.push(event)
    }
    this.#cursor = until
    return batch
  }
}
