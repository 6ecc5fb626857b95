// Puts the same load on `slipway apiserver` and on kube-apiserver + etcd, both durable, phase by phase in turn, and says for each whether
// it is as many times faster as asked.
//   node bench/loadgen.ts --lab DIR [--n 5000] [--c 32] [--watchers 1000] [--rounds 3] [--objects 50000] [--phases …]
//                         [--only slipway|peer] [--store lmdb|memory] [-o json]
// DIR/bin has the programs that peers/build.sh makes: etcd, kube-apiserver, kubectl, loadgen. Everything else is in DIR/bench.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { medianOf, type Phase, type Run, table } from './report.ts'
import { endedCpu, type Server, startPeer, startSlipway } from './servers.ts'

const { values } = parseArgs({
  options: {
    lab: { type: 'string', default: process.env.LAB ?? '' },
    peers: { type: 'string', default: process.env.PEERS ?? resolve(import.meta.dirname, '../../shared/peers') },
    loadgen: { type: 'string', default: process.env.LOADGEN ?? '' },
    n: { type: 'string', default: '5000' },
    c: { type: 'string', default: '32' },
    watchers: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '3' },
    objects: { type: 'string', default: '50000' },
    phases: { type: 'string', default: 'create,get,list,listlabel,watch,update,apply,delete' },
    port: { type: 'string', default: '21800' },
    store: { type: 'string', default: 'lmdb' },
    only: { type: 'string' },
    node: { type: 'string', default: '' },
    output: { type: 'string', short: 'o' },
  },
})

const lab = resolve(values.lab)
const bin = join(lab, 'bin')
const loadgen = values.loadgen || join(bin, 'loadgen')
if (!values.lab || !existsSync(loadgen)) {
  process.stderr.write(`--lab DIR (or $LAB) with the programs of peers/build.sh in DIR/bin is needed; ${loadgen} is not there\n`)
  process.exit(2)
}

/** Every phase begins with this many objects, so that a server that compiles while it runs is measured as it is after a minute. */
const warmUp = 2000

function load(server: Server, phase: string, namespace: string, n = values.n): Promise<Phase> {
  const args = ['-server', server.url, '-token', server.token, '-n', String(n), '-c', values.c]
  const [cpu, own] = [server.cpu(), endedCpu()]
  return new Promise((done, failed) => {
    const all = [...args, '-w', values.watchers, '-ns', namespace, '-phases', phase]
    const child = spawn(loadgen, all, { stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk
    })
    child.once('error', failed)
    child.once('close', (code) => {
      if (code !== 0) return failed(new Error(`loadgen ended (${code}): ${output}`))
      const line = JSON.parse(output) as Omit<Phase, 'cpu_s' | 'load_cpu_s'>
      done({ ...line, cpu_s: server.cpu() - cpu, load_cpu_s: endedCpu() - own })
    })
  })
}

const log = (text: string) => void process.stderr.write(`${text}\n`)

/** Rounds of all phases; in each, one server after the other, and the other first in the next round. */
async function measure(servers: readonly Server[]): Promise<Run[]> {
  const phases = values.phases.split(',')
  const found = new Map(servers.map((s) => [s, new Map(phases.map((p): [string, Phase[]] => [p, []]))]))
  for (const server of servers) for (const phase of phases) await load(server, phase, 'warm', String(warmUp))
  for (let round = 1; round <= Number(values.rounds); round++) {
    for (const phase of phases) {
      for (const server of round % 2 === 1 ? servers : servers.toReversed()) {
        const result = await load(server, phase, `round-${round}`)
        found.get(server)?.get(phase)?.push(result)
        log(`round ${round} ${server.name} ${JSON.stringify(result)}`)
      }
    }
  }
  const runs: Run[] = []
  for (const server of servers) {
    const medians = phases.map((phase) => medianOf(found.get(server)?.get(phase) ?? []))
    runs.push({ server: server.name, phases: medians, memory: await fill(server) })
  }
  return runs
}

/** What the server takes with so many objects, after it had time to tidy up. */
async function fill(server: Server): Promise<Run['memory']> {
  const before = server.memory().now
  const objects = Number(values.objects)
  if (objects === 0) return { before, objects, ...server.memory() }
  log(`${server.name}: ${JSON.stringify(await load(server, 'create', 'many', values.objects))}`)
  await new Promise((resolve) => setTimeout(resolve, 10_000))
  return { before, objects, ...server.memory() }
}

async function start(servers: Server[]): Promise<void> {
  const scratch = join(lab, 'bench')
  rmSync(scratch, { recursive: true, force: true })
  mkdirSync(scratch, { recursive: true })
  symlinkSync(bin, join(scratch, 'bin'))
  const node = values.node.split(' ').filter(Boolean)
  const port = Number(values.port)
  if (values.only !== 'peer') servers.push(await startSlipway({ scratch, port, store: values.store, node }))
  if (values.only !== 'slipway') servers.push(await startPeer({ scripts: values.peers, lab: scratch, port: port + 1 }))
}

const servers: Server[] = []
try {
  await start(servers)
  const runs = await measure(servers)
  process.stdout.write(values.output === 'json' ? `${JSON.stringify(runs)}\n` : `${table(runs)}\n`)
} finally {
  for (const server of servers) await server.stop()
}
