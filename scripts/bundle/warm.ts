// Runs the packed verbs on the bundled charts, then keeps the code that V8 compiled on the way in the pack.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { openPack, packPath } from './pack.ts'
import { type Chunk, writePack } from './write-pack.ts'

const root = join(import.meta.dirname, '../..')
const pack = openPack(root)
if (!pack) throw new Error(`there is no ${packPath(root)}: run scripts/bundle/build.ts`)
const { main } = pack.load('start.cjs') as { main: (argv: readonly string[]) => Promise<number> }
const charts = readdirSync(join(root, 'charts'), { withFileTypes: true }).filter((e) => e.isDirectory())
for (const { name } of charts) {
  const status = await main(['chart', 'template', 'warm', join(root, 'charts', name), '--set', 'a=b', '--include-crds'])
  if (status !== 0) throw new Error(`charts/${name} does not render`)
}
for (const name of Object.keys(pack.header.chunks)) pack.load(name)
const chunks = new Map<string, Chunk>()
for (const [name, script] of pack.scripts) {
  chunks.set(name, { code: pack.source(name), cache: script.createCachedData() })
}
writePack(root, pack.header.sources, chunks)
