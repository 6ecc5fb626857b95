import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { controlGroup } from './limits.ts'
import { PackagesError } from './package-plan.ts'

export interface NpmRun {
  /** With package.json and package-lock.json. */
  readonly folder: string
  /** A folder of its own, so that nothing of others is believed. */
  readonly cache: string
  /** Ends it. */
  readonly signal: AbortSignal
}

/** What npm may know of the server: where its settings are, which say the registry, and how to get there. */
const passed = /^(HOME|PATH|npm_config_.*|https?_proxy|no_proxy|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE)$/i
const args = ['ci', '--ignore-scripts', '--omit=dev', '--no-audit', '--no-fund', '--bin-links=false', '--install-links=false']
const bounds = ['--fetch-retries=1', '--fetch-timeout=30000', '--loglevel=error', '--no-update-notifier', '--no-progress']

const limits = { memoryMiB: 512, cpuMilli: 1000 }

/** Installs what a lock says, without running any script of a package. Throws PackagesError saying why not. */
export function npmInstall({ folder, cache, signal }: NpmRun): Promise<void> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => passed.test(name)))
  return new Promise((resolve, reject) => {
    const child = spawn('npm', [...args, ...bounds, '--cache', cache], {
      cwd: folder,
      env: { ...env, NODE_ENV: 'production' },
      stdio: ['ignore', 'ignore', 'pipe'],
      // A group of its own, to end all of it.
      detached: true,
    })
    const group = controlGroup(`npm-${randomUUID().slice(0, 8)}`, limits)
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-16_000)
    })
    const end = () => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
      }
    }
    signal.addEventListener('abort', end, { once: true })
    try {
      if (child.pid !== undefined) group?.add(child.pid)
    } catch (error) {
      said = `its limits could not be set: ${(error as Error).message}`
      end()
    }
    child.once('error', (error: NodeJS.ErrnoException) => reject(new PackagesError(installProblem(error.code ?? error.message))))
    child.once('close', (code) => {
      signal.removeEventListener('abort', end)
      group?.remove()
      if (signal.aborted) reject(signal.reason)
      else if (code === 0) resolve()
      else reject(new PackagesError(installProblem(said)))
    })
  })
}

/** What npm's error means, and what to do. Pure. */
export function installProblem(said: string): string {
  if (said === 'ENOENT') return 'npm is not installed on the server: install it, or commit node_modules'
  const lines = said.split('\n').map((line) => line.replace(/^npm (error|ERR!) ?/, '').trim())
  const code = lines.find((line) => line.startsWith('code '))?.slice('code '.length) ?? ''
  const request = /request to (\S+) failed/.exec(said)?.[1]
  if (/^(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|ERR_SOCKET_TIMEOUT)$/.test(code))
    return `the npm registry can not be reached (${code}${request ? `, ${request}` : ''}): set one for the server (npm config set registry URL, or npm_config_registry), or commit node_modules`
  const text = lines.filter((line) => line !== '' && !/^(code |A complete log|errno |syscall )/.test(line))
  if (code === 'EINTEGRITY') return `a package is not what the lock says: ${text[0] ?? ''}`
  if (code === 'E404') return `the npm registry does not have a package: ${text[0] ?? ''}`
  if (code === 'EUSAGE')
    return `package.json and package-lock.json do not fit: run npm install and commit both (${text.slice(0, 4).join(' ')})`
  return `npm ci failed: ${[code, ...text.slice(0, 4)].filter((part) => part).join(' ') || 'it said nothing'}`
}
