// The folders in which packages of operators are: one for each content, made once, read by processes.
import { randomUUID } from 'node:crypto'
import { realpathSync } from 'node:fs'
import { chmod, mkdir, opendir, readdir, rename, rm, stat, unlink, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Clock, sleep } from '../../apimachinery/clock.ts'
import { git } from '../git/git-program.ts'
import { npmInstall } from './npm-install.ts'
import { type PackagePlan, PackagesError } from './package-plan.ts'

/** Where the files of a vendored plan are. */
export interface PackageSource {
  readonly gitdir: string
  readonly commit: string
  /** The Application's source path. */
  readonly path: string
}

interface PackagesOptions {
  /** Of the data directory. */
  readonly folder: string
  readonly clock: Clock
  /** For tests: runs npm. */
  readonly install?: typeof npmInstall
}

type PackagesState =
  | { readonly phase: 'ready'; readonly folder: string }
  | { readonly phase: 'preparing' }
  | { readonly phase: 'failed'; readonly message: string; readonly at: number }

const deadlineMs = 120_000
const maxBytes = 256 << 20
const maxFiles = 40_000
const measureEveryMs = 1000
/** What failed is tried again after this time. */
export const retryFailedMs = 60_000
/** Of those that are not used now; the last ones are kept for a way back. */
const keptUnused = 10

/** Prepares packages by plan, each content once, and keeps them for the next start. */
export class Packages {
  readonly #options: PackagesOptions
  readonly #states = new Map<string, PackagesState>()
  readonly #preparing = new Map<string, Promise<string>>()
  readonly #used = new Set<string>()
  #cleared: Promise<void> | undefined

  constructor(options: PackagesOptions) {
    this.#options = options
  }

  /** How it is with a plan; begins with it when nobody has, and calls `changed` when that is done. */
  stateOf(plan: PackagePlan, source: PackageSource, changed: () => void): PackagesState {
    const known = this.#states.get(plan.digest)
    const now = this.#options.clock.now()
    if (known && !(known.phase === 'failed' && now - known.at >= retryFailedMs)) return known
    const preparing: PackagesState = { phase: 'preparing' }
    this.#states.set(plan.digest, preparing)
    this.prepare(plan, source).then(changed, changed)
    return preparing
  }

  isReady({ digest }: PackagePlan): boolean {
    return this.#states.get(digest)?.phase === 'ready'
  }

  /** The folder with the packages of a plan. Throws PackagesError. */
  prepare(plan: PackagePlan, source: PackageSource): Promise<string> {
    const { clock } = this.#options
    const { digest } = plan
    const known = this.#preparing.get(digest)
    if (known) return known
    const preparing = this.#prepare(plan, source)
    this.#preparing.set(digest, preparing)
    preparing.then(
      (folder) => this.#states.set(digest, { phase: 'ready', folder }),
      (error: Error) => {
        this.#preparing.delete(digest)
        this.#states.set(digest, { phase: 'failed', message: error.message, at: clock.now() })
      },
    )
    return preparing
  }

  async #prepare(plan: PackagePlan, source: PackageSource): Promise<string> {
    const { folder: root } = this.#options
    await mkdir(root, { recursive: true, mode: 0o755 })
    this.#cleared ??= clear(root)
    await this.#cleared
    const ready = join(realpathSync(root), plan.digest)
    this.#used.add(plan.digest)
    if (await isFolder(ready)) {
      await utimes(ready, new Date(), new Date())
      return ready
    }
    const partial = join(root, `.partial-${randomUUID()}`)
    try {
      await mkdir(partial)
      await this.#within(partial, (signal) => this.#fill(partial, plan, source, signal))
      await settle(partial, true)
      await rename(partial, ready)
    } finally {
      await rm(partial, { recursive: true, force: true })
    }
    await this.#forget(root)
    return ready
  }

  async #fill(partial: string, plan: PackagePlan, source: PackageSource, signal: AbortSignal): Promise<void> {
    if (plan.kind === 'vendored') return checkOut(partial, plan.paths, source, signal)
    const folder = join(partial, plan.folder)
    await mkdir(folder, { recursive: true })
    for (const [name, text] of Object.entries(plan.texts)) await writeFile(join(folder, name), text)
    for (const tarball of plan.tarballs) {
      const path = join(partial, tarball.path)
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, await tarball.read())
    }
    const cache = join(partial, '.npm')
    await (this.#options.install ?? npmInstall)({ folder, cache, signal })
    await rm(cache, { recursive: true, force: true })
  }

  /** Ends `act` when it takes too long, or what it writes becomes too much. */
  async #within(partial: string, act: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { clock } = this.#options
    const stop = new AbortController()
    const late = clock.after(deadlineMs, () =>
      stop.abort(
        new PackagesError(`the packages were not there within ${deadlineMs / 1000} s: try again, or commit node_modules`),
      ),
    )
    const ended = new AbortController()
    const measure = async () => {
      for (;;) {
        await sleep(clock, measureEveryMs, ended.signal)
        if (ended.signal.aborted) return
        await settle(partial, false)
      }
    }
    measure().catch((error: unknown) => stop.abort(error))
    try {
      await act(stop.signal)
    } finally {
      late()
      ended.abort()
    }
    stop.signal.throwIfAborted()
  }

  /** Removes what has not been used for longest. */
  async #forget(root: string): Promise<void> {
    const names = (await readdir(root)).filter((name) => !this.#used.has(name) && !name.startsWith('.'))
    const aged = await Promise.all(names.map(async (name) => ({ name, at: (await stat(join(root, name))).mtimeMs })))
    const old = aged.sort((a, b) => b.at - a.at).slice(keptUnused)
    for (const { name } of old) await rm(join(root, name), { recursive: true, force: true })
  }
}

/** Removes what a server that ended had half done: only one works in a data directory. */
async function clear(root: string): Promise<void> {
  for (const name of await readdir(root))
    if (name.startsWith('.partial-')) await rm(join(root, name), { recursive: true, force: true })
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )

/** Writes files of a commit, without a work tree of the repository and without links. */
async function checkOut(partial: string, paths: readonly string[], source: PackageSource, signal: AbortSignal): Promise<void> {
  const { gitdir, commit, path } = source
  const folder = path.replace(/^\.?\/*|\/+$/g, '').replace(/^\.$/, '')
  const index = join(partial, '.index')
  const run = { cwd: gitdir, index, signal }
  await git(['read-tree', folder ? `${commit}:${folder}` : commit], run)
  const input = paths.map((name) => `${name}\0`).join('')
  const into = ['-c', 'core.bare=false', '-c', 'core.symlinks=false', `--work-tree=${partial}`]
  await git([...into, 'checkout-index', '-z', '--stdin'], { ...run, input })
  await rm(index)
}

/**
 * Measures a folder; at the end makes all of it readable for others, and takes links away: Node's permission model follows them. Throws PackagesError
 * when it is too much.
 */
async function settle(folder: string, isDone: boolean): Promise<void> {
  let [bytes, files] = [0, 0]
  const visit = async (at: string): Promise<void> => {
    if (isDone) await chmod(at, 0o755)
    for await (const entry of await opendir(at)) {
      const path = join(at, entry.name)
      if (++files > maxFiles) throw new PackagesError(`the packages have more than ${maxFiles} files`)
      if (entry.isDirectory()) await visit(path)
      else if (!entry.isFile()) isDone && (await unlink(path))
      else {
        bytes += (await stat(path)).size
        if (isDone) await chmod(path, 0o644)
      }
      if (bytes > maxBytes) throw new PackagesError(`the packages need more than ${maxBytes >> 20} MiB`)
    }
  }
  try {
    await visit(folder)
  } catch (error) {
    // While npm works, what was listed may be moved.
    if (isDone || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
