// Runs the packed verb on the bundled charts and on warm-chart, which does what charts of the net do, then keeps the code that V8 compiled on the way in the pack.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { openPack, packPath } from './pack.ts'
import { type Chunk, writePack } from './write-pack.ts'

const root = join(import.meta.dirname, '../..')
const pack = openPack(root)
if (!pack) throw new Error(`there is no ${packPath(root)}: run scripts/bundle/build.ts`)
const { main } = pack.load('start.cjs') as { main: (argv: readonly string[]) => Promise<number> }
const bundled = readdirSync(join(root, 'charts'), { withFileTypes: true }).filter((e) => e.isDirectory())
const charts = [...bundled.map(({ name }) => join(root, 'charts', name)), join(import.meta.dirname, 'warm-chart')]
for (const chart of charts) {
  const status = await main(['chart', 'template', 'warm', chart, '--set', 'a=b', '--include-crds'])
  if (status !== 0) throw new Error(`${chart} does not render`)
}
for (const name of Object.keys(pack.header.chunks)) pack.load(name)
const chunks = new Map<string, Chunk>()
for (const [name, script] of pack.scripts) {
  chunks.set(name, { code: pack.source(name), cache: script.createCachedData() })
}
writePack(root, pack.header.sources, chunks)
