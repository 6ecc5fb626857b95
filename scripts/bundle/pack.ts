// A pack: chunks of bundled JavaScript in one file, each with V8's code cache, and the sources they were made of.
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { constants, Script } from 'node:vm'

export interface Header {
  /** `process.version` and architecture: V8's code caches are for these alone. */
  readonly engine: string
  /** [path below the root, size, mtimeMs] of every source; none in a package, whose files nobody edits. */
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
  readonly scripts: ReadonlyMap<string, Script>
}
type Exports = { readonly [name: string]: unknown }
/** Where a bundled module would be: build.ts puts this in the place of `import.meta`. */
type Place = (path: string) => { readonly url: string; readonly dirname: string }
type Body = (exports: object, require: (id: string) => unknown, module: { exports: Exports }, place: Place) => void

export const ENGINE = `${process.version} ${process.arch}`

/** Where exports/ours.js looks for the pack that this process runs. */
export const SHARED = Symbol.for('slipway.pack')

/** Whether every source is as it was when the pack was made. A package's pack runs on every Node: V8 takes no cache of another engine, and one file still loads in less time than a hundred. */
export function isFresh({ engine, sources }: Header, root: string): boolean {
  if (engine !== ENGINE) return sources.length === 0
  for (const [path, size, mtime] of sources) {
    const now = statSync(`${root}/${path}`, { throwIfNoEntry: false })
    if (now?.size !== size || now.mtimeMs !== mtime) return false
  }
  return true
}

/** Opens the pack `path`, made of sources below `root`; undefined where there is none. */
export function openPack(path: string, root: string): Pack | undefined {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch {
    return undefined
  }
  const read = (at: number, length: number): Buffer => {
    const bytes = Buffer.allocUnsafe(length)
    if (readSync(file, bytes, 0, length, at) !== length) throw new Error(`${path} is cut short: run scripts/setup`)
    return bytes
  }
  const length = read(0, 4).readUInt32LE()
  const header = JSON.parse(read(4, length).toString('latin1')) as Header
  const modules = new Map<string, { exports: Exports }>()
  const scripts = new Map<string, Script>()
  const place: Place = (source) => {
    const url = pathToFileURL(`${root}/${source}`)
    return { url: url.href, dirname: dirname(url.pathname) }
  }

  const chunk = (name: string) => {
    const found = header.chunks[name]
    if (!found) throw new Error(`${path} has no chunk ${name}: run scripts/setup`)
    return found
  }
  const load = (name: string): Exports => {
    const known = modules.get(name)
    if (known) return known.exports
    const [offset, size, cache] = chunk(name)
    const bytes = read(4 + length + offset, size + cache)
    // Chunks are ASCII: build.ts sees to it.
    const script = new Script(bytes.toString('latin1', 0, size), {
      filename: `${path}/${name}`,
      importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
      ...(cache > 0 ? { cachedData: bytes.subarray(size) } : {}),
    })
    const module = { exports: {} }
    modules.set(name, module)
    scripts.set(name, script)
    ;(script.runInThisContext() as Body)(module.exports, required, module, place)
    return module.exports
  }
  let outside: NodeJS.Require | undefined
  const required = (id: string): unknown => {
    if (id.startsWith('./')) return load(id.slice(2))
    const builtin = process.getBuiltinModule(id)
    if (builtin) return builtin
    outside ??= process.getBuiltinModule('node:module').createRequire(`${root}/package.json`)
    return outside(id)
  }
  process.once('exit', () => closeSync(file))
  const source = (name: string) => read(4 + length + chunk(name)[0], chunk(name)[1])
  return { header, load, source, scripts }
}

/** The pack `path` if it may be run instead of the sources. */
export function freshPack(path: string, root: string): Pack | undefined {
  const pack = openPack(path, root)
  return pack && isFresh(pack.header, root) ? pack : undefined
}
