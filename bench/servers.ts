import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')

/** An API server under load, and how to be rid of it. */
export interface Server {
  readonly name: string
  readonly url: string
  readonly token: string
  /** Of all its processes together, in MiB. */
  memory(): { readonly now: number; readonly peak: number }
  /** What its processes have used so far, in seconds of one core: it says more than a rate where others share the machine. */
  cpu(): number
  stop(): Promise<void>
}

interface SlipwayOptions {
  readonly scratch: string
  readonly port: number
  /** `lmdb` or `memory`. */
  readonly store: string
  /** Options of node itself: --cpu-prof and the like. */
  readonly node: readonly string[]
}

/** `slipway apiserver` with an empty data directory. */
export async function startSlipway(options: SlipwayOptions): Promise<Server> {
  const data = join(options.scratch, 'slipway')
  rmSync(data, { recursive: true, force: true })
  mkdirSync(data, { recursive: true })
  const token = crypto.randomUUID()
  const tokenFile = join(data, 'tokens.csv')
  writeFileSync(tokenFile, `${token},admin,admin,system:masters\n`, { mode: 0o600 })
  const flags = ['--data', join(data, 'data'), '--host', '127.0.0.1', '--port', String(options.port), '--store', options.store]
  const child = spawn(join(root, 'bin/slipway'), ['apiserver', ...flags, '--token-auth-file', tokenFile], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: options.node.join(' ') },
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve())
    child.once('exit', (code) => reject(new Error(`slipway apiserver ended (${code})`)))
  })
  const pid = child.pid ?? 0
  return {
    name: 'slipway',
    url: `https://127.0.0.1:${options.port}`,
    token,
    memory: () => memoryOf([pid]),
    cpu: () => cpuOf([pid]),
    async stop() {
      child.kill('SIGTERM')
      await ended
      rmSync(data, { recursive: true, force: true })
    },
  }
}

interface PeerOptions {
  /** The folder of up.sh and down.sh. */
  readonly scripts: string
  /** Scratch folder; its `bin` has the programs. */
  readonly lab: string
  /** The first of three ports: kube-apiserver, etcd for clients, etcd for peers. */
  readonly port: number
}

/** kube-apiserver on etcd with an empty database, started by up.sh on ports of its own. Throws when it cannot have them. */
export async function startPeer({ scripts, lab, port }: PeerOptions): Promise<Server> {
  const env = { ...process.env, LAB: lab, PATH: `${join(lab, 'bin')}${delimiter}${process.env.PATH}` }
  const up = readFileSync(join(scripts, 'up.sh'), 'utf8')
    .replaceAll('16443', String(port))
    .replaceAll('12379', String(port + 1))
    .replaceAll('12380', String(port + 2))
  const stdio = ['ignore', 'ignore', 'inherit'] as const
  const down = () => void execFileSync('bash', [join(scripts, 'down.sh')], { env, stdio: [...stdio] })
  execFileSync('bash', ['-c', up], { env, stdio: [...stdio] })
  const pids = ['etcd', 'apiserver'].map((name) => Number(readFileSync(join(lab, 'peer-run', `${name}.pid`), 'utf8')))
  if (!pids.every(isAlive)) {
    down()
    throw new Error(`etcd or kube-apiserver ended: are the ports ${port} to ${port + 2} free? Logs are in ${lab}/peer-run`)
  }
  return {
    name: 'kube-apiserver + etcd',
    url: `https://127.0.0.1:${port}`,
    token: 'admintoken',
    memory: () => memoryOf(pids),
    cpu: () => cpuOf(pids),
    async stop() {
      down()
      // kube-apiserver may wait for ever for the etcd that ended before it.
      for (const pid of pids.filter(isAlive)) process.kill(pid, 'SIGKILL')
    },
  }
}

const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}`)

export function memoryOf(pids: readonly number[]): { now: number; peak: number } {
  const total = (field: string) =>
    pids.reduce((mib, pid) => {
      const [, kib = '0'] = new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
      return mib + Number(kib) / 1024
    }, 0)
  return { now: Math.round(total('VmRSS')), peak: Math.round(total('VmHWM')) }
}

const ticksPerSecond = 100

/** Fields 14 to 17 of /proc/PID/stat, in seconds: user and system time, and those of children that have ended. */
function times(pid: number | string): readonly number[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields.slice(11, 15).map((ticks) => Number(ticks) / ticksPerSecond)
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0)

/** User and system time, its ended children's too, in seconds. */
export const cpuOf = (pids: readonly number[]): number => sum(pids.map((pid) => sum(times(pid))))

/** What our own children used that have ended: loadgen. */
export const endedCpu = (): number => sum(times('self').slice(2))
