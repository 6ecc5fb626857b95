// Puts the same load on `slipway apiserver` and on kube-apiserver + etcd, one after the other, and prints both beside each other.
//   node bench/loadgen.ts --lab DIR [--n 5000] [--c 32] [--phases …] [--only slipway|peer] [--store lmdb|memory] [-o json]
// DIR/bin has the programs that peers/build.sh makes: etcd, kube-apiserver, kubectl, loadgen.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { type Server, startPeer, startSlipway } from './servers.ts'

const { values } = parseArgs({
  options: {
    lab: { type: 'string', default: process.env.LAB ?? '' },
    peers: { type: 'string', default: process.env.PEERS ?? resolve(import.meta.dirname, '../../shared/peers') },
    loadgen: { type: 'string', default: process.env.LOADGEN ?? '' },
    n: { type: 'string', default: '5000' },
    c: { type: 'string', default: '32' },
    phases: { type: 'string', default: 'create,get,list,listlabel,watch,update,apply,delete' },
    port: { type: 'string', default: '21800' },
    store: { type: 'string', default: 'lmdb' },
    only: { type: 'string' },
    node: { type: 'string', default: '' },
    output: { type: 'string', short: 'o' },
  },
})

/** One line of loadgen. */
interface Phase {
  readonly phase: string
  /** Requests a second; for `watch` see `events_per_s`. */
  readonly per_s?: number
  readonly events_per_s?: number
  readonly p50_ms: number
  readonly p99_ms: number
  readonly errors: number
  readonly first_error?: string
  /** What the server used in this phase, in seconds of one core. */
  readonly cpu_s: number
}

interface Run {
  readonly server: string
  readonly phases: readonly Phase[]
  readonly memory: { readonly before: number; readonly now: number; readonly peak: number }
}

const lab = resolve(values.lab)
const bin = join(lab, 'bin')
const loadgen = values.loadgen || join(bin, 'loadgen')
if (!values.lab || !existsSync(loadgen)) {
  process.stderr.write(`--lab DIR (or $LAB) with the programs of peers/build.sh in DIR/bin is needed; ${loadgen} is not there\n`)
  process.exit(2)
}

function load(server: Server, phase: string): Promise<Phase> {
  const args = ['-server', server.url, '-token', server.token, '-n', values.n, '-c', values.c, '-phases', phase]
  const cpu = server.cpu()
  return new Promise((done, failed) => {
    const child = spawn(loadgen, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk
    })
    child.once('error', failed)
    child.once('close', (code) => {
      if (code !== 0) return failed(new Error(`loadgen ended (${code}): ${output}`))
      done({ ...(JSON.parse(output) as Omit<Phase, 'cpu_s'>), cpu_s: server.cpu() - cpu })
    })
  })
}

async function measure(start: () => Promise<Server>): Promise<Run> {
  const server = await start()
  try {
    const before = server.memory().now
    const phases: Phase[] = []
    for (const phase of values.phases.split(',')) phases.push(await load(server, phase))
    return { server: server.name, phases, memory: { before, ...server.memory() } }
  } finally {
    await server.stop()
  }
}

const rate = (phase: Phase | undefined): number => phase?.per_s ?? phase?.events_per_s ?? 0

function table(runs: readonly Run[]): string {
  const [first, second] = runs
  const rows = [
    ['phase', ...runs.flatMap((r) => [`${r.server} /s`, 'p50 ms', 'p99 ms', 'CPU s', 'errors']), ...(second ? ['ratio'] : [])],
    ...(first?.phases ?? []).map(({ phase }, i) => {
      const both = runs.map((r) => r.phases[i])
      const cells = both.flatMap((p) =>
        [rate(p), p?.p50_ms.toFixed(1), p?.p99_ms.toFixed(1), p?.cpu_s.toFixed(2), p?.errors].map(String),
      )
      return [phase, ...cells, ...(second ? [`${(rate(both[0]) / rate(both[1])).toFixed(2)} ×`] : [])]
    }),
  ]
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map((r) => r[i]?.length ?? 0))) ?? []
  const lines = rows.map((r) =>
    r.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  '),
  )
  const memory = runs.map(
    (r) => `${r.server}: RSS ${r.memory.before} MiB before, ${r.memory.now} after, ${r.memory.peak} at most`,
  )
  const errors = runs.flatMap((r) => r.phases.flatMap((p) => (p.first_error ? [`${r.server} ${p.phase}: ${p.first_error}`] : [])))
  return [...lines, ...memory, ...errors].join('\n')
}

const runs: Run[] = []
if (values.only !== 'peer') {
  const node = values.node.split(' ').filter(Boolean)
  runs.push(await measure(() => startSlipway({ scratch: lab, port: Number(values.port), store: values.store, node })))
}
if (values.only !== 'slipway')
  runs.push(await measure(() => startPeer({ scripts: values.peers, lab, port: Number(values.port) + 1 })))
process.stdout.write(values.output === 'json' ? `${JSON.stringify(runs)}\n` : `${table(runs)}\n`)
