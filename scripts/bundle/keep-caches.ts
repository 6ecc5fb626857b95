import type { Pack } from './pack.ts'
import { type Chunk, writePack } from './write-pack.ts'

/** Writes `pack` again with the code that V8 has compiled of it, all chunks loaded. */
export function keepCaches(pack: Pack, path: string): void {
  for (const name of Object.keys(pack.header.chunks)) pack.load(name)
  const chunks = new Map<string, Chunk>()
  for (const [name, script] of pack.scripts) {
    chunks.set(name, { code: pack.source(name), cache: script.createCachedData() })
  }
  writePack(path, pack.header.sources, chunks)
}
