import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

/** What a running (or stopped) Slipway notes about itself for the other verbs. */
export interface RunFacts {
  readonly pid: number
  /** https://127.0.0.1:6443 */
  readonly server: string
  readonly nodes: readonly string[]
  /** What carries Services. */
  readonly proxy: string
  /** RFC 3339. */
  readonly startedAt: string
}

/** Where everything of one Slipway is kept: the folder given, else $SLIPWAY_DATA, else ~/.slipway. */
export class DataDirectory {
  readonly path: string

  constructor(given: string | undefined) {
    this.path = resolve(given ?? process.env.SLIPWAY_DATA ?? join(homedir(), '.slipway'))
  }

  file(...parts: string[]): string {
    return join(this.path, ...parts)
  }

  get kubeconfig(): string {
    return this.file('kubeconfig')
  }

  /** Settings for git: `git clone -c include.path=<this> …`. */
  get gitconfig(): string {
    return this.file('gitconfig')
  }

  /** Throws, in a user's words, when it can not be made or written to. */
  make(): void {
    try {
      makeFolder(this.path)
      writeFileSync(this.file('.writable'), '')
      rmSync(this.file('.writable'))
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException
      const reason = reasons[code] ?? (error as Error).message
      throw new Error(`the data directory ${this.path} can not be used: ${reason}; choose another with --data`, { cause: error })
    }
  }

  exists(): boolean {
    return existsSync(this.path)
  }

  /** The facts of the process that runs on this directory; undefined when none does. */
  running(): RunFacts | undefined {
    const facts = this.lastRun()
    return facts && isAlive(facts.pid) ? facts : undefined
  }

  /** The facts of the last process, running or not. */
  lastRun(): RunFacts | undefined {
    try {
      return JSON.parse(readFileSync(this.file('run.json'), 'utf8')) as RunFacts
    } catch {
      return undefined
    }
  }

  note(facts: RunFacts): void {
    this.write('run.json', `${JSON.stringify(facts)}\n`)
  }

  /** Whole or not at all, readable by the owner only. */
  write(name: string, text: string): void {
    writeFileSync(this.file(`${name}.unfinished`), text, { mode: 0o600 })
    renameSync(this.file(`${name}.unfinished`), this.file(name))
  }

  /** A name that is made once and stays: it marks the containers of this Slipway. */
  clusterId(): string {
    const file = this.file('cluster-id')
    if (existsSync(file)) return readFileSync(file, 'utf8').trim()
    const id = crypto.randomUUID().slice(0, 8)
    this.write('cluster-id', `${id}\n`)
    return id
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'its file system is read-only',
  ENOSPC: 'its file system is full',
  EDQUOT: "this user's quota is used up",
  ENOTDIR: 'something on the way to it is a file',
  EEXIST: 'it is a file',
  ENOENT: 'nothing can be made there',
}

/** mkdir -p. Node's own tries for ever where a file system lets nothing be made, such as /proc. */
function makeFolder(path: string): void {
  if (existsSync(path)) {
    if (!statSync(path).isDirectory()) throw Object.assign(new Error(`${path} is a file`), { code: 'EEXIST' })
    return
  }
  makeFolder(dirname(path))
  mkdirSync(path, { mode: 0o700 })
}

/** One Slipway a machine has the pod network and the service rules: its process and data directory. */
const machineFile = '/run/slipway.json'

/** The other Slipway that runs on this machine, if one does. */
export function otherOnThisMachine(): { readonly pid: number; readonly data: string } | undefined {
  try {
    const other = JSON.parse(readFileSync(machineFile, 'utf8')) as { pid: number; data: string }
    return other.pid !== process.pid && isAlive(other.pid) ? other : undefined
  } catch {
    return undefined
  }
}

/** Notes that this process has the machine. Without the right to write there nothing is noted. */
export function claimMachine(data: DataDirectory): void {
  try {
    writeFileSync(machineFile, JSON.stringify({ pid: process.pid, data: data.path }))
  } catch (error) {
    if (!['EACCES', 'EPERM', 'ENOENT', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
}

/** What bin/slipway starts: the sources, or what scripts/bundle makes of them. */
const programs = ['/cli/main.', '/start/launch.cjs']

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
    return programs.some((program) => command.includes(program))
  } catch {
    return false
  }
}
