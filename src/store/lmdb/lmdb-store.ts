import { existsSync, mkdirSync, statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Database, open, type RootDatabase } from 'lmdb'
import type { Engine, Table } from '../mvcc/engine.ts'
import { type MvccOptions, MvccStore } from '../mvcc/mvcc-store.ts'
import { type RestoredValue, restoreInto } from '../mvcc/restore.ts'
import { type Revision, StorageFull, type Store } from '../store.ts'
import { damageOf } from './damage.ts'
import { ownFolder } from './owner.ts'

interface LmdbOptions extends MvccOptions {
  /** The database file; its folder is made, readable by its owner only. */
  readonly path: string
  /**
   * Writes are refused with StorageFull while the disk has less free space than this, in bytes. LMDB's binding cannot be trusted to
   * recover from a commit that fails half way, so none is begun without room for it. Default 16 MiB.
   */
  readonly reserveBytes?: number
  /** Called when it is closed. */
  readonly onClosed?: () => void
}

/** Opens the store as the only process of this machine that does. Throws an Error that says so when another has it, or the file is damaged. */
export async function openOwnLmdbStore(options: LmdbOptions): Promise<Store> {
  mkdirSync(dirname(options.path), { recursive: true, mode: 0o700 })
  const release = await ownFolder(options.path)
  try {
    return openLmdbStore({ ...options, onClosed: release })
  } catch (error) {
    release()
    throw error
  }
}

/** Opens (or makes) the store in one LMDB file. A commit is durable when it resolves: LMDB syncs the data, then the page that points to it. */
export function openLmdbStore(options: LmdbOptions): Store {
  try {
    return new MvccStore(openEngine(options), options)
  } catch (error) {
    throw /^MDB_/.test((error as Error).message) ? damaged(options.path, (error as Error).message) : error
  }
}

/** Makes a store of a snapshot in a file that is not there yet; see restoreInto. */
export async function restoreLmdbStore(
  options: LmdbOptions,
  batches: AsyncIterable<readonly RestoredValue[]>,
  revision: Revision,
): Promise<void> {
  if (existsSync(options.path)) throw new Error(`${options.path} is there already`)
  const engine = openEngine(options)
  try {
    await restoreInto(engine, batches, revision)
  } finally {
    await engine.close()
  }
}

function openEngine(options: LmdbOptions): Engine {
  const { path } = options
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const damage = damageOf(path)
  if (damage !== undefined) throw damaged(path, damage)
  return lmdbEngine(openRoot(path), options)
}

function damaged(path: string, why: string): Error {
  return new Error(
    `the store ${path} is damaged: ${why}; bring back a backup (slipway restore FILE --replace), or move the file away`,
  )
}

function openRoot(path: string): RootDatabase<Buffer, Buffer> {
  return open<Buffer, Buffer>({
    path,
    noSubdir: true,
    maxDbs: 8,
    encoding: 'binary',
    keyEncoding: 'binary',
    // Resolve a commit only after its sync, never between the two.
    overlappingSync: false,
    compression: false,
    cache: false,
  })
}

function lmdbEngine(root: RootDatabase<Buffer, Buffer>, { path, reserveBytes = 16 << 20, onClosed }: LmdbOptions): Engine {
  const openTable = (name: string) => root.openDB<Buffer, Buffer>({ name, encoding: 'binary', keyEncoding: 'binary' })
  const log = openTable('log')
  const folder = dirname(path)
  return {
    live: lmdbTable(openTable('live')),
    dead: lmdbTable(openTable('dead')),
    log: lmdbTable(log),
    meta: lmdbTable(openTable('meta')),
    async write(change) {
      // Answered from memory; asking a thread for it would cost each commit twenty times as long.
      const { bavail, bsize } = statfsSync(folder)
      if (bavail * bsize < reserveBytes)
        throw new StorageFull(path, new Error(`${bavail * bsize} bytes are free, ${reserveBytes} are kept in reserve`))
      await root.transaction(change)
    },
    logBytes() {
      const stats = log.getStats() as { pageSize: number; treeLeafPageCount: number; overflowPages: number }
      return stats.pageSize * (stats.treeLeafPageCount + stats.overflowPages)
    },
    close: async () => {
      await root.close()
      onClosed?.()
    },
  }
}

function lmdbTable(db: Database<Buffer, Buffer>): Table {
  return {
    get: (key) => db.getBinary(key),
    range: (start, end, options) =>
      options?.reverse
        ? db.getRange({ start: end, end: start, reverse: true, exclusiveStart: true, inclusiveEnd: true, snapshot: false })
        : db.getRange({ start, end, snapshot: false }),
    count: (start, end) => db.getCount({ start, end }),
    put: (key, value) => void db.putSync(key, value),
    remove: (key) => void db.removeSync(key),
  }
}
