import { closeSync, openSync, readSync, statSync } from 'node:fs'

/** A meta page of LMDB as this machine's binding writes it (lmdb.h, MDB_meta): where its fields are, in bytes. */
const at = { magic: 24, version: 28, pageSize: 48, lastPage: 144 } as const
const metaBytes = 160
const magic = 0xbeefc0de
const knownVersion = 2
/** Pages of the end may never have been written; never so many of them. */
const leastPart = 0.5

/** Why the file is no store that can be opened; undefined: nothing is seen. LMDB maps the file: a broken head of it would end the process. */
export function damageOf(path: string): string | undefined {
  let size: number
  try {
    size = statSync(path).size
  } catch {
    return undefined
  }
  if (size === 0) return undefined
  const first = readMeta(path, 0)
  if (!first) return 'it does not begin as a store does'
  const { pageSize, version } = first
  if (version !== knownVersion) return undefined
  const second = pageSize >= 512 && pageSize <= 65_536 ? readMeta(path, pageSize) : undefined
  if (!second) return 'its second page is not one of a store'
  const pages = Math.max(first.lastPage, second.lastPage) + 1
  return size < pages * pageSize * leastPart ? `it has ${size} bytes of ${pages * pageSize}` : undefined
}

function readMeta(path: string, position: number) {
  const page = Buffer.alloc(metaBytes)
  const file = openSync(path, 'r')
  try {
    if (readSync(file, page, 0, metaBytes, position) < metaBytes) return undefined
  } finally {
    closeSync(file)
  }
  if (page.readUInt32LE(at.magic) !== magic) return undefined
  return {
    version: page.readUInt32LE(at.version),
    pageSize: page.readUInt32LE(at.pageSize),
    lastPage: Number(page.readBigUInt64LE(at.lastPage)),
  }
}
