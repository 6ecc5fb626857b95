import type { Revision } from '../store.ts'

/** Where a record is in the log: a commit's revision and the change's index in that commit. */
export interface Position {
  readonly revision: Revision
  readonly index: number
}

/** One change as the log keeps it. Records of a key are chained by `previous`, through deletions too. */
export interface LogRecord {
  readonly key: string
  /** undefined: a tombstone. */
  readonly value: Buffer | undefined
  /** The revision that created the key in this life. */
  readonly created: Revision
  readonly previous: Position | undefined
  /** What the commit said of itself. */
  readonly note: string | undefined
}

const positionBytes = 10
const headerBytes = 1 + 8 + positionBytes + 2

export function encodePosition(p: Position): Buffer {
  const out = Buffer.allocUnsafe(positionBytes)
  writePosition(out, p, 0)
  return out
}

export function decodePosition(bytes: Buffer, at = 0): Position {
  return { revision: readRevision(bytes, at), index: bytes.readUInt16BE(at + 8) }
}

/** The first position of `revision`: a range bound. */
export function startOf(revision: Revision): Buffer {
  return encodePosition({ revision, index: 0 })
}

function writePosition(out: Buffer, p: Position, at: number): void {
  writeRevision(out, p.revision, at)
  out.writeUInt16BE(p.index, at + 8)
}

export function writeRevision(out: Buffer, revision: Revision, at: number): void {
  out.writeUInt32BE(Math.floor(revision / 2 ** 32), at)
  out.writeUInt32BE(revision % 2 ** 32, at + 4)
}

export function readRevision(bytes: Buffer, at: number): Revision {
  return bytes.readUInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4)
}

const hasValue = 1
const hasNote = 2

/**
 * Layout: flags, created, previous position (revision 0: none), key length, key, with a note its length and itself, value. In `space` when it
 * has room: memory that was used a moment ago is written much sooner than new memory.
 */
export function encodeRecord(r: LogRecord, space?: Buffer): Buffer {
  const keyBytes = Buffer.byteLength(r.key)
  const noteBytes = r.note === undefined ? 0 : Buffer.byteLength(r.note)
  const valueAt = headerBytes + keyBytes + (r.note === undefined ? 0 : 2 + noteBytes)
  const size = valueAt + (r.value?.length ?? 0)
  const out = space && size <= space.length ? space.subarray(0, size) : Buffer.allocUnsafe(size)
  out.writeUInt8((r.value ? hasValue : 0) | (r.note === undefined ? 0 : hasNote), 0)
  writeRevision(out, r.created, 1)
  writePosition(out, r.previous ?? { revision: 0, index: 0 }, 9)
  out.writeUInt16BE(keyBytes, 19)
  out.write(r.key, headerBytes)
  if (r.note !== undefined) {
    out.writeUInt16BE(noteBytes, headerBytes + keyBytes)
    out.write(r.note, headerBytes + keyBytes + 2)
  }
  if (r.value) out.set(r.value, valueAt)
  return out
}

export function decodeRecord(bytes: Buffer): LogRecord {
  const flags = bytes.readUInt8(0)
  const keyEnd = headerBytes + bytes.readUInt16BE(19)
  const noteEnd = flags & hasNote ? keyEnd + 2 + bytes.readUInt16BE(keyEnd) : keyEnd
  const previous = decodePosition(bytes, 9)
  return {
    key: bytes.toString('utf8', headerBytes, keyEnd),
    value: flags & hasValue ? bytes.subarray(noteEnd) : undefined,
    created: readRevision(bytes, 1),
    previous: previous.revision === 0 ? undefined : previous,
    note: flags & hasNote ? bytes.toString('utf8', keyEnd + 2, noteEnd) : undefined,
  }
}
