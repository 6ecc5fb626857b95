// The pack: chunks of bundled JavaScript in one file, each with V8's code cache, and the sources they were made of.
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import vm from 'node:vm'

export interface Header {
  /** `process.version` and architecture: V8's code caches are for these alone. */
  readonly engine: string
  /** [path below the root, size, mtimeMs] of every source. */
  readonly sources: readonly (readonly [string, number, number])[]
  /** name -> [offset of the source text, its length in bytes, length of the code cache behind it]. */
  readonly chunks: { readonly [name: string]: readonly [number, number, number] }
}

export interface Pack {
  readonly header: Header
  /** What the chunk exports; runs it the first time. */
  load(name: string): Exports
  /** The text of a chunk. */
  source(name: string): Buffer
  /** The chunks run so far. */
  readonly scripts: ReadonlyMap<string, vm.Script>
}
type Exports = { readonly [name: string]: unknown }
type Body = (exports: object, require: (id: string) => unknown, module: { exports: Exports }) => void

export const ENGINE = `${process.version} ${process.arch}`
export const packPath = (root: string) => `${root}/.slipway/start/chunks.pack`

/** Whether every source is as it was when the pack was made. */
export function isFresh({ engine, sources }: Header, root: string): boolean {
  if (engine !== ENGINE) return false
  for (const [path, size, mtime] of sources) {
    const now = statSync(`${root}/${path}`, { throwIfNoEntry: false })
    if (now?.size !== size || now.mtimeMs !== mtime) return false
  }
  return true
}

/** Opens the pack below `root`; undefined where there is none. */
export function openPack(root: string): Pack | undefined {
  let file: number
  try {
    file = openSync(packPath(root), 'r')
  } catch {
    return undefined
  }
  const read = (at: number, length: number): Buffer => {
    const bytes = Buffer.allocUnsafe(length)
    if (readSync(file, bytes, 0, length, at) !== length) throw new Error(`${packPath(root)} is cut short: run scripts/setup`)
    return bytes
  }
  const length = read(0, 4).readUInt32LE()
  const header = JSON.parse(read(4, length).toString('latin1')) as Header
  const modules = new Map<string, { exports: Exports }>()
  const scripts = new Map<string, vm.Script>()

  const place = (name: string) => {
    const found = header.chunks[name]
    if (!found) throw new Error(`${packPath(root)} has no chunk ${name}: run scripts/setup`)
    return found
  }
  const load = (name: string): Exports => {
    const known = modules.get(name)
    if (known) return known.exports
    const [offset, size, cache] = place(name)
    const bytes = read(4 + length + offset, size + cache)
    // Chunks are ASCII: build.ts sees to it.
    const script = new vm.Script(bytes.toString('latin1', 0, size), {
      filename: `${packPath(root)}/${name}`,
      ...(cache > 0 ? { cachedData: bytes.subarray(size) } : {}),
    })
    const module = { exports: {} }
    modules.set(name, module)
    scripts.set(name, script)
    ;(script.runInThisContext() as Body)(module.exports, required, module)
    return module.exports
  }
  const required = (id: string): unknown => (id.startsWith('./') ? load(id.slice(2)) : process.getBuiltinModule(id))
  process.once('exit', () => closeSync(file))
  const source = (name: string) => read(4 + length + place(name)[0], place(name)[1])
  return { header, load, source, scripts }
}
