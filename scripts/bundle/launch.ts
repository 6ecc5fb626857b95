// What bin/slipway runs for the verbs that are packed: the pack when it is fresh, the sources otherwise. See README.md.
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { freshPack, SHARED } from './pack.ts'

// This file runs as start/launch.cjs below .slipway/ or dist/.
const folder = dirname(process.argv[1] as string)
const root = dirname(dirname(folder))
const source = `${root}/src/cli/main.ts`
const name = process.argv[2] === 'chart' ? 'chart' : 'server'
const pack = freshPack(`${folder}/${name}.pack`, root)
// What a user's module imports from us is of the same pack, or of the same sources.
Object.assign(globalThis, { [SHARED]: pack && name === 'server' ? pack : null })
if (pack) {
  const { start } = pack.load('start.cjs') as { start: (argv: readonly string[]) => void }
  start(process.argv.slice(2))
} else import(pathToFileURL(existsSync(source) ? source : `${root}/dist/cli/main.js`).href)
