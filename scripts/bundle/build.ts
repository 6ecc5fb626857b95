// Makes the packs (see README.md): node scripts/bundle/build.ts [--package]. Does nothing where they are fresh.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { OutputChunk, Plugin } from 'rolldown'
import { freshPack, type Header } from './pack.ts'
import { type PackPlan, plans } from './plans.ts'
import { replace, writePack } from './write-pack.ts'

const root = join(import.meta.dirname, '../..')
/** For dist/ instead of a checkout: nothing to be fresh against, and other files beside it. */
const isForPackage = process.argv.includes('--package')
const folder = join(root, isForPackage ? 'dist' : '.slipway', 'start')

/** The function that pack.ts calls. ASCII, so that it reads the same as Latin-1 and as UTF-8. */
function wrapped(code: string): string {
  return `(function (exports, require, module, place) {${code}\n})`.replace(
    /[^\0-\x7f]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** A bundled module asks pack.ts where it would be. */
const placed: Plugin = {
  name: 'place of modules',
  transform(code, id) {
    if (!id.startsWith(`${root}/src/`) || !code.includes('import.meta.')) return null
    const path = relative(root, id)
    const own = isForPackage ? path.replace(/^src\/(.*)\.ts$/, 'dist/$1.js') : path
    return code.replace(/\bimport\.meta\.(?=(?:url|dirname)\b)/g, `place(${JSON.stringify(own)}).`)
  },
}

/** start.ts names every verb; those that a plan does not pack stay outside, and launch.ts never asks the pack for them. */
const isOutside =
  ({ verbs, outside }: PackPlan) =>
  (id: string, from: string | undefined) =>
    outside.includes(id) ||
    (/^\.\/[a-z-]+\.ts$/.test(id) && from === join(root, 'src/cli/start.ts') && !verbs.includes(id.slice(2, -3)))

async function bundled(plan: PackPlan): Promise<OutputChunk[]> {
  const { rolldown } = await import('rolldown')
  const bundle = await rolldown({
    input: Object.fromEntries(Object.entries(plan.entries).map(([name, path]) => [name, join(root, path)])),
    platform: 'node',
    cwd: root,
    external: isOutside(plan),
    plugins: [placed],
    logLevel: 'silent',
  })
  const { output } = await bundle.generate({
    format: 'cjs',
    comments: false,
    entryFileNames: '[name].cjs',
    chunkFileNames: '[name]-[hash].cjs',
    codeSplitting: { groups: plan.groups },
  })
  await bundle.close()
  return output.filter((o) => o.type === 'chunk')
}

/** What the pack is made of; the lock stands for the packages in it. */
function sourcesOf(chunks: readonly OutputChunk[]): Header['sources'] {
  if (isForPackage) return []
  const modules = chunks.flatMap((c) => c.moduleIds).filter((id) => id.startsWith(`${root}/src/`))
  const own = readdirSync(import.meta.dirname).map((name) => join(import.meta.dirname, name))
  const paths = [...modules, ...own, join(root, 'package-lock.json')]
  return [...new Set(paths)].sort().map((path) => {
    const { size, mtimeMs } = statSync(path)
    return [relative(root, path), size, mtimeMs]
  })
}

async function build(plan: PackPlan): Promise<void> {
  const chunks = await bundled(plan)
  const path = join(folder, `${plan.name}.pack`)
  const code = chunks.map((c) => [c.fileName, { code: Buffer.from(wrapped(c.code), 'latin1'), cache: Buffer.alloc(0) }] as const)
  writePack(path, sourcesOf(chunks), new Map(code))
  replace(join(folder, `${plan.name}.flags`), `${plan.flags.join(' ')}\n`)
  // A code cache is for the flags it was made with, and holds the functions that were called until then.
  const args = [...plan.flags, '--disable-warning=ExperimentalWarning', join(import.meta.dirname, plan.warm), path]
  const warm = spawnSync(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  if (warm.status !== 0) throw new Error(`${path} cannot be run`)
}

/** One module that runs before any pack is open. */
async function buildAlone(name: string): Promise<void> {
  const { rolldown } = await import('rolldown')
  const bundle = await rolldown({
    input: join(import.meta.dirname, `${name}.ts`),
    platform: 'node',
    cwd: root,
    logLevel: 'silent',
  })
  const { output } = await bundle.generate({ format: 'cjs', comments: false })
  await bundle.close()
  replace(join(folder, `${name}.cjs`), output[0].code)
}

mkdirSync(folder, { recursive: true })
const stale = plans.filter(({ name }) => isForPackage || !freshPack(join(folder, `${name}.pack`), root))
for (const plan of stale) await build(plan)
if (stale.length > 0) for (const name of ['launch', 'open']) await buildAlone(name)
