import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type DockerClient from 'dockerode'
import { type Clock, sleep, systemClock } from '../apimachinery/clock.ts'
import { Docker } from './docker/dockerode.ts'

interface DockerDaemon {
  readonly docker: DockerClient
  /** Ends the daemon if it is one that Slipway started, and waits until it has. It goes on when Slipway stops, as its containers do. */
  stop(): Promise<void>
}

interface DaemonOptions {
  /** Where a daemon of our own keeps images, containers, socket and log. */
  readonly dataDir: string
  /** Told what takes time. */
  readonly say?: (line: string) => void
  readonly clock?: Clock
  /** Do not start a daemon. */
  readonly onlyRunning?: boolean
}

/** No daemon answers, and none can be started here. */
class NoDocker extends Error {
  constructor(why: string) {
    super(`no Docker daemon: ${why}`)
    this.name = 'NoDocker'
  }
}

const startSeconds = 60

/** The Docker daemon to use: that of $DOCKER_HOST or the machine's, else our own, started when dockerd is installed and we are root. Throws NoDocker. */
export async function connectDocker(options: DaemonOptions): Promise<DockerDaemon> {
  const machine = new Docker()
  if (await answers(machine)) return { docker: machine, stop: async () => {} }
  if (process.env.DOCKER_HOST) throw new NoDocker(`$DOCKER_HOST (${process.env.DOCKER_HOST}) does not answer`)
  const { dataDir, clock = systemClock, say = () => {} } = options
  const docker = new Docker({ socketPath: join(dataDir, 'docker.sock') })
  const stop = () => stopOwn(dataDir, clock)
  if (await answers(docker)) return { docker, stop }
  if (options.onlyRunning) throw new NoDocker('none runs')
  const program = dockerd()
  if (!program)
    throw new NoDocker('none answers at /var/run/docker.sock, and dockerd is not installed: apt-get install docker.io')
  if (process.getuid?.() !== 0)
    throw new NoDocker('none answers at /var/run/docker.sock: start it, or run as root so that Slipway can')
  say('starting a Docker daemon')
  await startOwn(program, dataDir, docker, clock)
  return { docker, stop }
}

async function answers(docker: DockerClient): Promise<boolean> {
  try {
    await docker.ping()
    return true
  } catch {
    return false
  }
}

function dockerd(): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', '/usr/bin']
  return folders.map((folder) => join(folder, 'dockerd')).find((path) => existsSync(path))
}

async function startOwn(program: string, dataDir: string, docker: DockerClient, clock: Clock): Promise<void> {
  mkdirSync(dataDir, { recursive: true, mode: 0o711 })
  const path = (name: string) => join(dataDir, name)
  const log = openSync(path('dockerd.log'), 'a', 0o600)
  const args = [
    '--data-root',
    path('data'),
    '--exec-root',
    path('exec'),
    '--pidfile',
    path('dockerd.pid'),
    '-H',
    `unix://${path('docker.sock')}`,
  ]
  // Detached: the containers outlive us, so their daemon must.
  const child = spawn(program, args, { detached: true, stdio: ['ignore', log, log] })
  let ended: string | undefined
  child.once('error', (error) => (ended = error.message))
  child.once('exit', (code) => (ended = `dockerd ended (${code})`))
  child.unref()
  const until = clock.now() + startSeconds * 1000
  // dockerd says on no channel that it is ready; its socket does.
  while (!(await answers(docker))) {
    if (ended !== undefined) throw new NoDocker(`${ended}; see ${path('dockerd.log')}`)
    if (clock.now() > until) throw new NoDocker(`dockerd did not answer within ${startSeconds} s; see ${path('dockerd.log')}`)
    await sleep(clock, 50)
  }
}

async function stopOwn(dataDir: string, clock: Clock): Promise<void> {
  const pid = ownPid(dataDir)
  if (pid === undefined) return
  process.kill(pid, 'SIGTERM')
  for (const until = clock.now() + 30_000; ownPid(dataDir) === pid; await sleep(clock, 50)) {
    if (clock.now() > until) throw new Error(`dockerd (process ${pid}) did not end within 30 s`)
  }
}

/** The process of our daemon, while it runs. */
function ownPid(dataDir: string): number | undefined {
  try {
    const pid = Number(readFileSync(join(dataDir, 'dockerd.pid'), 'utf8'))
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(dataDir) ? pid : undefined
  } catch {
    return undefined
  }
}
