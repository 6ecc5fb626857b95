/** What the revision layer needs of a storage engine: four ordered tables of bytes and an atomic, durable write. */

export interface Table {
  /** The value, or undefined. The bytes are the caller's to keep. */
  get(key: Buffer): Buffer | undefined
  /** Entries with start <= key < end in byte order (or falling order with `reverse`), read lazily. */
  range(
    start: Buffer,
    end: Buffer,
    options?: { readonly reverse?: boolean },
  ): Iterable<{ readonly key: Buffer; readonly value: Buffer }>
  count(start: Buffer, end: Buffer): number
  /** Only inside Engine.write. Keeps neither of the two: their memory is the caller's to use again. */
  put(key: Buffer, value: Buffer): void
  /** Only inside Engine.write. */
  remove(key: Buffer): void
}

interface Tables {
  /** key → position of its newest value. */
  readonly live: Table
  /** key → position of its tombstone, until compaction forgets it. */
  readonly dead: Table
  /** position → record (see record.ts). */
  readonly log: Table
  /** Counters: the newest and the compacted revision. */
  readonly meta: Table
}

export interface Engine extends Tables {
  /** Runs `change` in one write transaction and resolves when it is durable. Reads inside see the writes. Nothing is written if it throws. */
  write(change: () => void): Promise<void>
  /** Bytes the log takes, about. */
  logBytes(): number
  close(): Promise<void>
}
