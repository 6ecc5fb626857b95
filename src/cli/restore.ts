import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { SnapshotItem } from '../api/history/backup.ts'
import { restamped } from '../api/watch/serialize.ts'
import { EncryptedStore } from '../store/encryption/encrypted-store.ts'
import type { KmsObserver } from '../store/encryption/kms/observer.ts'
import { openLmdbStore, restoreLmdbStore } from '../store/lmdb/lmdb-store.ts'
import { ownFolder } from '../store/lmdb/owner.ts'
import { createMemoryStore } from '../store/memory/memory-store.ts'
import type { RestoredValue } from '../store/mvcc/restore.ts'
import { DataDirectory } from './assembly/machine/data-directory.ts'
import { type BackupLine, readBackup, writePiece } from './assembly/storage/backup-file.ts'
import { Encryption } from './assembly/storage/encryption.ts'

const help = `slipway restore: makes a data directory of a backup, from which \`slipway up\` goes on

  slipway restore FILE

  --data DIR   the data directory; default $SLIPWAY_DATA or ~/.slipway
  --replace    what is in it is put aside into DIR/replaced-TIME; without this a directory with data is refused
  --encryption-provider-config FILE   what is encrypted, and by which keys; default: as the backup's own keys say
  -o json      for programs

Revisions go on a thousand million after the newest that is known, so that none is ever used twice: clients that watch start anew.

Examples:
  slipway down && slipway restore /backups/slipway-2026-11-29.gz --replace && slipway up
`

/** More commits than a cluster makes between a backup and its loss. */
const bump = 1_000_000_000
const parts = ['store', 'store-lock', 'pki', 'git', 'cluster-id']
const batchSize = 500

/** `slipway restore`. */
export async function run(argv: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      data: { type: 'string' },
      replace: { type: 'boolean', default: false },
      'encryption-provider-config': { type: 'string' },
      output: { type: 'string', short: 'o' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  const [file] = positionals
  if (values.help || !file) {
    ;(values.help ? process.stdout : process.stderr).write(help)
    return values.help ? 0 : 2
  }
  const data = new DataDirectory(values.data)
  if (data.running()) throw new Error(`a Slipway runs on ${data.path}: stop it with \`slipway down\` first`)
  const present = parts.filter((part) => existsSync(data.file(part)))
  if (present.length > 0 && !values.replace)
    throw new Error(`${data.path} has data (${present.join(', ')}): name another by --data, or put it aside with --replace`)
  data.make()
  const release = await ownFolder(data.file('store'))
  const restored = await restore(file, data, values['encryption-provider-config']).finally(release)
  if (values.output === 'json') process.stdout.write(`${JSON.stringify({ data: data.path, ...restored })}\n`)
  else
    process.stdout.write(
      `${data.path}: ${restored.objects} objects, as of ${restored.time}; revisions go on after ${restored.revision}\n`,
    )
  return 0
}

interface Restored {
  readonly objects: number
  readonly time: string
  readonly revision: number
}

const uncounted: KmsObserver = {
  called: () => {},
  keyUsed: () => {},
  keyTold: () => {},
  invalidKeyId: () => {},
  sourcesKept: () => {},
}

/** Everything is made beside what is there, and takes its place when it is whole. */
async function restore(file: string, data: DataDirectory, encryptionConfig: string | undefined): Promise<Restored> {
  const beside = data.file('restoring')
  await rm(beside, { recursive: true, force: true })
  await mkdir(beside, { mode: 0o700 })
  try {
    // Keys come after the objects in the file: once through it for them, and to know that it is whole.
    const { time, revision: was } = await restoreFiles(file, beside)
    const pki = existsSync(join(beside, 'pki')) ? join(beside, 'pki') : data.file('pki')
    const log = (line: string) => process.stderr.write(`${line}\n`)
    const encryption = await Encryption.open({ file: encryptionConfig, pki, observe: uncounted, log })
    const sealing = new EncryptedStore(createMemoryStore(), encryption.rules)
    const revision = Math.max(was, await newestRevision(data)) + bump
    const counts = { objects: 0 }
    const writing = restoreLmdbStore({ path: join(beside, 'store') }, values(file, sealing, counts), revision)
    await writing.finally(() => encryption.close())
    await putAside(data)
    for (const name of await readdir(beside)) await rename(join(beside, name), data.file(name))
    return { objects: counts.objects, time, revision }
  } finally {
    await rm(beside, { recursive: true, force: true })
  }
}

async function restoreFiles(file: string, folder: string): Promise<{ time: string; revision: number }> {
  const found = { time: '', revision: 0 }
  for await (const line of readBackup(file)) {
    if ('format' in line) found.time = line.time
    else if ('file' in line) await writePiece(folder, line)
    else if (!('key' in line) && 'revision' in line) found.revision = line.revision
  }
  return found
}

const isItem = (line: BackupLine): line is SnapshotItem => 'key' in line

async function* values(file: string, sealing: EncryptedStore, counts: { objects: number }): AsyncGenerator<RestoredValue[]> {
  let batch: RestoredValue[] = []
  for await (const line of readBackup(file)) {
    if (!isItem(line)) continue
    const { key, value, revision, created } = line
    const bytes = Buffer.from(value)
    const change = key.startsWith('/registry/') ? { key, value: bytes, stamp: restamped(bytes) } : { key, value: bytes }
    const sealed = sealing.sealed(change)
    batch.push({ key, value: sealed === change ? bytes : Buffer.from(sealed.value ?? bytes), revision, created })
    counts.objects++
    if (batch.length < batchSize) continue
    yield batch
    batch = []
  }
  yield batch
}

/** Of the store that is replaced: revisions that it gave out must not come again either. */
async function newestRevision(data: DataDirectory): Promise<number> {
  if (!existsSync(data.file('store'))) return 0
  try {
    const store = openLmdbStore({ path: data.file('store') })
    const { revision } = store
    await store.close()
    return revision
  } catch (error) {
    // That may be why there is to be another. It was written not long after the backup.
    process.stderr.write(`${(error as Error).message}\n`)
    return 0
  }
}

async function putAside(data: DataDirectory): Promise<void> {
  const present = parts.filter((part) => existsSync(data.file(part)))
  if (present.length === 0) return
  const folder = data.file(`replaced-${new Date().toISOString().replaceAll(':', '-')}`)
  await mkdir(folder, { mode: 0o700 })
  for (const part of present) await rename(data.file(part), join(folder, part))
}
