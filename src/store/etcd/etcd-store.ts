import type { KeptSession } from '../grpc/kept-session.ts'
import {
  type Change,
  Compacted,
  FutureRevision,
  type Range,
  type RangeOptions,
  type Revision,
  type Store,
  type StoreEvent,
  type Versioned,
  type Watcher,
} from '../store.ts'
import { withRevision } from '../template.ts'
import { EtcdApi } from './api.ts'
import { Commits, readMark } from './commits.ts'
import { Compactor } from './compactor.ts'
import { connectionTo, type EtcdServers } from './connection.ts'
import { type FedCommit, Feed } from './feed.ts'
import { endOf, type Layout, layoutUnder } from './layout.ts'
import type { EtcdEvent, KeyValue } from './messages.ts'
import { storeEvent } from './store-event.ts'
import { watchPrefix } from './watcher.ts'

export interface EtcdOptions extends EtcdServers {
  /** Before all keys; the API servers of one cluster share it. Default /slipway. */
  readonly prefix?: string
  /** Older revisions are forgotten after one to two of these; 0: never by this process. Default 5 minutes, as kube-apiserver. */
  readonly compactEveryMs?: number
  /** How long reads, the first one too, are tried again while no server answers. Default 10 s. */
  readonly patienceMs?: number
}

type Listener = (events: readonly StoreEvent[]) => void

/** Connects, and follows what is committed from now on. Throws Unavailable when no server answers. */
export async function openEtcdStore(options: EtcdOptions): Promise<Store> {
  const connection = connectionTo(options)
  const layout = layoutUnder(options.prefix ?? '/slipway')
  const api = new EtcdApi(connection, options, options.patienceMs)
  try {
    const { revision } = await api.range({ key: layout.commit })
    return new EtcdStore(connection, api, layout, revision, options.compactEveryMs ?? 5 * 60_000)
  } catch (error) {
    connection.close()
    throw error
  }
}

class EtcdStore implements Store {
  readonly #connection: KeptSession
  readonly #api: EtcdApi
  readonly #layout: Layout
  readonly #feed: Feed
  readonly #commits: Commits
  readonly #compactor: Compactor | undefined
  readonly #listeners = new Map<Listener, ((revision: Revision) => Promise<void>) | undefined>()
  readonly #watchers = new Set<Watcher>()
  #reading: Promise<Revision> | undefined
  #nextReading: Promise<Revision> | undefined
  #compacted: Revision = 0

  constructor(connection: KeptSession, api: EtcdApi, layout: Layout, since: Revision, compactEveryMs: number) {
    this.#connection = connection
    this.#api = api
    this.#layout = layout
    this.#feed = new Feed({
      api,
      layout,
      since,
      onCommit: (commit) => this.#publish(commit),
      onLost: async (revision) => {
        for (const onLost of this.#listeners.values()) await onLost?.(revision)
      },
    })
    this.#commits = new Commits({ api, layout, feed: this.#feed, current: () => this.current() })
    if (compactEveryMs > 0) this.#compactor = new Compactor(api, layout, compactEveryMs, (r) => this.#noteCompacted(r))
  }

  get revision(): Revision {
    return this.#feed.delivered
  }

  get compacted(): Revision {
    return this.#compacted
  }

  /** Reads that come while one is on its way share the next one: it begins after all of them. */
  current(): Promise<Revision> {
    if (!this.#reading) {
      this.#reading = this.#readCurrent().finally(() => {
        this.#reading = undefined
      })
      return this.#reading
    }
    this.#nextReading ??= this.#reading
      .catch(() => {})
      .then(() => {
        this.#nextReading = undefined
        return this.current()
      })
    return this.#nextReading
  }

  async get(key: string, revision?: Revision): Promise<Versioned | undefined> {
    const { kvs } = await this.#api.range({ key: this.#layout.data + key, ...(revision ? { revision } : {}) })
    return kvs[0] && this.#versioned(kvs[0])
  }

  async range(prefix: string, { after, limit, revision }: RangeOptions = {}): Promise<Range> {
    const { data } = this.#layout
    const answer = await this.#api.range({
      key: data + (after === undefined ? prefix : `${after}\0`),
      end: endOf(data + prefix),
      ...(limit !== undefined && Number.isFinite(limit) ? { limit } : {}),
      ...(revision ? { revision } : {}),
    })
    return {
      items: answer.kvs.map((kv) => this.#versioned(kv)),
      revision: revision ?? answer.revision,
      remaining: answer.count - answer.kvs.length,
    }
  }

  async count(prefix: string): Promise<number> {
    const key = this.#layout.data + prefix
    return (await this.#api.range({ key, end: endOf(key), countOnly: true })).count
  }

  commit(changes: readonly Change[], note?: string): Promise<Revision> {
    return this.#commits.commit(changes, note)
  }

  async watch(prefix: string, since: Revision): Promise<Watcher> {
    // Refused at once; the watch itself begins when it is read.
    await this.#api.range({ key: this.#layout.commit, countOnly: true, revision: Math.max(since, 1) })
    const watcher = watchPrefix(this.#api, this.#layout.data, prefix, since)
    this.#watchers.add(watcher)
    return {
      [Symbol.asyncIterator]: () => watcher[Symbol.asyncIterator](),
      close: () => {
        this.#watchers.delete(watcher)
        watcher.close()
      },
    }
  }

  subscribe(listener: Listener, onLost?: (revision: Revision) => Promise<void>): () => void {
    this.#listeners.set(listener, onLost)
    return () => this.#listeners.delete(listener)
  }

  async compact(revision: Revision): Promise<void> {
    await this.#api.compact(revision)
    this.#noteCompacted(revision)
  }

  async history(
    prefix: string,
    options: { readonly since?: Revision; readonly limit?: number } = {},
  ): Promise<readonly StoreEvent[]> {
    const { since, limit } = options
    const isWanted = (key: string) => key.startsWith(prefix)
    return since === undefined ? this.#allEvents(isWanted, limit) : this.#eventsAfter(since, isWanted, limit)
  }

  versions(key: string): Promise<readonly StoreEvent[]> {
    return this.#allEvents((k) => k === key)
  }

  async noteAt(revision: Revision): Promise<string | undefined> {
    const { kvs } = await this.#api.range({ key: this.#layout.commit, revision })
    return readMark(kvs[0]?.value.toString())?.note
  }

  /** All that is kept. */
  async #allEvents(isWanted: (key: string) => boolean, limit?: number): Promise<readonly StoreEvent[]> {
    for (;;) {
      try {
        return await this.#eventsAfter(this.#compacted, isWanted, limit)
      } catch (error) {
        // Another process compacted: where to, the refusal says.
        if (!(error instanceof Compacted) || error.compacted <= this.#compacted) throw error
        this.#noteCompacted(error.compacted)
      }
    }
  }

  async #eventsAfter(
    since: Revision,
    isWanted: (key: string) => boolean,
    limit = Number.POSITIVE_INFINITY,
  ): Promise<readonly StoreEvent[]> {
    const { commit, data, end } = this.#layout
    const { kvs, revision } = await this.#api.range({ key: commit })
    if (since > revision) throw new FutureRevision(since, revision)
    const newest = kvs[0]?.modified ?? 0
    const found: StoreEvent[] = []
    const watch = await this.#api.watch({ key: commit, end, from: since + 1 })
    try {
      if (since >= newest) return found
      for await (const { events } of watch.answers) {
        for (const event of events) {
          if (event.kv.modified > newest || found.length >= limit) return found
          if (!event.kv.key.startsWith(data) || !isWanted(event.kv.key.slice(data.length))) continue
          const told = storeEvent(data, event, undefined, noteIn(events, event.kv.modified, commit))
          // Compacted while it was read.
          if (told.previousRevision === undefined) throw new Compacted(since, told.revision)
          found.push(told)
        }
        if ((events.at(-1)?.kv.modified ?? 0) >= newest) return found
      }
    } finally {
      watch.close()
    }
    return found
  }

  async close(): Promise<void> {
    this.#compactor?.close()
    for (const watcher of this.#watchers) watcher.close()
    await this.#feed.close()
    this.#connection.close()
  }

  async #readCurrent(): Promise<Revision> {
    const { kvs } = await this.#api.range({ key: this.#layout.commit, keysOnly: true })
    await this.#feed.reached(kvs[0]?.modified ?? 0)
    return this.revision
  }

  #noteCompacted(revision: Revision): void {
    this.#compacted = Math.max(this.#compacted, revision)
  }

  #versioned({ key, value, modified, created }: KeyValue): Versioned {
    const { data } = this.#layout
    return { key: key.slice(data.length), value: withRevision(value, modified), revision: modified, created }
  }

  #publish({ revision, mark, events }: FedCommit): void {
    const { data } = this.#layout
    const own = this.#commits.own(readMark(mark), revision)
    const values = new Map(own?.map((c) => [data + c.key, c.stamp ? c.stamp.at(revision) : c.value]))
    const told = events.map((e) => storeEvent(data, e, values.get(e.kv.key)))
    if (told.length > 0) for (const listener of this.#listeners.keys()) listener(told)
  }
}

/** What the commit of a revision said of itself, among its own events. */
function noteIn(events: readonly EtcdEvent[], revision: Revision, commit: string): string | undefined {
  const mark = events.find((e) => e.kv.modified === revision && e.kv.key === commit)
  return readMark(mark?.kv.value.toString())?.note
}
