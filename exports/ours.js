// Where the exports of this package come from.
import { existsSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(realpathSync(fileURLToPath(import.meta.url))))
/** src/ in a checkout, else what was built of it. */
const [folder, extension, start] = existsSync(join(root, 'src')) ? ['src', '.ts', '.slipway/start'] : ['dist', '.js', 'dist/start']

/**
 * What `<name>/public` exports: of the pack that scripts/bundle makes, which loads in a moment, when it is fresh and the process is a
 * user's; else the modules themselves. A program of ours has loaded some of the modules, and nothing may exist twice.
 */
export async function ours(name) {
  const pack = packed()
  return pack ? pack.load(`${name}.cjs`) : await import(join(root, folder, name, `public${extension}`))
}

function packed() {
  const shared = Symbol.for('slipway.pack')
  if (globalThis[shared] === undefined) globalThis[shared] = (!isOurProgram() && openFresh()) || null
  return globalThis[shared]
}

function isOurProgram() {
  const program = process.argv[1]
  if (!program || !existsSync(program)) return false
  const real = realpathSync(program)
  return [folder, 'tests', 'scripts', 'bench'].some((ours) => real.startsWith(join(root, ours) + sep))
}

function openFresh() {
  if (!existsSync(join(root, start, 'open.cjs'))) return undefined
  const { freshPack } = createRequire(import.meta.url)(join(root, start, 'open.cjs'))
  return freshPack(join(root, start, 'server.pack'), root)
}
