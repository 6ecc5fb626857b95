import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

/** A real etcd of one member in a folder of its own. */
export interface EtcdServer {
  readonly url: string
  /** Kills it with SIGKILL. */
  kill(): Promise<void>
  /** Starts it again on the same data. */
  start(): Promise<void>
  /** Kills it and removes its data. */
  remove(): Promise<void>
}

/** $SLIPWAY_ETCD, else the one on the path (Debian's package etcd-server, which scripts/setup --tests installs). */
function program(): string {
  const given = process.env.SLIPWAY_ETCD
  if (given) return given
  const found = (process.env.PATH ?? '')
    .split(delimiter)
    .map((d) => join(d, 'etcd'))
    .find((f) => existsSync(f))
  if (!found) throw new Error('no etcd on the path: run scripts/setup --tests as root, or name one by SLIPWAY_ETCD')
  return found
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

interface EtcdServerOptions {
  readonly flags?: readonly string[]
  readonly scheme?: 'http' | 'https'
}

export async function startEtcd({ flags = [], scheme = 'http' }: EtcdServerOptions = {}): Promise<EtcdServer> {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-etcd-'))
  const url = `${scheme}://127.0.0.1:${await freePort()}`
  const peer = `http://127.0.0.1:${await freePort()}`
  let child: ChildProcess | undefined
  const start = () =>
    new Promise<void>((resolve, reject) => {
      let output = ''
      const started = spawn(
        program(),
        [
          ...['--name', 'one', '--data-dir', folder, '--listen-client-urls', url, '--advertise-client-urls', url],
          ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', `one=${peer}`],
          ...['--logger', 'zap', ...flags],
        ],
        { stdio: ['ignore', 'ignore', 'pipe'] },
      )
      child = started
      started.stderr.on('data', (chunk: Buffer) => {
        output += chunk
        if (/ready to serve client requests|serving (insecure )?client (requests|traffic)/i.test(output)) resolve()
      })
      started.once('error', reject)
      started.once('exit', () => reject(new Error(`etcd ended: ${output.slice(-2000)}`)))
    })
  const kill = async () => {
    const running = child
    child = undefined
    if (!running || running.exitCode !== null) return
    const ended = new Promise((resolve) => running.once('exit', resolve))
    running.kill('SIGKILL')
    await ended
  }
  await start()
  return {
    url,
    start,
    kill,
    remove: async () => {
      await kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
