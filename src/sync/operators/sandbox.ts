import { type ChildProcess, spawn } from 'node:child_process'
import { realpathSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The user that owns nothing: what an operator's process runs as when the server is root. */
const nobody = 65534

const root = realpathSync(join(import.meta.dirname, '../../..'))
const program = join(import.meta.dirname, `child${import.meta.url.slice(-3)}`)

export interface SandboxOptions {
  readonly memoryMiB: number
  readonly cwd?: string
}

/**
 * Starts an operator's process: as nobody, without the server's environment and files of its own, without the right to write files, to start
 * processes or workers, or to load native code. It hears by its channel what to do. Throws Error when it cannot be held to that.
 */
export function startSandboxed({ memoryMiB }: SandboxOptions): ChildProcess {
  const isRoot = process.getuid?.() === 0
  const unreadable = isRoot ? notReadableByAll([process.execPath, program]) : undefined
  if (unreadable)
    throw new Error(
      `${unreadable} can be read by root only: install Slipway where others can read it, so that operators run as nobody`,
    )
  const readable = ['src', 'dist', 'exports', 'node_modules', 'package.json'].map((name) => join(root, name))
  const packages = realpathSync(join(root, 'node_modules'))
  const args = [
    '--permission',
    ...[...readable, packages].map((path) => `--allow-fs-read=${path}`),
    `--max-old-space-size=${Math.max(16, Math.floor(memoryMiB * 0.75))}`,
    '--disable-warning=ExperimentalWarning',
    '--disable-warning=SecurityWarning',
    program,
  ]
  return spawn(process.execPath, args, {
    cwd: '/',
    env: { NODE_ENV: 'production', LANG: 'C.UTF-8' },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    ...(isRoot ? { uid: nobody, gid: nobody } : {}),
  })
}

/** The first of `paths`, or of the folders above them, that others may not enter or read. */
function notReadableByAll(paths: readonly string[]): string | undefined {
  for (const path of paths.map((p) => realpathSync(p))) {
    if ((statSync(path).mode & 0o004) === 0) return path
    for (let folder = dirname(path); ; folder = dirname(folder)) {
      if ((statSync(folder).mode & 0o001) === 0) return folder
      if (folder === dirname(folder)) break
    }
  }
  return undefined
}
