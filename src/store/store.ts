/** The revisioned key-value store behind the API server. Engines: lmdb/, etcd/, memory/. One contract test runs on each. */

/** Rises by one or more with each commit; never reused, also after a crash or a restore. Fits a double (2^53). */
export type Revision = number

export interface Versioned {
  readonly key: string
  /** The bytes as they were committed. Shared: never write into them. */
  readonly value: Uint8Array
  /** The revision that wrote this value. */
  readonly revision: Revision
  /** The revision that created the key (after its last deletion). */
  readonly created: Revision
  /** Why the value cannot be read: it is as it is kept then. Only where `RangeOptions.unreadable` asks for it. */
  readonly unreadable?: string
}

export interface Change {
  readonly key: string
  /** The new value; undefined deletes the key. */
  readonly value: Uint8Array | undefined
  /** The change applies only if the key's current revision is this; 0: only if there is no such key; undefined: always. */
  readonly expected?: Revision
  /** Makes the value once the revision of the commit is known; `value` is then any value (the API writes resourceVersion inside the object). */
  readonly stamp?: Stamp
}

/** A value with its own revision in it. */
export interface Stamp {
  at(revision: Revision): Uint8Array
  /** The byte at which the revision stands in it, in decimal: for engines that learn it only after the write. */
  readonly offset: number
}

export interface StoreEvent {
  readonly type: 'put' | 'delete'
  readonly key: string
  readonly revision: Revision
  /** put: the new value. delete: undefined. */
  readonly value: Uint8Array | undefined
  /** The value before this change; undefined when the key is new. */
  readonly previous: Uint8Array | undefined
  /** The revision of `previous`; 0 when the key is new; undefined: there was a value, but the log forgot it before this was told of. Whoever
   *  followed every commit knows it; `history` and `versions` tell of no such event. */
  readonly previousRevision: Revision | undefined
  /** What its commit said of itself; only from `history` and `versions`. */
  readonly note?: string | undefined
  /** Why the value cannot be read: it is as it is kept then. Only for subscribers. */
  readonly unreadable?: string | undefined
}

export interface Range {
  /** In key order. */
  readonly items: readonly Versioned[]
  /** The revision at which the range was read: all items are consistent with it. */
  readonly revision: Revision
  /** How many keys follow the last item under the prefix; 0 at the end. */
  readonly remaining: number
}

export interface RangeOptions {
  /** Only keys strictly after this one. */
  readonly after?: string
  readonly limit?: number
  /** Whether `remaining` is counted, which takes as long as to read all that follows; without, it only says whether there is any. Default true. */
  readonly counts?: boolean
  /** As of this revision; default now. Throws Compacted when it is no longer kept. */
  readonly revision?: Revision
  /** `told`: items that cannot be read come with the reason. Default: they are an error. */
  readonly unreadable?: 'told'
}

export interface Watcher extends AsyncIterable<readonly StoreEvent[]> {
  /** Ends the iteration. */
  close(): void
}

export interface Store {
  /** The newest committed revision that subscribers have seen. */
  readonly revision: Revision
  /**
   * The newest revision, once subscribers have seen it: a read after this sees every commit that was acknowledged before the call, by
   * whichever process. At once where only one process writes. Throws Unavailable.
   */
  current(): Revision | Promise<Revision>
  /** The oldest revision a watch may start after and a read may ask for. */
  readonly compacted: Revision
  /** The value of `key` now, or as of `revision`. Throws Compacted, FutureRevision. */
  get(key: string, revision?: Revision): Versioned | undefined | Promise<Versioned | undefined>
  /** The keys under `prefix` in key order. Throws Compacted, FutureRevision. */
  range(prefix: string, options?: RangeOptions): Range | Promise<Range>
  /** How many keys there are under `prefix`. */
  count(prefix: string): number | Promise<number>
  /**
   * Writes all changes or none under one new revision, and resolves with it when they are durable.
   * Throws Conflict naming the first key whose revision is not the expected one; StorageFull when the disk is full (reads go on);
   * ValueTooLarge; Unavailable when the store cannot be reached. `note` is kept with the revision: a short text, who did it.
   */
  commit(changes: readonly Change[], note?: string): Promise<Revision>
  /**
   * Every change under `prefix` after `since`, in order, without gap or duplicate, in batches as they were committed.
   * Throws Compacted at once (from this call) when `since` is older than the log.
   * A consumer that lags more than the engine's buffer reads on from the log; it never makes memory grow.
   */
  watch(prefix: string, since: Revision): Watcher | Promise<Watcher>
  /**
   * Calls `listener` synchronously after each commit, before `commit` resolves to others: what a watch cache stands on. `onLost` is called
   * when commits were missed that the log no longer has (this process was cut off for long): what is known must be read again at that
   * revision; the next events follow it. Returns the unsubscribe.
   */
  subscribe(listener: (events: readonly StoreEvent[]) => void, onLost?: (revision: Revision) => Promise<void>): () => void
  /** Forgets the log up to `revision`. The latest value of each key stays. */
  compact(revision: Revision): Promise<void>
  /** The changes under a prefix inside the kept window, oldest first: for watches that resume from further back than is in memory. */
  history(prefix: string, options?: { readonly since?: Revision; readonly limit?: number }): Promise<readonly StoreEvent[]>
  /** The changes of one key inside the kept window, oldest first; the first of them may lack `previous`. */
  versions(key: string): Promise<readonly StoreEvent[]>
  /** The note of the newest commit up to `revision`; undefined when it has none or is no longer kept. */
  noteAt(revision: Revision): string | undefined | Promise<string | undefined>
  close(): Promise<void>
}

export class Conflict extends Error {
  readonly key: string
  readonly current: Revision
  constructor(key: string, current: Revision) {
    super(`${key}: is at revision ${current}, not at the expected one`)
    this.name = 'Conflict'
    this.key = key
    this.current = current
  }
}

export class Compacted extends Error {
  readonly asked: Revision
  readonly compacted: Revision
  constructor(asked: Revision, compacted: Revision) {
    super(`revision ${asked} is no longer kept: the log begins after ${compacted}`)
    this.name = 'Compacted'
    this.asked = asked
    this.compacted = compacted
  }
}

export class FutureRevision extends Error {
  readonly asked: Revision
  readonly current: Revision
  constructor(asked: Revision, current: Revision) {
    super(`revision ${asked} is not written yet: the store is at ${current}`)
    this.name = 'FutureRevision'
    this.asked = asked
    this.current = current
  }
}

export class StorageFull extends Error {
  constructor(
    place: string,
    cause: unknown,
    advice = 'free some disk space; reads still work, and writes will again when there is space',
  ) {
    super(`no space left to write ${place}: ${advice}`, { cause })
    this.name = 'StorageFull'
  }
}

/** The store cannot be reached; what was to be written may or may not be. */
export class Unavailable extends Error {
  constructor(place: string, why: string) {
    super(`${place} cannot be used now: ${why}`)
    this.name = 'Unavailable'
  }
}

export class ValueTooLarge extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ValueTooLarge'
  }
}
