import { createWriteStream, mkdirSync, readdirSync, renameSync, statSync, unlinkSync, type WriteStream } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import type { Clock } from '../../apimachinery/clock.ts'
import type { LineSink } from './trail.ts'

interface LogFileOptions {
  /** `-` is the standard output. */
  readonly path: string
  /** Another file is begun before one would grow past this. 0: 100 MB. */
  readonly maxSizeMb: number
  /** How many old files are kept; 0: all. */
  readonly maxBackups: number
  /** How many days old files are kept; 0: for ever. */
  readonly maxAgeDays: number
  readonly clock: Clock
}

interface LogFile {
  readonly write: LineSink
  /** Resolves when all is written. */
  close(): Promise<void>
}

const day = 86_400_000
const megabyte = 1 << 20

/** Appends lines to a file, readable by its owner only, and rotates it. A slow disk makes `write` wait; it does not make memory grow. */
export function openLogFile(options: LogFileOptions): LogFile {
  if (options.path === '-') return { write: (line) => drained(process.stdout, line), close: async () => {} }
  const { path, clock } = options
  const most = (options.maxSizeMb || 100) * megabyte
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  let stream = append(path)
  let size = sizeOf(path)
  const write: LineSink = (line) => {
    const bytes = Buffer.byteLength(line)
    if (size > 0 && size + bytes > most) {
      stream.end()
      renameSync(path, backupName(path, clock.now()))
      removeOld(options)
      stream = append(path)
      size = 0
    }
    size += bytes
    return drained(stream, line)
  }
  return { write, close: () => new Promise((resolve) => stream.end(resolve)) }
}

function append(path: string): WriteStream {
  const stream = createWriteStream(path, { flags: 'a', mode: 0o600 })
  stream.on('error', (error) => console.error(`the audit log ${path} cannot be written: ${error.message}`))
  return stream
}

/** Of streams that take no more for now: all who write meanwhile wait for the same. */
const drains = new WeakMap<NodeJS.WritableStream, Promise<void>>()

function drained(stream: NodeJS.WritableStream, line: string): void | Promise<void> {
  if (stream.write(line)) return
  let drain = drains.get(stream)
  if (!drain) {
    drain = new Promise((resolve) => {
      const done = () => {
        stream.off('drain', done)
        stream.off('error', done)
        stream.off('finish', done)
        drains.delete(stream)
        resolve()
      }
      stream.on('drain', done).on('error', done).on('finish', done)
    })
    drains.set(stream, drain)
  }
  return drain
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

/** `audit-2026-11-29T10-00-00.000.log` of `audit.log`. */
function backupName(path: string, nowMs: number): string {
  const [extension, stem] = stemOf(path)
  return join(dirname(path), `${stem}-${new Date(nowMs).toISOString().replaceAll(':', '-').replace('Z', '')}${extension}`)
}

function stemOf(path: string): [extension: string, stem: string] {
  const extension = extname(path)
  return [extension, basename(path, extension)]
}

function removeOld({ path, maxBackups, maxAgeDays, clock }: LogFileOptions): void {
  const [extension, stem] = stemOf(path)
  const backups = readdirSync(dirname(path))
    .filter((name) => name.startsWith(`${stem}-`) && name.endsWith(extension) && timeIn(name, stem) !== undefined)
    .sort()
    .reverse()
  const oldest = clock.now() - maxAgeDays * day
  backups.forEach((name, i) => {
    const isTooMany = maxBackups > 0 && i >= maxBackups
    const isTooOld = maxAgeDays > 0 && (timeIn(name, stem) ?? 0) < oldest
    if (isTooMany || isTooOld) unlinkSync(join(dirname(path), name))
  })
}

function timeIn(name: string, stem: string): number | undefined {
  const match = /^-(\d{4}-\d\d-\d\dT\d\d)-(\d\d)-(\d\d\.\d{3})/.exec(name.slice(stem.length))
  return match ? Date.parse(`${match[1]}:${match[2]}:${match[3]}Z`) : undefined
}
