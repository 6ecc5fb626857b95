import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Client } from '../../src/client/client.ts'
import { fromKubeconfig } from '../../src/client/https.ts'
import { freePort } from '../store/etcd-server.ts'

export interface ApiServerProcess {
  readonly client: Client
  readonly server: string
  readonly kubeconfig: string
  readonly process: ChildProcess
  /** What it wrote, both streams. */
  output(): string
  /** SIGKILL, or the signal given; resolves when it has ended. */
  kill(signal?: NodeJS.Signals): Promise<void>
}

/** Runs `slipway apiserver` on a data directory and waits until it serves. Throws with what it said when it ends before. */
export async function startApiServer(data: string, flags: readonly string[] = []): Promise<ApiServerProcess> {
  const port = await freePort()
  const kubeconfig = `${data}-${port}.kubeconfig`
  const main = join(import.meta.dirname, '../../src/cli/main.ts')
  const args = [
    'apiserver',
    '--data',
    data,
    '--host',
    '127.0.0.1',
    '--port',
    `${port}`,
    '--write-kubeconfig',
    kubeconfig,
    ...flags,
  ]
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  await new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output += chunk
        if (output.includes('serving the Kubernetes API')) resolve()
      })
    }
    child.once('exit', (code) => reject(new Error(`slipway apiserver ended with ${code}: ${output}`)))
  })
  return {
    client: await fromKubeconfig(kubeconfig),
    server: `https://127.0.0.1:${port}`,
    kubeconfig,
    process: child,
    output: () => output,
    kill: async (signal = 'SIGKILL') => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill(signal)
      await ended
    },
  }
}
