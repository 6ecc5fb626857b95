// What bin/slipway runs for `chart`: the pack when it is fresh, the sources otherwise. See README.md.
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isFresh, openPack } from './pack.ts'

// This file runs as .slipway/start/launch.cjs.
const root = dirname(dirname(dirname(process.argv[1] as string)))
const pack = openPack(root)
if (pack && isFresh(pack.header, root)) {
  const { start } = pack.load('start.cjs') as { start: (argv: readonly string[]) => void }
  start(process.argv.slice(2))
} else import(pathToFileURL(join(root, 'src/cli/main.ts')).href)
