import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, normalize, relative } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import type { SnapshotEnd, SnapshotHead, SnapshotItem } from '../../../api/history/backup.ts'
import { lines } from '../../../client/lines.ts'

/** A backup is gzipped lines of JSON: this head, the snapshot's lines, pieces of files, and an end that counts the lines before it. */
export interface BackupHead {
  readonly format: 'slipway-backup'
  readonly version: 1
  /** RFC 3339. */
  readonly time: string
}

/** A piece of a file of the data directory. */
interface FilePiece {
  readonly file: string
  readonly mode: number
  readonly at: number
  /** Base64. */
  readonly data: string
}

interface End {
  readonly lines: number
}

export type BackupLine = BackupHead | SnapshotHead | SnapshotItem | SnapshotEnd | FilePiece

const pieceBytes = 1 << 20

/** Writes a backup whole or not at all, readable by its owner only. The lines of `content` are without their newline. */
export async function writeBackup(path: string, content: AsyncIterable<string>): Promise<void> {
  const unfinished = `${path}.unfinished`
  async function* counted(): AsyncGenerator<string> {
    let count = 0
    for await (const line of content) {
      count++
      yield `${line}\n`
    }
    yield `${JSON.stringify({ lines: count } satisfies End)}\n`
  }
  try {
    await pipeline(counted(), createGzip({ level: 6 }), createWriteStream(unfinished, { mode: 0o600 }))
    const file = await open(unfinished, 'r')
    await file.sync()
    await file.close()
    await rename(unfinished, path)
  } catch (error) {
    await rm(unfinished, { force: true })
    throw error
  }
}

/** The lines of a backup. Throws at the end when it is cut off, and at once when it is no backup. */
export async function* readBackup(path: string): AsyncGenerator<BackupLine> {
  await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? new Error(`there is no file ${path}`) : error
  })
  let count = 0
  let end: End | undefined
  for await (const batch of lines(whole(createReadStream(path)))) {
    for (const line of batch) {
      const value = parsed(path, line)
      if (count === 0) checkHead(path, value as Partial<BackupHead>)
      if ('lines' in value) end = value
      else {
        count++
        yield value
      }
    }
  }
  if (!end || end.lines !== count)
    throw new Error(`${path} is cut off or no backup of Slipway: it ends after ${count} lines${end ? ` of ${end.lines}` : ''}`)
}

function checkHead(path: string, { format, version }: Partial<BackupHead>): void {
  if (format !== 'slipway-backup') throw new Error(`${path} is no backup of Slipway`)
  if (version !== 1)
    throw new Error(`${path} is a backup of form ${version}, this Slipway reads form 1: restore it by the version that made it`)
}

/** What can be unpacked; where that ends too early the lines tell. */
async function* whole(source: Readable): AsyncGenerator<Uint8Array> {
  const unpacked = source.pipe(createGunzip())
  try {
    yield* unpacked as AsyncIterable<Uint8Array>
  } catch (error) {
    if (!['Z_BUF_ERROR', 'Z_DATA_ERROR'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  } finally {
    source.destroy()
  }
}

function parsed(path: string, line: string): BackupLine | End {
  try {
    return JSON.parse(line) as BackupLine | End
  } catch {
    throw new Error(`${path} is damaged or cut off, or no backup of Slipway`)
  }
}

/** The files under some folders (or files) of `root`, in pieces. References of repositories come before the objects that they name. */
export async function* filePieces(root: string, names: readonly string[]): AsyncGenerator<FilePiece> {
  for (const name of names) {
    for (const file of await filesUnder(join(root, name))) {
      const { mode, size } = await stat(file)
      const handle = await open(file, 'r')
      try {
        for (let at = 0; at === 0 || at < size; at += pieceBytes) {
          const { buffer, bytesRead } = await handle.read(
            Buffer.alloc(Math.min(pieceBytes, Math.max(size - at, 0))),
            0,
            undefined,
            at,
          )
          yield { file: relative(root, file), mode: mode & 0o777, at, data: buffer.toString('base64', 0, bytesRead) }
        }
      } finally {
        await handle.close()
      }
    }
  }
}

/** In an order in which `objects` is last: what a reference names is there when the reference was read. */
async function filesUnder(path: string): Promise<string[]> {
  const found = await stat(path).catch(() => undefined)
  if (!found) return []
  if (!found.isDirectory()) return found.isFile() ? [path] : []
  const names = (await readdir(path)).sort((a, b) => Number(a === 'objects') - Number(b === 'objects') || (a < b ? -1 : 1))
  const files: string[] = []
  for (const name of names) files.push(...(await filesUnder(join(path, name))))
  return files
}

/** Puts a piece in its place under `root`. Throws for a name that leads out of it. */
export async function writePiece(root: string, { file, mode, at, data }: FilePiece): Promise<void> {
  const name = normalize(file)
  if (name.startsWith('..') || name.startsWith('/')) throw new Error(`the backup names a file outside of its folder: ${file}`)
  const path = join(root, name)
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const handle = await open(path, at === 0 ? 'w' : 'r+', mode)
  try {
    await handle.write(Buffer.from(data, 'base64'), 0, undefined, at)
  } finally {
    await handle.close()
  }
}
