// Charts: whole processes (slipway chart template against helm template, in turn) and in process, warm:
// node bench/charts.ts FOLDER [--helm BIN] [--limit N] [--only PART]. Takes N charts spread over the folder. Run scripts/setup first, as users do.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { loadChart } from '../src/helmlike/chart/load.ts'
import { checkInstallable, render, toText } from '../src/helmlike/render/render.ts'

const { positionals, values: flags } = parseArgs({
  allowPositionals: true,
  options: { helm: { type: 'string' }, limit: { type: 'string' }, only: { type: 'string' } },
})
const folder = positionals[0] ?? 'charts'
const helm = flags.helm ?? process.env.HELM ?? (existsSync('.slipway/bin/helm') ? '.slipway/bin/helm' : 'helm')
const ROUNDS = 3

function* charts(at: string): Generator<string> {
  if (existsSync(join(at, 'Chart.yaml'))) {
    if (existsSync(join(at, 'templates'))) yield at
    return
  }
  for (const e of readdirSync(at, { withFileTypes: true })) if (e.isDirectory()) yield* charts(join(at, e.name))
}

const median = (list: readonly number[]): number => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN

/** Milliseconds of a process; undefined when it fails. */
function timed(command: string, args: readonly string[]): number | undefined {
  const started = performance.now()
  const { status } = spawnSync(command, args, { stdio: ['ignore', 'ignore', 'ignore'] })
  return status === 0 ? performance.now() - started : undefined
}

async function inProcess(path: string): Promise<number> {
  const times: number[] = []
  const chart = loadChart(path)
  checkInstallable(chart)
  // Warm is what a server that renders again and again has: a second of it comes first.
  const began = performance.now()
  for (let left = 8; left > 0; left -= performance.now() - began > 1000 ? 1 : 0) {
    const started = performance.now()
    toText(await render(chart, new Map(), { release: { name: 'rel', namespace: 'apps', revision: 1, isUpgrade: false } }))
    times.push(performance.now() - started)
  }
  return median(times.slice(-8))
}

/** All charts in an order that spreads a first part of them over the folder. */
function spread(list: readonly string[]): string[] {
  const step = 379
  return list
    .map((path, i) => ({ path, at: (i * step) % list.length }))
    .sort((a, b) => a.at - b.at)
    .map(({ path }) => path)
}

const found = [...charts(folder)].filter((path) => path.includes(flags.only ?? ''))
const rows: { name: string; helm: number; process: number; warm: number }[] = []
for (const path of spread(found)) {
  if (rows.length >= Number(flags.limit ?? 120)) break
  if (timed(helm, ['template', 'rel', path]) === undefined) continue
  if (timed('bin/slipway', ['chart', 'template', 'rel', path]) === undefined) continue
  const [theirs, ours]: [number[], number[]] = [[], []]
  for (let i = 0; i < ROUNDS; i++) {
    theirs.push(timed(helm, ['template', 'rel', path]) ?? Number.NaN)
    ours.push(timed('bin/slipway', ['chart', 'template', 'rel', path]) ?? Number.NaN)
  }
  const row = { name: basename(path), helm: median(theirs), process: median(ours), warm: await inProcess(path) }
  rows.push(row)
  console.log(
    `${row.name.padEnd(40)} helm ${row.helm.toFixed(0)} ms, slipway ${row.process.toFixed(0)} ms, in process ${row.warm.toFixed(1)} ms`,
  )
}
const share = (f: (r: (typeof rows)[number]) => number) => median(rows.map(f)).toFixed(2)
console.log(
  `${rows.length} charts; median of process time slipway/helm ${share((r) => r.process / r.helm)}; helm process/in process ${share((r) => r.helm / r.warm)}`,
)
