import { type ChildProcess, spawn } from 'node:child_process'
import { realpathSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The user that owns nothing: what an operator's process runs as when the server is root. */
const nobody = 65534

const root = realpathSync(join(import.meta.dirname, '../../..'))
const program = join(import.meta.dirname, `child${import.meta.url.slice(-3)}`)

export interface SandboxOptions {
  readonly memoryMiB: number
  /** A folder that it may read besides. */
  readonly packages: string | undefined
}

/**
 * Starts an operator's process: as nobody, without the server's environment and files of its own, without the right to write files, to start
 * processes or workers, or to load native code. It hears by its channel what to do. Throws Error when it cannot be held to that.
 */
export function startSandboxed({ memoryMiB, packages }: SandboxOptions): ChildProcess {
  const isRoot = process.getuid?.() === 0
  const hidden = isRoot ? hiddenFrom([root, ...(packages ? [packages] : [])]) : { folders: [], closed: [] }
  const readable = ['src', 'dist', 'exports', 'node_modules', 'package.json'].map((name) => join(root, name))
  const args = [
    '--permission',
    ...[...readable, realpathSync(join(root, 'node_modules')), ...(packages ? [packages] : [])].map(
      (path) => `--allow-fs-read=${path}`,
    ),
    `--max-old-space-size=${Math.max(16, Math.floor(memoryMiB * 0.75))}`,
    '--disable-warning=ExperimentalWarning',
    '--disable-warning=SecurityWarning',
    program,
  ]
  const isHidden = hidden.closed.length > 0
  const [file = '', ...rest] = isHidden ? [...shownTo(hidden), process.execPath, ...args] : [process.execPath, ...args]
  return spawn(file, rest, {
    cwd: '/',
    env: { NODE_ENV: 'production', LANG: 'C.UTF-8', PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    ...(isRoot && !isHidden ? { uid: nobody, gid: nobody } : {}),
  })
}

interface Hidden {
  /** What the process needs of them. */
  readonly folders: readonly string[]
  /** Folders that only root may enter. */
  readonly closed: readonly string[]
}

/** Which of `folders` are below others that only root may enter. Throws Error when Node or the program would not be seen even if these were shown. */
function hiddenFrom(folders: readonly string[]): Hidden {
  const found = folders.flatMap((folder) => {
    const closed = closedAbove(folder)
    return closed === undefined ? [] : [{ folder, closed }]
  })
  for (const path of [process.execPath, program].map((p) => realpathSync(p))) {
    const closed = notReadable(path) ? path : closedAbove(path)
    const isShown = found.some(({ folder }) => path.startsWith(`${folder}/`))
    if (closed !== undefined && !(isShown && !notReadable(path)))
      throw new Error(
        `${closed} can be read by root only: install Slipway where others can read it, so that operators run as nobody`,
      )
  }
  return { folders: found.map((f) => f.folder), closed: [...new Set(found.map((f) => f.closed))] }
}

/**
 * A command that runs another as nobody where folders above what it needs (such as /root) may be entered by root only: in a mount namespace of its
 * own, each of these is empty but for what is needed, at the same path. The mounts wait on /proc, one upon the other, until there is a place for them.
 */
function shownTo({ folders, closed }: Hidden): string[] {
  const script = `
    umask 022
    IFS='
'
    for folder in $1; do mount --bind "$folder" /proc; done
    for folder in $2; do mount -t tmpfs -o mode=755 tmpfs "$folder"; done
    for folder in $3; do mkdir -p "$folder"; mount --move /proc "$folder"; done
    unset IFS
    shift 3
    exec setpriv --reuid ${nobody} --regid ${nobody} --clear-groups "$@"`
  const lines = (paths: readonly string[]) => paths.join('\n')
  return [
    'unshare',
    '--mount',
    '--propagation',
    'private',
    'sh',
    '-ec',
    script,
    'sh',
    lines(folders),
    lines(closed),
    lines(folders.toReversed()),
  ]
}

const notReadable = (path: string): boolean => (statSync(path).mode & 0o004) === 0

/** The highest folder above `path` that others may not enter. */
function closedAbove(path: string): string | undefined {
  let found: string | undefined
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) found = folder
    if (folder === dirname(folder)) return found
  }
}
