import { Compacted, FutureRevision, type Revision, Unavailable } from '../store.ts'
import { type EtcdApi, pause } from './api.ts'
import type { Layout } from './layout.ts'
import type { EtcdEvent, WatchAnswer } from './messages.ts'

/** A commit as it came over the watch: one of ours, of another server, or of somebody who wrote our keys by hand. */
export interface FedCommit {
  readonly revision: Revision
  /** What the commit left under `layout.commit`. */
  readonly mark: string | undefined
  /** Of the store's own keys. */
  readonly events: readonly EtcdEvent[]
}

interface FeedOptions {
  readonly api: EtcdApi
  readonly layout: Layout
  readonly since: Revision
  readonly onCommit: (commit: FedCommit) => void
  /** Commits up to this revision were missed and cannot be had any more. */
  readonly onLost: (revision: Revision) => Promise<void>
}

/** How long somebody waits for the feed to reach a revision that etcd has. */
const reachTimeoutMs = 10_000

/** Follows every commit in order, whoever made it, through restarts of etcd and lost connections. */
export class Feed {
  readonly #options: FeedOptions
  readonly #waiting = new Set<{ readonly revision: Revision; readonly resolve: () => void }>()
  readonly #ended: Promise<void>
  #delivered: Revision
  #isOpen = true
  #closeWatch = () => {}

  constructor(options: FeedOptions) {
    this.#options = options
    this.#delivered = options.since
    this.#ended = this.#run()
  }

  /** The newest revision that was passed on. */
  get delivered(): Revision {
    return this.#delivered
  }

  /** Resolves when every commit up to `revision` was passed on. Throws Unavailable when that takes too long. */
  reached(revision: Revision): Promise<void> | undefined {
    if (this.#delivered >= revision) return undefined
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(waiting)
        reject(
          new Unavailable(this.#options.api.place, `its watch has not told of revision ${revision} within ${reachTimeoutMs} ms`),
        )
      }, reachTimeoutMs)
      const waiting = {
        revision,
        resolve: () => {
          clearTimeout(timer)
          resolve()
        },
      }
      this.#waiting.add(waiting)
    })
  }

  async close(): Promise<void> {
    this.#isOpen = false
    this.#closeWatch()
    for (const waiting of this.#waiting) waiting.resolve()
    await this.#ended
  }

  async #run(): Promise<void> {
    const { api, layout } = this.#options
    while (this.#isOpen) {
      try {
        const watch = await api.watch({ key: layout.commit, end: layout.end, from: this.#delivered + 1 })
        this.#closeWatch = watch.close
        if (!this.#isOpen) watch.close()
        for await (const answer of watch.answers) this.#take(answer)
      } catch (error) {
        if (!this.#isOpen) return
        if (error instanceof FutureRevision)
          throw new Error(
            `${api.place} has gone back to before revision ${this.#delivered} (restored from a snapshot?): start this server again`,
          )
        if (error instanceof Compacted) await this.#skip().catch(() => {})
        else if (!(error instanceof Unavailable)) throw error
        await pause()
      }
    }
  }

  /** A commit's events stand together in one answer. */
  #take({ events }: WatchAnswer): void {
    const { layout, onCommit } = this.#options
    for (let i = 0; i < events.length; ) {
      const revision = events[i]?.kv.modified ?? 0
      const from = i
      while (events[i]?.kv.modified === revision) i++
      const all = events.slice(from, i)
      const mark = all.find((e) => e.kv.key === layout.commit)
      this.#delivered = revision
      onCommit({ revision, mark: mark?.kv.value.toString(), events: all.filter((e) => e !== mark) })
    }
    this.#wake()
  }

  async #skip(): Promise<void> {
    const { api, layout, onLost } = this.#options
    const { revision } = await api.range({ key: layout.commit })
    await onLost(revision)
    this.#delivered = revision
    this.#wake()
  }

  #wake(): void {
    for (const waiting of this.#waiting) {
      if (waiting.revision > this.#delivered) continue
      this.#waiting.delete(waiting)
      waiting.resolve()
    }
  }
}
