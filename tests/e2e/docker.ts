import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, openSync } from 'node:fs'
import Docker from 'dockerode'

/** The folder and socket of the daemon that tests start when none runs; kept between files, since a start takes seconds. */
const folder = '/tmp/slipway-e2e-docker'
const socket = `${folder}/docker.sock`

export interface Daemon {
  /** For the DOCKER_HOST variable. */
  readonly host: string
  /** Whether the tests started it, and may stop and start it. */
  readonly isOurs: boolean
  restart(): Promise<void>
  stop(): Promise<void>
}

/** The daemon at `host`, as Docker's API has it. */
export const dockerAt = (host: string): Docker =>
  host.startsWith('unix://') ? new Docker({ socketPath: host.slice('unix://'.length) }) : new Docker({ host })

const answers = (host: string): Promise<boolean> =>
  dockerAt(host)
    .ping()
    .then(
      () => true,
      () => false,
    )

/** A Docker daemon that answers: the machine's, or one of our own. */
export async function dockerDaemon(): Promise<Daemon> {
  const machine = process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock'
  if (await answers(machine)) {
    return { host: machine, isOurs: false, restart: () => Promise.reject(new Error('not our daemon')), stop: async () => {} }
  }
  let child = await start()
  return {
    host: `unix://${socket}`,
    isOurs: true,
    async restart() {
      await end(child)
      child = await start()
    },
    stop: () => end(child),
  }
}

async function start(): Promise<ChildProcess> {
  if (!existsSync('/usr/sbin/dockerd'))
    throw new Error('no Docker daemon answers and /usr/sbin/dockerd is not installed: run scripts/setup')
  mkdirSync(folder, { recursive: true })
  const log = openSync(`${folder}/dockerd.log`, 'a')
  const args = [
    '--data-root',
    `${folder}/data`,
    '--exec-root',
    `${folder}/exec`,
    '--pidfile',
    `${folder}/pid`,
    '-H',
    `unix://${socket}`,
  ]
  const child = spawn('dockerd', args, { stdio: ['ignore', log, log] })
  const deadline = Date.now() + 60_000
  while (!(await answers(`unix://${socket}`))) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`dockerd did not start; see ${folder}/dockerd.log`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  return child
}

function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null) return resolve()
    child.once('exit', () => resolve())
    child.kill('SIGTERM')
  })
}
