import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { git } from './git-program.ts'

/** A name is a path of one to three lower-case segments, as Git hosts have them: `demo`, `team/shop`. */
const namePattern = /^[a-z0-9]([-a-z0-9._]{0,62}[a-z0-9])?(\/[a-z0-9]([-a-z0-9._]{0,62}[a-z0-9])?){0,2}$/

interface Ref {
  readonly name: string
  readonly oid: string
}

export interface RefUpdate {
  readonly ref: string
  readonly before: string
  readonly after: string
}

export const zeroOid = '0'.repeat(40)

export class BadRepositoryName extends Error {
  constructor(name: string) {
    super(
      `"${name}" is not a repository name: use lower-case letters, digits, '-', '.' and '_', in up to three segments separated by '/'`,
    )
    this.name = 'BadRepositoryName'
  }
}

/** The bare repositories of the built-in Git server, in `<folder>/<name>.git`. */
export class Repositories {
  readonly #folder: string
  readonly #listeners = new Set<(repository: string, updates: readonly RefUpdate[]) => void>()

  constructor(folder: string) {
    this.#folder = folder
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  }

  /** The folder of a repository, whether it exists or not. Throws BadRepositoryName. */
  pathOf(name: string): string {
    if (!namePattern.test(name) || name.includes('..') || /\.git(\/|$)/.test(name)) throw new BadRepositoryName(name)
    return join(this.#folder, `${name}.git`)
  }

  has(name: string): boolean {
    return existsSync(join(this.pathOf(name), 'HEAD'))
  }

  list(): string[] {
    const found: string[] = []
    const visit = (folder: string, prefix: string, depth: number) => {
      for (const entry of readdirSync(folder, { withFileTypes: true })) {
        if (!entry.isDirectory()) continue
        if (entry.name.endsWith('.git')) found.push(prefix + entry.name.slice(0, -4))
        else if (depth < 3) visit(join(folder, entry.name), `${prefix}${entry.name}/`, depth + 1)
      }
    }
    visit(this.#folder, '', 1)
    return found.sort()
  }

  /** Makes an empty repository; does nothing when it exists. It appears at its place only when it is complete. */
  async create(name: string): Promise<void> {
    const path = this.pathOf(name)
    if (this.has(name)) return
    const unfinished = `${path}.unfinished-${process.pid}-${Math.floor(performance.now() * 1000)}`
    mkdirSync(unfinished, { recursive: true, mode: 0o700 })
    await git(['init', '--quiet', '--bare', '--initial-branch=main', unfinished], { cwd: this.#folder })
    await git(['config', 'core.fsync', 'all'], { cwd: unfinished })
    await git(['config', 'transfer.fsckObjects', 'true'], { cwd: unfinished })
    await rename(unfinished, path).catch(async (error: unknown) => {
      await rm(unfinished, { recursive: true, force: true })
      if (!this.has(name)) throw error
    })
  }

  async remove(name: string): Promise<void> {
    await rm(this.pathOf(name), { recursive: true, force: true })
  }

  /** All refs, sorted by name. */
  async refs(name: string): Promise<Ref[]> {
    const out = await git(['for-each-ref', '--format=%(objectname) %(refname)'], { cwd: this.pathOf(name) })
    return out
      .toString()
      .split('\n')
      .filter(Boolean)
      .map((line) => ({ oid: line.slice(0, 40), name: line.slice(41) }))
  }

  /** The branch that HEAD names, e.g. `refs/heads/main`, also before it has a commit. */
  async headRef(name: string): Promise<string> {
    const head = (await readFile(join(this.pathOf(name), 'HEAD'), 'utf8')).trim()
    return head.startsWith('ref: ') ? head.slice(5) : 'refs/heads/main'
  }

  /** Points HEAD at a branch, so that a clone checks it out. */
  async setHead(name: string, ref: string): Promise<void> {
    await git(['symbolic-ref', 'HEAD', ref], { cwd: this.pathOf(name) })
  }

  /** The commit of a branch, tag, full or abbreviated commit id, or HEAD; undefined when there is none. */
  async resolve(name: string, revision: string): Promise<string | undefined> {
    if (!/^[\w][\w./@+-]*$/.test(revision) || revision.includes('..')) return undefined
    const cwd = this.pathOf(name)
    for (const candidate of [revision, `refs/heads/${revision}`, `refs/tags/${revision}`]) {
      const out = await git(['rev-parse', '--quiet', '--verify', '--end-of-options', `${candidate}^{commit}`], { cwd }).catch(
        () => undefined,
      )
      if (out) return out.toString().trim()
    }
    return undefined
  }

  /** Moves refs all or none, each only if it is still at `before`; then tells the listeners. */
  async update(name: string, updates: readonly RefUpdate[]): Promise<void> {
    const lines = updates.map((u) =>
      u.after === zeroOid ? `delete ${u.ref} ${u.before}` : `update ${u.ref} ${u.after} ${u.before}`,
    )
    await git(['update-ref', '--stdin'], {
      cwd: this.pathOf(name),
      input: ['start', ...lines, 'prepare', 'commit', ''].join('\n'),
    })
    for (const listener of this.#listeners) listener(name, updates)
  }

  onUpdate(listener: (repository: string, updates: readonly RefUpdate[]) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
