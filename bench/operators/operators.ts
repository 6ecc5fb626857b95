// The operator of examples/operators/database and the same one written with controller-runtime (bench/operators/go), on the same API
// server in turn: how fast 10,000 objects become as declared, how soon a change is acted on, how fast all are looked at again after a
// restart, and memory.
//   node bench/operators/operators.ts [--n 10000] [--changes 1000] [--rate 50] [--port 21900] [--only slipway|controller-runtime] [-o json]
//     --program FILE     the peer, built before
//     --node=--cpu-prof  options of node for our operator: profiles it
// Needs Go for the peer, whose modules come from the Go module proxy.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { Database } from '../../examples/operators/database/operator.ts'
import { httpsClient } from '../../src/client/https.ts'
import { installDefinitions } from '../../src/testkit/definitions.ts'
import { startSlipway } from '../servers.ts'
import { changed, converged, type Latencies, made } from './load.ts'
import { type Kind, type OperatorProcess, startOperator } from './process.ts'

const { values } = parseArgs({
  options: {
    n: { type: 'string', default: '10000' },
    changes: { type: 'string', default: '1000' },
    rate: { type: 'string', default: '50' },
    port: { type: 'string', default: '21900' },
    only: { type: 'string' },
    program: { type: 'string' },
    node: { type: 'string', default: '' },
    output: { type: 'string', short: 'o' },
  },
})

interface Result {
  readonly operator: Kind
  readonly lines: number
  /** Objects that became as declared, a second, from the start of the process. */
  readonly converge_per_s: number
  /** What the operator used for that, in seconds of one core. */
  readonly converge_cpu_s: number
  /** What the API server used meanwhile. */
  readonly converge_server_cpu_s: number
  /** Reconciles a second while it did. */
  readonly reconciles_per_s: number
  /** Reconciles a second after a restart, when all is as declared: from the start of the process to the last object. */
  readonly restart_reconciles_per_s: number
  readonly restart_cpu_s: number
  readonly change: Latencies
  /** RSS in MiB, with all objects known. */
  readonly memory_mib: number
}

const root = resolve(import.meta.dirname, '../..')
const scratch = mkdtempSync(join(tmpdir(), 'slipway-bench-operators-'))
const log = (text: string) => void process.stderr.write(`${text}\n`)
const seconds = (since: number) => (performance.now() - since) / 1000

/** Lines that somebody writes: without empty ones, comments, imports' closing lines count. */
function linesOf(files: readonly string[]): number {
  const written = (line: string) => line.trim() !== '' && !/^\s*(\/\/(?! \+kubebuilder)|\/\*\*|\*)/.test(line)
  return files.reduce((n, f) => n + readFileSync(join(root, f), 'utf8').split('\n').filter(written).length, 0)
}

const sources: Readonly<Record<Kind, readonly string[]>> = {
  slipway: ['examples/operators/database/operator.ts'],
  'controller-runtime': ['types', 'children', 'reconciler', 'main'].map((f) => `bench/operators/go/${f}.go`),
}

async function measure(kind: Kind, program: string | undefined): Promise<Result> {
  const [n, port] = [Number(values.n), Number(values.port)]
  const server = await startSlipway({ scratch, port, store: 'lmdb', node: [] })
  const client = httpsClient({ server: server.url, token: server.token, insecure: true })
  const kubeconfig = join(scratch, 'kubeconfig')
  writeFileSync(kubeconfig, kubeconfigOf(server.url, server.token), { mode: 0o600 })
  const start = (): Promise<OperatorProcess> =>
    startOperator({ kind, program, kubeconfig, metricsPort: port + 1, node: values.node })
  try {
    await installDefinitions(client, [Database])
    log(`${kind}: makes ${n} objects`)
    await made(client, n)
    const [began, serverCpu] = [performance.now(), server.cpu()]
    let operator = await start()
    await converged(client, n)
    const time = seconds(began)
    const [cpu, reconciles] = [operator.cpu(), await operator.reconciles()]
    const spent = server.cpu() - serverCpu
    log(`${kind}: ${n} objects in ${time.toFixed(1)} s`)
    const change = await changed(client, Number(values.changes), Number(values.rate))
    log(`${kind}: a change p50 ${change.p50_ms} ms, p99 ${change.p99_ms} ms`)
    const { now } = operator.memory()
    await operator.stop()
    const again = performance.now()
    operator = await start()
    await operator.reconciled(n)
    const restart = seconds(again)
    const result: Result = {
      operator: kind,
      lines: linesOf(sources[kind]),
      converge_per_s: Math.round(n / time),
      converge_cpu_s: cpu,
      converge_server_cpu_s: Math.round(spent * 10) / 10,
      reconciles_per_s: Math.round(reconciles / time),
      restart_reconciles_per_s: Math.round(n / restart),
      restart_cpu_s: operator.cpu(),
      change,
      memory_mib: now,
    }
    await operator.stop()
    return result
  } finally {
    await server.stop()
  }
}

const kubeconfigOf = (server: string, token: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'b', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'b', user: { token } }],
    contexts: [{ name: 'b', context: { cluster: 'b', user: 'b' } }],
    'current-context': 'b',
  })

function buildPeer(): string {
  const program = join(scratch, 'database-go')
  const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=mod -buildvcs=false' }
  execFileSync('go', ['build', '-o', program, '.'], { cwd: join(import.meta.dirname, 'go'), env, stdio: 'inherit' })
  return program
}

const kinds = (['slipway', 'controller-runtime'] as const).filter((k) => !values.only || values.only === k)
const results: Result[] = []
for (const kind of kinds)
  results.push(await measure(kind, kind === 'controller-runtime' ? (values.program ?? buildPeer()) : undefined))
rmSync(scratch, { recursive: true, force: true })
if (values.output === 'json') process.stdout.write(`${JSON.stringify(results, null, 2)}\n`)
else console.table(results.map(({ change, ...rest }) => ({ ...rest, ...change })))
process.exit(0)
