// Writes packs, so that readers see the old one or the new one.
import { renameSync, writeFileSync } from 'node:fs'
import { ENGINE, type Header } from './pack.ts'

export interface Chunk {
  readonly code: Buffer
  readonly cache: Buffer
}

export function writePack(path: string, sources: Header['sources'], chunks: ReadonlyMap<string, Chunk>): void {
  const places: { [name: string]: [number, number, number] } = {}
  const bodies: Buffer[] = []
  let offset = 0
  for (const [name, { code, cache }] of chunks) {
    places[name] = [offset, code.length, cache.length]
    offset += code.length + cache.length
    bodies.push(code, cache)
  }
  const header = Buffer.from(JSON.stringify({ engine: ENGINE, sources, chunks: places } satisfies Header))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(header.length)
  replace(path, Buffer.concat([length, header, ...bodies]))
}

/** Writes a file in one step. */
export function replace(path: string, data: string | Buffer): void {
  writeFileSync(`${path}.${process.pid}`, data)
  renameSync(`${path}.${process.pid}`, path)
}
