import {
  type Change,
  Compacted,
  Conflict,
  FutureRevision,
  type Range,
  type RangeOptions,
  type Revision,
  type Store,
  type StoreEvent,
  type Versioned,
  type Watcher,
} from '../store.ts'
import { compactedKey, counterBytes, revisionKey } from './counters.ts'
import type { Engine } from './engine.ts'
import {
  decodePosition,
  decodeRecord,
  encodePosition,
  encodeRecord,
  type LogRecord,
  type Position,
  readRevision,
  startOf,
} from './record.ts'
import { LogWatcher } from './watcher.ts'

export interface MvccOptions {
  /** The log keeps at least this many of the newest revisions; older ones go when `maxLogBytes` is passed. Default 10,000. */
  readonly keepRevisions?: number
  /** Default 64 MiB. */
  readonly maxLogBytes?: number
}

interface PendingCommit {
  readonly changes: readonly Change[]
  readonly note: string | undefined
  readonly resolve: (revision: Revision) => void
  readonly reject: (error: unknown) => void
}

const compactBatch = 1000
/** Most records fit. */
const recordBytes = 64 * 1024

/**
 * Revisions, preconditions, watches and compaction on top of an ordered table engine. Commits that arrive while one is being
 * made durable wait and share the next write (group commit), each under a revision of its own.
 */
export class MvccStore implements Store {
  readonly #engine: Engine
  readonly #options: Required<MvccOptions>
  readonly #listeners = new Set<(events: readonly StoreEvent[]) => void>()
  readonly #watchers = new Set<LogWatcher>()
  #queue: PendingCommit[] = []
  #writing: Promise<void> | undefined
  #revision: Revision
  #compacted: Revision
  #closed = false
  /** Where records are put together: engines do not keep what they write. */
  readonly #space = Buffer.allocUnsafeSlow(recordBytes)

  constructor(engine: Engine, options: MvccOptions = {}) {
    this.#engine = engine
    this.#options = { keepRevisions: options.keepRevisions ?? 10_000, maxLogBytes: options.maxLogBytes ?? 64 << 20 }
    this.#revision = this.#counter(revisionKey)
    this.#compacted = this.#counter(compactedKey)
  }

  get revision(): Revision {
    return this.#revision
  }

  get compacted(): Revision {
    return this.#compacted
  }

  current(): Revision {
    return this.#revision
  }

  get(key: string, revision?: Revision): Versioned | undefined {
    if (revision !== undefined) this.#checkRevision(revision)
    const bytes = Buffer.from(key)
    const found = this.#engine.live.get(bytes) ?? (revision === undefined ? undefined : this.#engine.dead.get(bytes))
    return found && this.#versionAt(decodePosition(found), revision)
  }

  range(prefix: string, options: RangeOptions = {}): Range {
    const at = options.revision
    if (at !== undefined) this.#checkRevision(at)
    const revision = at ?? this.#counter(revisionKey)
    const start = options.after === undefined ? Buffer.from(prefix) : Buffer.from(`${options.after}\0`)
    const end = endOf(prefix)
    const limit = options.limit ?? Number.POSITIVE_INFINITY
    const items: Versioned[] = []
    let last: Buffer | undefined
    for (const { key, value } of this.#keys(start, end, at !== undefined)) {
      const found = this.#versionAt(decodePosition(value), at)
      if (!found) continue
      if (items.length === limit) {
        last = key
        break
      }
      items.push(found)
    }
    const remaining = !last ? 0 : options.counts === false ? 1 : this.#remaining(last, end, at)
    return { items, revision, remaining }
  }

  count(prefix: string): number {
    return this.#engine.live.count(Buffer.from(prefix), endOf(prefix))
  }

  commit(changes: readonly Change[], note?: string): Promise<Revision> {
    if (this.#closed) return Promise.reject(new Error('the store is closed'))
    return new Promise((resolve, reject) => {
      this.#queue.push({ changes, note, resolve, reject })
      this.#writing ??= this.#writeQueue()
    })
  }

  watch(prefix: string, since: Revision): Watcher {
    this.#checkRevision(since)
    const watcher = new LogWatcher({
      prefix,
      since,
      newest: () => this.#revision,
      read: (after, until) => this.#events(after, until),
      compacted: () => this.#compacted,
      onClose: (w) => this.#watchers.delete(w),
    })
    this.#watchers.add(watcher)
    return watcher
  }

  subscribe(listener: (events: readonly StoreEvent[]) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Works in batches so that other writes go on between them. */
  async compact(revision: Revision): Promise<void> {
    const target = Math.min(revision, this.#revision)
    while (this.#compacted < target) {
      const done = await this.#compactSome(target)
      this.#compacted = done
    }
  }

  async history(
    prefix: string,
    options: { readonly since?: Revision; readonly limit?: number } = {},
  ): Promise<readonly StoreEvent[]> {
    const since = options.since ?? this.#compacted
    this.#checkRevision(since)
    const found: StoreEvent[] = []
    for (const event of this.#events(since, this.#revision)) {
      if (event.key.startsWith(prefix)) found.push(event)
      if (found.length === options.limit) break
    }
    return found
  }

  async versions(key: string): Promise<readonly StoreEvent[]> {
    const bytes = Buffer.from(key)
    const newest = this.#engine.live.get(bytes) ?? this.#engine.dead.get(bytes)
    const found: StoreEvent[] = []
    for (let at = newest && decodePosition(newest); at; ) {
      const record = this.#engine.log.get(encodePosition(at))
      if (!record) break
      const decoded = decodeRecord(record)
      found.push({ ...this.#eventOf(at, decoded), note: this.noteAt(at.revision) })
      at = decoded.previous
    }
    return found.reverse()
  }

  noteAt(revision: Revision): string | undefined {
    const records = this.#engine.log.range(startOf(1), startOf(revision + 1), { reverse: true })
    let found: string | undefined
    let newest: Revision | undefined
    // The first change of a commit that left a record has its note.
    for (const { key, value } of records) {
      const at = readRevision(key, 0)
      if (at > revision) continue
      newest ??= at
      if (at !== newest) break
      found = decodeRecord(value).note ?? found
    }
    return found
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#writing
    for (const watcher of [...this.#watchers]) watcher.close()
    await this.#engine.close()
  }

  #counter(key: Buffer): Revision {
    const bytes = this.#engine.meta.get(key)
    return bytes ? readRevision(bytes, 0) : 0
  }

  #setCounter(key: Buffer, revision: Revision): void {
    this.#engine.meta.put(key, counterBytes(revision))
  }

  #checkRevision(revision: Revision): void {
    if (revision < this.#compacted) throw new Compacted(revision, this.#compacted)
    if (revision > this.#revision) throw new FutureRevision(revision, this.#revision)
  }

  #record(position: Position): LogRecord {
    const bytes = this.#engine.log.get(encodePosition(position))
    if (!bytes) throw new Error(`the log has no record at revision ${position.revision}.${position.index}: the store is damaged`)
    return decodeRecord(bytes)
  }

  /** Follows the key's chain from `position` back to the newest record at or before `revision`. */
  #versionAt(position: Position, revision: Revision | undefined): Versioned | undefined {
    let at: Position | undefined = position
    while (at && revision !== undefined && at.revision > revision) at = this.#record(at).previous
    if (!at) return undefined
    const record = this.#record(at)
    return record.value && { key: record.key, value: record.value, revision: at.revision, created: record.created }
  }

  /** Live keys, and for a read of the past the deleted ones too, merged in order. */
  *#keys(start: Buffer, end: Buffer, withDead: boolean): Iterable<{ key: Buffer; value: Buffer; isDead?: boolean }> {
    if (!withDead) {
      yield* this.#engine.live.range(start, end)
      return
    }
    const dead = this.#engine.dead.range(start, end)[Symbol.iterator]()
    let next = dead.next()
    for (const entry of this.#engine.live.range(start, end)) {
      for (; !next.done && Buffer.compare(next.value.key, entry.key) < 0; next = dead.next())
        yield { ...next.value, isDead: true }
      yield entry
    }
    for (; !next.done; next = dead.next()) yield { ...next.value, isDead: true }
  }

  #remaining(from: Buffer, end: Buffer, at: Revision | undefined): number {
    if (at === undefined) return this.#engine.live.count(from, end)
    let n = 0
    for (const { value, isDead } of this.#keys(from, end, true)) {
      const position = decodePosition(value)
      // What has not changed since needs no look at its record.
      if (position.revision <= at ? !isDead : this.#versionAt(position, at)) n++
    }
    return n
  }

  *#events(after: Revision, until: Revision): Iterable<StoreEvent> {
    for (const { key, value } of this.#engine.log.range(startOf(after + 1), startOf(until + 1))) {
      yield this.#eventOf(decodePosition(key), decodeRecord(value))
    }
  }

  #eventOf(position: Position, record: LogRecord): StoreEvent {
    const before = record.previous && this.#previousValue(record.previous)
    return {
      type: record.value ? 'put' : 'delete',
      key: record.key,
      revision: position.revision,
      value: record.value,
      previous: before,
      previousRevision: before ? (record.previous?.revision ?? 0) : 0,
      note: record.note,
    }
  }

  #previousValue(position: Position): Buffer | undefined {
    const bytes = this.#engine.log.get(encodePosition(position))
    return bytes && decodeRecord(bytes).value
  }

  async #writeQueue(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#queue
      this.#queue = []
      const outcomes: { commit: PendingCommit; revision?: Revision; error?: unknown; events: StoreEvent[] }[] = []
      try {
        await this.#engine.write(() => {
          outcomes.length = 0
          let revision = this.#counter(revisionKey)
          for (const commit of batch) {
            try {
              const events = this.#apply(commit, revision + 1)
              if (commit.changes.length > 0) revision++
              outcomes.push({ commit, revision, events })
            } catch (error) {
              outcomes.push({ commit, error, events: [] })
            }
          }
          this.#setCounter(revisionKey, revision)
        })
      } catch (error) {
        for (const commit of batch) commit.reject(error)
        continue
      }
      this.#publish(outcomes)
    }
    this.#writing = undefined
    this.#compactIfLarge()
  }

  #publish(
    outcomes: readonly { commit: PendingCommit; revision?: Revision; error?: unknown; events: readonly StoreEvent[] }[],
  ): void {
    for (const { commit, revision, error, events } of outcomes) {
      if (revision === undefined) {
        commit.reject(error)
        continue
      }
      this.#revision = revision
      if (events.length > 0) for (const listener of this.#listeners) listener(events)
      commit.resolve(revision)
    }
    for (const watcher of this.#watchers) watcher.wake()
  }

  /** Checks all preconditions, then writes all changes. Throws Conflict before anything is written. */
  #apply({ changes, note }: PendingCommit, revision: Revision): StoreEvent[] {
    const { live, dead, log } = this.#engine
    const keys = changes.map(({ key }) => Buffer.from(key))
    const current = changes.map(({ key, expected }, index) => {
      const found = live.get(keys[index] as Buffer)
      const position = found && decodePosition(found)
      if (expected !== undefined && (position?.revision ?? 0) !== expected) throw new Conflict(key, position?.revision ?? 0)
      return position
    })
    const values = changes.map((change) => (change.stamp ? change.stamp.at(revision) : change.value))
    const events: StoreEvent[] = []
    changes.forEach(({ key }, index) => {
      const before = current[index]
      const value = values[index]
      if (!value && !before) return
      const keyBytes = keys[index] as Buffer
      const tombstone = before ? undefined : dead.get(keyBytes)
      const old = before && this.#record(before)
      const record: LogRecord = {
        key,
        // The same bytes when they are a Buffer: a watch cache knows by them what it wrote.
        value: value && (Buffer.isBuffer(value) ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength)),
        created: old?.created ?? revision,
        previous: before ?? (tombstone && decodePosition(tombstone)),
        note: events.length === 0 ? note : undefined,
      }
      const position = encodePosition({ revision, index })
      log.put(position, encodeRecord(record, this.#space))
      if (record.value) live.put(keyBytes, position)
      else live.remove(keyBytes)
      if (!record.value) dead.put(keyBytes, position)
      else if (tombstone) dead.remove(keyBytes)
      events.push({
        type: value ? 'put' : 'delete',
        key,
        revision,
        value: record.value,
        previous: old?.value,
        previousRevision: before?.revision ?? 0,
      })
    })
    return events
  }

  #compactIfLarge(): void {
    const target = this.#revision - this.#options.keepRevisions
    if (this.#closed || target <= this.#compacted || this.#engine.logBytes() < this.#options.maxLogBytes) return
    // Not awaited: compaction is no part of a commit; a failure (full disk) shows again at the next one.
    this.compact(target).catch(() => {})
  }

  /** A record goes when a newer one of its key is at or before the compacted revision; a tombstone goes with it. */
  async #compactSome(target: Revision): Promise<Revision> {
    let done = this.#compacted
    await this.#engine.write(() => {
      const { log, dead } = this.#engine
      done = this.#compacted
      const seen: { position: Buffer; record: LogRecord }[] = []
      for (const { key, value } of log.range(startOf(this.#compacted + 1), startOf(target + 1))) {
        const revision = readRevision(key, 0)
        if (seen.length >= compactBatch && revision !== done) break
        seen.push({ position: key, record: decodeRecord(value) })
        done = revision
      }
      if (seen.length < compactBatch) done = target
      for (const { position, record } of seen) {
        if (record.previous) log.remove(encodePosition(record.previous))
        if (record.value) continue
        log.remove(position)
        const keyBytes = Buffer.from(record.key)
        if (dead.get(keyBytes)?.equals(position)) dead.remove(keyBytes)
      }
      this.#setCounter(compactedKey, done)
    })
    return done
  }
}

/** The first key after every key that begins with `prefix`. */
function endOf(prefix: string): Buffer {
  return Buffer.concat([Buffer.from(prefix), Buffer.from([0xff])])
}
