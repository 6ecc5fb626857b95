// Runs an operator against a real API server process that is killed (-9) every 2 s and started again at once, with conflicts on every second
// write and watch events 30 s late, then checks that nothing was doubled, lost or left. Exits 1 when something was.
//   node scripts/soak-operators.ts [PLAN.ts] [--minutes 5] [--port 26000] [--data DIR] [--objects 20]
// A plan exports `plan` (src/testkit/soak.ts); default: tests/testkit/soaks/plain.ts.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { systemClock } from '../src/apimachinery/clock.ts'
import type { Client } from '../src/client/client.ts'
import { fromKubeconfig } from '../src/client/https.ts'
import { startControllers } from '../src/controllers/index.ts'
import { silentLog } from '../src/operators/log.ts'
import { runOperators } from '../src/operators/run-operators.ts'
import { installDefinitions } from '../src/testkit/definitions.ts'
import { createFaults } from '../src/testkit/faults.ts'
import { type SoakPlan, soak } from '../src/testkit/soak.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: 'string', default: '5' },
    port: { type: 'string', default: '26000' },
    objects: { type: 'string', default: '20' },
    data: { type: 'string' },
  },
})
const root = resolve(import.meta.dirname, '..')
const data = values.data ?? (await mkdtemp(join(tmpdir(), 'slipway-soak-')))
const kubeconfig = join(data, 'kubeconfig')

/** How long each start took until the API server served, in milliseconds; undefined: it was killed before. */
const starts: (number | undefined)[] = []

/** Starts the API server. `serves` resolves when it serves, or is killed before. */
function startServer(): { readonly child: ChildProcess; readonly serves: Promise<void> } {
  const args = ['apiserver', '--data', data, '--port', values.port, '--host', '127.0.0.1', '--write-kubeconfig', kubeconfig]
  const began = performance.now()
  const index = starts.push(undefined) - 1
  const child = spawn(join(root, 'bin/slipway'), args, { stdio: ['ignore', 'pipe', 'inherit'] })
  child.once('exit', (code) => {
    if (child.signalCode === 'SIGKILL') return
    console.error(`the API server ended with ${code}`)
    process.exit(1)
  })
  const serves = new Promise<void>((done) => {
    child.once('exit', () => done())
    child.stdout?.on('data', (text: Buffer) => {
      if (!text.includes('serving')) return
      starts[index] ??= performance.now() - began
      done()
    })
  })
  return { child, serves }
}

let server = startServer()
await server.serves
const killed = async (child: ChildProcess) => {
  const gone = new Promise((done) => child.once('exit', done))
  child.kill('SIGKILL')
  await gone
}
process.once('SIGINT', () => {
  server.child.kill('SIGKILL')
  process.exit(130)
})

const { plan } = (await import(pathToFileURL(resolve(positionals[0] ?? join(root, 'tests/testkit/soaks/plain.ts'))).href)) as {
  plan: SoakPlan
}
const client: Client = await fromKubeconfig(kubeconfig)
await installDefinitions(client, plan.crds)
const stop = new AbortController()
const cleaners = ['garbage-collector', 'namespace-controller']
startControllers({ client, signal: stop.signal, caBundle: '', log: silentLog, only: (name) => cleaners.includes(name) })
const faults = createFaults(systemClock)
faults.set({ conflicts: 2, eventDelay: '30s' })
const began = performance.now()
const report = await soak(
  {
    client,
    faults,
    clock: systemClock,
    random: Math.random,
    run: (operator) =>
      runOperators(faults.between(client), [operator], { signal: stop.signal, election: false, webhooks: false, log: silentLog }),
    async restart() {
      await killed(server.child)
      server = startServer()
    },
  },
  {
    ...plan,
    objects: Number(values.objects),
    durationMs: Number(values.minutes) * 60_000,
    restartEveryMs: 2000,
    settleMs: 180_000,
  },
)
stop.abort()
await killed(server.child)
if (!values.data) await rm(data, { recursive: true })
const took = Math.round((performance.now() - began) / 1000)
const served = starts.filter((ms) => ms !== undefined).sort((a, b) => a - b)
const apiServer = {
  starts: starts.length,
  served: served.length,
  servesAfterMs: { median: Math.round(served[served.length >> 1] ?? 0), most: Math.round(served.at(-1) ?? 0) },
}
console.log(JSON.stringify({ operator: plan.operator.name, seconds: took, ...report, apiServer }, null, 2))
process.exit(report.problems.length === 0 ? 0 : 1)
