import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { type Daemon, dockerDaemon } from './docker.ts'

const root = resolve(import.meta.dirname, '../..')

export interface Outcome {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

export interface Cluster {
  readonly server: string
  readonly kubeconfig: string
  readonly folder: string
  readonly docker: Daemon
  readonly pid: number
  /** Runs kubectl. Throws with its standard error when it fails; returns standard output. */
  kubectl(...args: string[]): Promise<string>
  /** Runs kubectl and returns how it ended. */
  tryKubectl(args: readonly string[], options?: { readonly input?: string; readonly seconds?: number }): Promise<Outcome>
  json<T = Record<string, never>>(...args: string[]): Promise<T>
  slipway(...args: string[]): Promise<Outcome>
  /** A clone of a new or existing repository on the built-in Git server. */
  repository(name: string): Promise<Repository>
  /** kill -9 of the process. */
  kill(): Promise<void>
  /** Starts it again on the same data. */
  start(): Promise<void>
  /** Stops it and removes everything; the folder too. */
  remove(): Promise<void>
}

export interface Repository {
  readonly folder: string
  write(path: string, text: string): void
  remove(path: string): void
  /** Commits everything and pushes. */
  push(...options: string[]): Promise<Outcome>
  /** Brings what others pushed under what is committed here. */
  pull(): Promise<Outcome>
}

/** Runs a program to its end, or kills it after `seconds`. Never throws for its exit status. */
export function run(
  file: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; input?: string; seconds?: number } = {},
): Promise<Outcome> {
  return new Promise((done) => {
    const { cwd, env = process.env, seconds = 120 } = options
    const child = execFile(
      file,
      [...args],
      { env, timeout: seconds * 1000, maxBuffer: 64 << 20, ...(cwd ? { cwd } : {}) },
      (error, stdout, stderr) => {
        const code = error ? (error as { code?: number | string }).code : 0
        done({ status: typeof code === 'number' ? code : 1, stdout, stderr: error && !stderr ? String(error) : stderr })
      },
    )
    if (options.input !== undefined) child.stdin?.end(options.input)
    else child.stdin?.end()
  })
}

/** Tries until `check` holds (returns something else than undefined or false, and does not throw). Throws with the last failure after `seconds`. */
export async function eventually<T>(what: string, check: () => Promise<T | undefined | false>, seconds = 60): Promise<T> {
  const deadline = Date.now() + seconds * 1000
  let last: unknown
  for (;;) {
    try {
      const found = await check()
      if (found !== undefined && found !== false) return found
      last = undefined
    } catch (error) {
      last = error
    }
    if (Date.now() > deadline)
      throw new Error(`not within ${seconds} s: ${what}${last ? `: ${last instanceof Error ? last.message : last}` : ''}`)
    await new Promise((go) => setTimeout(go, 100))
  }
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((go) => server.listen(0, '127.0.0.1', go))
  const { port } = server.address() as AddressInfo
  await new Promise((go) => server.close(go))
  return port
}

/** $SLIPWAY_KUBECTL tries another version. */
export const kubectlPath = (): string => {
  const own = join(root, '.slipway/bin/kubectl')
  return process.env.SLIPWAY_KUBECTL ?? (existsSync(own) ? own : 'kubectl')
}

/** Starts a Slipway of its own for a test file. $SLIPWAY_E2E_PROXY tries another proxy mode. */
export async function startCluster(options: { readonly nodes?: number; readonly proxy?: string } = {}): Promise<Cluster> {
  const docker = await dockerDaemon()
  const folder = mkdtempSync(join(tmpdir(), 'slipway-e2e-'))
  const port = await freePort()
  const data = join(folder, 'data')
  // git lets GIT_SSL_CAINFO override the settings of the data directory.
  const { GIT_SSL_CAINFO: _, ...inherited } = process.env
  const env = {
    ...inherited,
    DOCKER_HOST: docker.host,
    SLIPWAY_DATA: data,
    KUBECONFIG: join(data, 'kubeconfig'),
    GIT_CONFIG_GLOBAL: '/dev/null',
    LC_ALL: 'C',
  }
  let child: ChildProcess | undefined
  let output = ''
  const start = () =>
    new Promise<void>((ready, failed) => {
      const proxy = options.proxy ?? process.env.SLIPWAY_E2E_PROXY ?? 'auto'
      const args = ['up', '--port', String(port), '--nodes', String(options.nodes ?? 1), '--proxy', proxy, '-o', 'json']
      // exec in bin/slipway makes the child's pid that of node itself.
      const up = spawn(join(root, 'bin/slipway'), args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
      child = up
      const timer = setTimeout(() => {
        up.kill('SIGKILL')
        failed(new Error(`slipway up was not ready within 90 s:\n${output}`))
      }, 90_000)
      up.stderr.on('data', (chunk: Buffer) => (output += chunk))
      up.stdout.on('data', (chunk: Buffer) => {
        output += chunk
        clearTimeout(timer)
        ready()
      })
      up.once('exit', (code) => {
        clearTimeout(timer)
        failed(new Error(`slipway up ended (${code}):\n${output}`))
      })
    })
  await start().catch(async (error: unknown) => {
    // uvu does not show what a `before` throws.
    console.error(error)
    await docker.stop()
    throw error
  })
  const tryKubectl: Cluster['tryKubectl'] = (args, o = {}) => run(kubectlPath(), args, { env, ...o })
  const kubectl = async (...args: string[]) => {
    const outcome = await tryKubectl(args)
    if (outcome.status !== 0) throw new Error(`kubectl ${args.join(' ')}: ${outcome.stderr}`)
    return outcome.stdout
  }
  const slipway = (...args: string[]) => run(join(root, 'bin/slipway'), args, { env })
  return {
    server: `https://127.0.0.1:${port}`,
    kubeconfig: join(data, 'kubeconfig'),
    folder,
    docker,
    get pid() {
      return child?.pid ?? 0
    },
    kubectl,
    tryKubectl,
    json: async (...args) => JSON.parse(await kubectl(...args, '-o', 'json')),
    slipway,
    repository: (name) => clone(folder, `https://127.0.0.1:${port}/git/${name}.git`, join(data, 'gitconfig'), env),
    kill: () =>
      new Promise((gone) => {
        child?.once('exit', () => gone())
        child?.kill('SIGKILL')
      }),
    start,
    async remove() {
      if (process.env.SLIPWAY_E2E_OUTPUT) console.error(output)
      const down = await slipway('down', '--purge')
      if (down.status !== 0) console.error(`slipway down --purge: ${down.stdout}${down.stderr}`)
      await docker.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function clone(folder: string, url: string, gitconfig: string, env: NodeJS.ProcessEnv): Promise<Repository> {
  const work = mkdtempSync(join(folder, 'work-'))
  const git = (...args: string[]) =>
    run('git', ['-c', 'user.name=e2e', '-c', 'user.email=e2e@localhost', '-c', `include.path=${gitconfig}`, ...args], {
      cwd: work,
      env,
      seconds: 300,
    })
  execFileSync('git', ['init', '-q', '-b', 'main', work], { env })
  await git('remote', 'add', 'origin', url)
  await git('pull', '-q', 'origin', 'main')
  return {
    folder: work,
    write(path, text) {
      mkdirSync(dirname(join(work, path)), { recursive: true })
      writeFileSync(join(work, path), text)
    },
    remove: (path) => rmSync(join(work, path)),
    async push(...options) {
      await git('add', '-A')
      await git('commit', '-qm', 'change')
      return git('push', ...options, 'origin', 'main')
    },
    pull: () => git('pull', '-q', '--rebase', 'origin', 'main'),
  }
}
