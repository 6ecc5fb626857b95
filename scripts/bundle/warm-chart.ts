// Runs the packed verb on the bundled charts and on warm-chart/, which does what charts of the net do, then keeps the code that V8 compiled on the way in the pack.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { keepCaches } from './keep-caches.ts'
import { openPack } from './pack.ts'

const root = join(import.meta.dirname, '../..')
const path = process.argv[2] ?? ''
const pack = openPack(path, root)
if (!pack) throw new Error(`there is no ${path}: run scripts/bundle/build.ts`)
const { main } = pack.load('start.cjs') as { main: (argv: readonly string[]) => Promise<number> }
const bundled = readdirSync(join(root, 'charts'), { withFileTypes: true }).filter((e) => e.isDirectory())
const charts = [...bundled.map(({ name }) => join(root, 'charts', name)), join(import.meta.dirname, 'warm-chart')]
for (const chart of charts) {
  const status = await main(['chart', 'template', 'warm', chart, '--set', 'a=b', '--include-crds'])
  if (status !== 0) throw new Error(`${chart} does not render`)
}
keepCaches(pack, path)
