import { spawn } from 'node:child_process'

export class GitError extends Error {
  readonly exitCode: number | null
  constructor(args: readonly string[], exitCode: number | null, stderr: string) {
    super(`git ${args[0] ?? ''} failed${exitCode === null ? '' : ` (exit ${exitCode})`}: ${stderr.trim().slice(0, 2000)}`)
    this.name = 'GitError'
    this.exitCode = exitCode
  }
}

interface GitRun {
  readonly cwd: string
  readonly input?: AsyncIterable<Buffer> | string
  readonly onStderr?: (text: string) => void
  readonly onStdout?: (bytes: Buffer) => void
  readonly signal?: AbortSignal
  /** The index file; default: the repository's own. */
  readonly index?: string
}

/** git sees no configuration but the repository's own, and never asks a person. */
const environment = (): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  LC_ALL: 'C',
})

/** Runs git with `args` and gives its standard output. Throws GitError when it fails. */
export function git(args: readonly string[], run: GitRun): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn('git', args, {
      cwd: run.cwd,
      env: { ...environment(), ...(run.index ? { GIT_INDEX_FILE: run.index } : {}) },
      stdio: 'pipe',
      ...(run.signal ? { signal: run.signal } : {}),
    })
    const out: Buffer[] = []
    let stderr = ''
    child.stdout.on('data', (chunk: Buffer) => (run.onStdout ? run.onStdout(chunk) : out.push(chunk)))
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      run.onStderr?.(text)
      stderr = (stderr + text).slice(-8000)
    })
    child.on('error', reject)
    child.on('close', (code) => (code === 0 ? resolve(Buffer.concat(out)) : reject(new GitError(args, code, stderr))))
    // git may close its input early when it refuses; its exit status tells.
    child.stdin.on('error', () => {})
    feed(child.stdin, run.input).catch((error: unknown) => {
      child.kill()
      reject(error)
    })
  })
}

async function feed(stdin: NodeJS.WritableStream, input: GitRun['input']): Promise<void> {
  if (typeof input === 'string') stdin.write(input)
  else if (input) {
    for await (const chunk of input) {
      if (!stdin.writable) break
      if (!stdin.write(chunk))
        await new Promise<void>((resolve) => {
          const go = () => {
            stdin.off('drain', go)
            stdin.off('close', go)
            resolve()
          }
          stdin.once('drain', go)
          stdin.once('close', go)
        })
    }
  }
  stdin.end()
}
