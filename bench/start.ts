// How long `slipway up` takes to Ready, a push to its first running container, and what it uses when idle.
//   node bench/start.ts [--scratch DIR] [--port N] [--pushes 10] [--pods 20] [--idle 60] [-o json]
// Needs a Docker daemon that runs and the image slipway/demo-web:1, which the first start makes. Only one `slipway up` can
// run on a machine at a time: it waits for another to end.
import { execFile, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { pods } from '../src/apimachinery/resources.generated.ts'
import type { Client } from '../src/client/client.ts'
import { fromKubeconfig } from '../src/client/https.ts'
import { cpuOf, memoryOf } from './servers.ts'

const { values } = parseArgs({
  options: {
    scratch: { type: 'string', default: tmpdir() },
    port: { type: 'string', default: '21850' },
    pushes: { type: 'string', default: '10' },
    pods: { type: 'string', default: '20' },
    idle: { type: 'string', default: '60' },
    output: { type: 'string', short: 'o' },
  },
})

const root = resolve(import.meta.dirname, '..')
const bin = join(root, 'bin/slipway')
const scratch = mkdtempSync(join(resolve(values.scratch), 'slipway-start-'))
const data = join(scratch, 'data')
const image = 'slipway/demo-web:1'
const run = promisify(execFile)
const say = (line: string) => process.stderr.write(`${line}\n`)

interface Up {
  readonly pid: number
  /** From the start of the program to all nodes Ready, in seconds. */
  readonly seconds: number
  stop(): Promise<void>
}

async function up(): Promise<Up> {
  const began = performance.now()
  const child = spawn(bin, ['up', '--data', data, '--port', values.port, '-o', 'json'], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<void>((done) => child.once('exit', () => done()))
  await new Promise<void>((ready, failed) => {
    child.stdout.once('data', () => ready())
    child.once('exit', (code) => failed(new Error(`slipway up ended (${code})`)))
  })
  const stop = () => {
    child.kill('SIGTERM')
    return ended
  }
  return { pid: child.pid ?? 0, seconds: (performance.now() - began) / 1000, stop }
}

const manifest = (name: string, replicas: number) => `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name} }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      terminationGracePeriodSeconds: 0
      containers:
        - { name: web, image: "${image}" }
`

interface Repository {
  /** Commits the file and pushes it; resolves when the server has accepted the push. */
  push(file: string, text: string): Promise<void>
}

async function repository(name: string): Promise<Repository> {
  const folder = join(scratch, name)
  mkdirSync(folder, { recursive: true })
  const settings = ['-c', 'user.name=bench', '-c', 'user.email=bench@localhost', '-c', `include.path=${join(data, 'gitconfig')}`]
  const { GIT_SSL_CAINFO: _, ...env } = process.env
  const git = (...args: string[]) => run('git', [...settings, ...args], { cwd: folder, env })
  await git('init', '-q', '-b', 'main')
  await git('remote', 'add', 'origin', `https://127.0.0.1:${values.port}/git/${name}.git`)
  return {
    async push(file, text) {
      writeFileSync(join(folder, file), text)
      await git('add', '-A')
      await git('commit', '-qm', file)
      await git('push', '-q', 'origin', 'main')
    },
  }
}

/** Resolves when `count` pods of the app run, with all their containers started. Polls: it must see what a user would. */
async function running(client: Client, app: string, count: number): Promise<void> {
  const until = performance.now() + 60_000
  for (;;) {
    const { items } = await client.list(pods, { namespace: 'default', labelSelector: `app=${app}` })
    const started = items.filter((p) => p.status?.containerStatuses?.every((c) => c.state?.running))
    if (started.filter((p) => p.status?.phase === 'Running').length >= count) return
    if (performance.now() > until) throw new Error(`${app}: ${started.length} of ${count} pods ran within 60 s`)
    await pause(20)
  }
}

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms))

/** `slipway up` of anybody on this machine. */
function othersUp(): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      try {
        return pid > 0 && /(?:cli\/main\.ts|start\/launch\.cjs)\0up\0/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
      } catch {
        return false
      }
    })
}

async function waitForTurn(): Promise<void> {
  for (let others = othersUp(); others.length > 0; others = othersUp()) {
    say(`waiting for another slipway up to end: ${others.join(' ')}`)
    await pause(3000)
  }
}

const median = (numbers: readonly number[]): number => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0

async function measurePushes(client: Client): Promise<number[]> {
  const seconds: number[] = []
  const repo = await repository('bench')
  for (let i = 0; i < Number(values.pushes); i++) {
    await repo.push(`web-${i}.yaml`, manifest(`web-${i}`, 1))
    const accepted = performance.now()
    await running(client, `web-${i}`, 1)
    seconds.push((performance.now() - accepted) / 1000)
  }
  await repo.push('many.yaml', manifest('many', Math.max(0, Number(values.pods) - seconds.length)))
  await running(client, 'many', Number(values.pods) - seconds.length)
  return seconds
}

async function measureIdle(pid: number): Promise<{ cpuPercent: number; rssMiB: number }> {
  await pause(5000)
  const [cpu, began] = [cpuOf([pid]), performance.now()]
  await pause(Number(values.idle) * 1000)
  const seconds = (performance.now() - began) / 1000
  return { cpuPercent: ((cpuOf([pid]) - cpu) / seconds) * 100, rssMiB: memoryOf([pid]).now }
}

async function measure() {
  const first = await up()
  await first.stop()
  const second = await up()
  const client = await fromKubeconfig(join(data, 'kubeconfig'))
  try {
    const pushes = await measurePushes(client)
    const idle = await measureIdle(second.pid)
    return { firstStart: first.seconds, start: second.seconds, pushes, push: median(pushes), ...idle }
  } finally {
    await second.stop()
  }
}

await waitForTurn()
mkdirSync(data, { recursive: true })
try {
  const found = await measure()
  if (values.output === 'json') process.stdout.write(`${JSON.stringify(found)}\n`)
  else
    process.stdout.write(
      `start to Ready: ${found.start.toFixed(2)} s (${found.firstStart.toFixed(2)} s on an empty data directory)\n` +
        `push accepted to first container running: median ${found.push.toFixed(2)} s of ${found.pushes.map((s) => s.toFixed(2)).join(' ')}\n` +
        `idle with ${values.pods} pods over ${values.idle} s: ${found.cpuPercent.toFixed(1)} % of a core, RSS ${found.rssMiB} MiB\n`,
    )
} finally {
  await run(bin, ['down', '--purge', '--data', data])
  rmSync(scratch, { recursive: true, force: true })
}
