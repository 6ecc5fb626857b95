// Packs the chart verbs (see README.md): node scripts/bundle/build.ts. Does nothing when the pack is fresh.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { OutputChunk } from 'rolldown'
import { type Header, isFresh, openPack } from './pack.ts'
import { replace, writePack } from './write-pack.ts'

const root = join(import.meta.dirname, '../..')
const folder = join(root, '.slipway/start')

/** V8 optimizes later than it would, since most of these processes end before that pays, rarely collects young garbage, and starts one thread, not four. */
const FLAGS = [
  '--v8-pool-size=1',
  '--invocation-count-for-maglev=6000',
  '--invocation-count-for-maglev-osr=3000',
  '--invocation-count-for-turbofan=20000',
  '--invocation-count-for-osr=8000',
  '--min-semi-space-size=16',
]

/** The function that pack.ts calls. ASCII, so that it reads the same as Latin-1 and as UTF-8. */
function wrapped(code: string): string {
  // What is left of import() would have nobody to answer it; only start.ts names modules outside.
  const left = /\bimport\("(?!\.\/)[^"]*"\)/.exec(code)
  if (left) throw new Error(`${left[0]} cannot be bundled: use process.getBuiltinModule`)
  return `(function (exports, require, module) {${code}\n})`.replace(
    /[^\0-\x7f]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** What start.ts imports besides the chart verbs stays outside: launch.ts runs the sources for them. */
const isOutside = (id: string, from: string | undefined) =>
  id.startsWith('./') && id !== './chart.ts' && from?.endsWith('/src/cli/start.ts') === true

async function bundled(input: string): Promise<OutputChunk[]> {
  const { rolldown } = await import('rolldown')
  const bundle = await rolldown({ input, platform: 'node', cwd: root, external: isOutside, logLevel: 'silent' })
  const { output } = await bundle.generate({
    format: 'cjs',
    comments: false,
    entryFileNames: '[name].cjs',
    chunkFileNames: '[name]-[hash].cjs',
    // What the most frequent verb always loads is one chunk.
    codeSplitting: { groups: [{ name: 'template', test: /src\/cli\/(?:start|chart|chart\/template)\.ts$/ }] },
  })
  await bundle.close()
  return output.filter((o) => o.type === 'chunk')
}

/** What the pack is made of; the lock stands for the packages in it. */
function sourcesOf(chunks: readonly OutputChunk[]): Header['sources'] {
  const modules = chunks.flatMap((c) => c.moduleIds).filter((id) => id.startsWith(`${root}/src/`))
  const own = readdirSync(import.meta.dirname).map((name) => join(import.meta.dirname, name))
  const paths = [...modules, ...own, join(root, 'package-lock.json')]
  return [...new Set(paths)].sort().map((path) => {
    const { size, mtimeMs } = statSync(path)
    return [relative(root, path), size, mtimeMs]
  })
}

async function build(): Promise<void> {
  mkdirSync(folder, { recursive: true })
  const chunks = await bundled(join(root, 'src/cli/start.ts'))
  const sources = sourcesOf(chunks)
  const code = new Map(chunks.map((c) => [c.fileName, Buffer.from(wrapped(c.code), 'latin1')]))
  writePack(root, sources, new Map([...code].map(([name, text]) => [name, { code: text, cache: Buffer.alloc(0) }])))
  const [launcher] = await bundled(join(import.meta.dirname, 'launch.ts'))
  replace(join(folder, 'flags'), `${FLAGS.join(' ')}\n`)
  replace(join(folder, 'launch.cjs'), (launcher as OutputChunk).code)
  // A code cache is for the flags it was made with, and holds the functions that were called until then.
  const warm = spawnSync(process.execPath, [...FLAGS, join(import.meta.dirname, 'warm.ts')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  if (warm.status !== 0) throw new Error('the pack cannot be run')
}

const packed = openPack(root)
if (!packed || !isFresh(packed.header, root)) await build()
