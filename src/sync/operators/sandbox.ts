import { type ChildProcess, spawn } from 'node:child_process'
import { realpathSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The user that owns nothing: what an operator's process runs as when the server is root. */
const nobody = 65534

const root = realpathSync(join(import.meta.dirname, '../../..'))
const program = join(import.meta.dirname, `child${import.meta.url.slice(-3)}`)

export interface SandboxOptions {
  readonly memoryMiB: number
}

/**
 * Starts an operator's process: as nobody, without the server's environment and files of its own, without the right to write files, to start
 * processes or workers, or to load native code. It hears by its channel what to do. Throws Error when it cannot be held to that.
 */
export function startSandboxed({ memoryMiB }: SandboxOptions): ChildProcess {
  const isRoot = process.getuid?.() === 0
  const closed = isRoot ? notReadableByAll([process.execPath, program]) : undefined
  const isAbove = closed !== undefined && root.startsWith(`${closed}/`)
  if (closed && !(isAbove && [process.execPath, program].every((path) => realpathSync(path).startsWith(`${root}/`))))
    throw new Error(
      `${closed} can be read by root only: install Slipway where others can read it, so that operators run as nobody`,
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
  const [file = '', ...rest] = closed ? [...behindClosedFolder(closed), process.execPath, ...args] : [process.execPath, ...args]
  return spawn(file, rest, {
    cwd: '/',
    env: { NODE_ENV: 'production', LANG: 'C.UTF-8', PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    ...(isRoot && !closed ? { uid: nobody, gid: nobody } : {}),
  })
}

/**
 * A command that runs another as nobody where `closed`, a folder above this installation (such as /root), may be entered by root only: in a mount
 * namespace of its own, `closed` is an empty folder but for the installation, at the same path.
 */
function behindClosedFolder(closed: string): string[] {
  const script = `
    mount --bind "$1" /proc
    mount -t tmpfs -o mode=755 tmpfs "$2"
    mkdir -p "$1"
    mount --move /proc "$1"
    shift 2
    exec setpriv --reuid ${nobody} --regid ${nobody} --clear-groups "$@"`
  return ['unshare', '--mount', '--propagation', 'private', 'sh', '-ec', script, 'sh', root, closed]
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
