import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { services } from '../../apimachinery/resources.generated.ts'
import type { DataDirectory } from './machine/data-directory.ts'
import type { System } from './system.ts'

interface DemoOptions {
  readonly data: DataDirectory
  readonly system: System
  readonly say: (line: string) => void
  readonly signal: AbortSignal
}

const example = join(import.meta.dirname, '../../../examples/demo')

/** Pushes the bundled example to the repository `demo` as any user would, unless it has been pushed before, and says what to try next. */
export async function runDemo({ data, system, say, signal }: DemoOptions): Promise<void> {
  const url = `${system.server}/git/demo.git`
  if (!existsSync(data.file('git', 'demo.git'))) {
    say('\npushing the bundled example to the repository demo')
    await pushExample(data, url, say, signal)
  }
  const service = await system.client.get(services, 'web', { namespace: 'default' }).catch(() => undefined)
  const port = service?.spec?.ports?.[0]?.nodePort
  if (port) await sayAnswer(`http://127.0.0.1:${port}/`, say)
  // git lets this variable override the settings that we write.
  const unset = process.env.GIT_SSL_CAINFO ? 'env -u GIT_SSL_CAINFO ' : ''
  say(`\nget it:    ${unset}git clone -c include.path=${data.gitconfig} ${url}`)
  say('change it: edit demo/web.yaml, git commit -a, git push -o wait')
}

async function pushExample(data: DataDirectory, url: string, say: (line: string) => void, signal: AbortSignal): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), 'slipway-demo-'))
  try {
    cpSync(example, work, { recursive: true })
    const git = (...args: string[]) =>
      runGit(work, ['-c', 'user.name=slipway', '-c', 'user.email=slipway@localhost', ...args], say, signal)
    await git('init', '--quiet', '--initial-branch=main')
    await git('add', '.')
    await git('commit', '--quiet', '-m', 'The bundled example')
    await git('-c', `include.path=${data.gitconfig}`, 'push', '--quiet', '-o', 'wait', url, 'main')
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** Runs git and passes on what the server says. Throws when git fails. */
function runGit(cwd: string, args: readonly string[], say: (line: string) => void, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const { GIT_SSL_CAINFO: _, ...inherited } = process.env
    const env = { ...inherited, GIT_TERMINAL_PROMPT: '0', GIT_CONFIG_GLOBAL: '/dev/null' }
    const child = spawn('git', args, { cwd, env, stdio: ['ignore', 'ignore', 'pipe'], signal })
    let rest = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split(/[\r\n]/)
      rest = lines.pop() ?? ''
      for (const line of lines) if (line.trim()) say(`  ${line.replace(/^remote: /, '').trimEnd()}`)
    })
    child.on('error', reject)
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`git ${args.at(-1)} failed (exit ${code})`))))
  })
}

async function sayAnswer(url: string, say: (line: string) => void): Promise<void> {
  const status = await new Promise<number | string>((resolve) => {
    const request = get(url, { timeout: 5000 }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    request.on('timeout', () => request.destroy(new Error('no answer within 5 s')))
    request.on('error', (error) => resolve(error.message))
  })
  say(`\nopen:      ${url} ${status === 200 ? '(answers)' : `(does not answer yet: ${status})`}`)
}
