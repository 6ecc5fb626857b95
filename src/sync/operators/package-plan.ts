// Which npm packages an operator's folder asks for, and how it gets them: decided from the files of a commit.
import { createHash } from 'node:crypto'
import { posix } from 'node:path'
import type { TreeFile } from '../git/tree.ts'

/** Why an operator can't have its packages: what is wrong, and what to do. */
export class PackagesError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'PackagesError'
  }
}

/** A node_modules that stands in Git is taken as it is; else a lock is installed. The digest names what comes of it. */
export type PackagePlan =
  | { readonly kind: 'vendored'; readonly digest: string; readonly paths: readonly string[] }
  | {
      readonly kind: 'locked'
      readonly digest: string
      /** Of package.json and lock, from the source path: '' or `operators/`. */
      readonly folder: string
      readonly count: number
      /** What is written before the install, by path from `folder`. */
      readonly texts: Readonly<Record<string, string>>
      readonly tarballs: readonly TreeFile[]
    }

const mostPackages = 1000

/** The packages for `module` of a commit; undefined when it asks for none. Throws PackagesError. */
export async function planPackages(files: readonly TreeFile[], module: string): Promise<PackagePlan | undefined> {
  const byPath = new Map(files.map((file) => [file.path, file]))
  for (let folder = folderOf(module); ; folder = folderOf(folder.slice(0, -1))) {
    const vendored = files.filter((file) => file.path.startsWith(`${folder}node_modules/`))
    if (vendored.length > 0) return vendoredPlan(vendored)
    const manifest = byPath.get(`${folder}package.json`)
    if (manifest) return lockedPlan(byPath, folder, await textOf(manifest))
    if (folder === '') return undefined
  }
}

/** `a/b.ts` → `a/`; `b.ts` → ''. */
const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1)

const textOf = async (file: TreeFile): Promise<string> => Buffer.from(await file.read()).toString()

function vendoredPlan(files: readonly TreeFile[]): PackagePlan {
  const digest = digestOf(files.map((file) => `${file.path} ${file.oid}`))
  return { kind: 'vendored', digest, paths: files.map((file) => file.path) }
}

const digestOf = (parts: readonly string[]): string => createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 32)

async function lockedPlan(
  byPath: ReadonlyMap<string, TreeFile>,
  folder: string,
  manifestText: string,
): Promise<PackagePlan | undefined> {
  const manifest = parsed(manifestText, `${folder}package.json`) as PackageManifest
  const asked = { ...without(manifest.dependencies), ...without(manifest.optionalDependencies) }
  if (Object.keys(asked).length === 0) return undefined
  const lockFile = byPath.get(`${folder}package-lock.json`) ?? byPath.get(`${folder}npm-shrinkwrap.json`)
  if (!lockFile)
    throw new PackagesError(
      `${folder}package.json asks for ${Object.keys(asked).join(', ')}, and there is no package-lock.json: run npm install and commit it, or commit node_modules`,
    )
  const { lock, tarballs, count } = checkedLock(parsed(await textOf(lockFile), lockFile.path) as Lock, lockFile.path)
  const found = tarballs.map((path) => {
    const file = byPath.get(posix.join(folder, path))
    if (!file || posix.join(folder, path).startsWith('..')) throw new PackagesError(`${lockFile.path}: the commit has no ${path}`)
    return file
  })
  const texts = { 'package.json': JSON.stringify(runtimeManifest(manifest)), 'package-lock.json': JSON.stringify(lock) }
  const digest = digestOf([folder, ...Object.values(texts), ...found.map((file) => `${file.path} ${file.oid}`)])
  return { kind: 'locked', digest, folder, count, texts, tarballs: found }
}

interface PackageManifest {
  readonly name?: string
  readonly version?: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly overrides?: unknown
}

interface LockEntry extends PackageManifest {
  readonly resolved?: string
  readonly integrity?: string
  readonly link?: boolean
  readonly dev?: boolean
  readonly inBundle?: boolean
}

export interface Lock {
  readonly lockfileVersion?: number
  readonly packages?: Readonly<Record<string, LockEntry>>
}

function parsed(text: string, path: string): unknown {
  try {
    const value = JSON.parse(text) as unknown
    if (typeof value === 'object' && value !== null) return value
  } catch (error) {
    throw new PackagesError(`${path}: ${(error as Error).message}`)
  }
  throw new PackagesError(`${path} is no object`)
}

/** Slipway is the server's own: it is not installed. */
function without(dependencies: Readonly<Record<string, string>> | undefined): Record<string, string> | undefined {
  const { slipway: _, ...rest } = dependencies ?? {}
  return Object.keys(rest).length > 0 ? rest : undefined
}

function runtimeManifest({ name, version, dependencies, optionalDependencies, overrides }: PackageManifest): PackageManifest {
  const [needed, optional] = [without(dependencies), without(optionalDependencies)]
  return {
    ...(name ? { name } : {}),
    ...(version ? { version } : {}),
    ...(needed ? { dependencies: needed } : {}),
    ...(optional ? { optionalDependencies: optional } : {}),
    ...(overrides ? { overrides } : {}),
  }
}

const place = /^node_modules\/(@[\w.-]+\/)?[\w.-]+(\/node_modules\/(@[\w.-]+\/)?[\w.-]+)*$/

/**
 * A lock that can be installed without believing it: every package has a digest, and comes from the configured registry (the addresses of the lock are
 * not used) or from a tarball of the repository. What is for development only is left out. Pure. Throws PackagesError.
 */
export function checkedLock(lock: Lock, path: string): { lock: Lock; tarballs: string[]; count: number } {
  const { lockfileVersion = 1, packages } = lock
  if (lockfileVersion < 2 || !packages)
    throw new PackagesError(`${path} is of version ${lockfileVersion}: make it anew with npm 7 or later`)
  const kept: Record<string, LockEntry> = { '': runtimeManifest(packages[''] ?? {}) }
  const tarballs: string[] = []
  for (const [at, entry] of Object.entries(packages)) {
    if (at === '' || entry.dev || /^node_modules\/slipway(\/|$)/.test(at)) continue
    const refuse = (why: string) => new PackagesError(`${path}: ${at}: ${why}`)
    // A link's target stands outside of node_modules; the link itself is refused below, unless it is Slipway.
    if (!at.includes('node_modules/')) continue
    if (!place.test(at)) throw refuse('is no place of a package')
    if (entry.link) throw refuse('is a link to a folder: make it a package of a registry, or a tarball')
    const { resolved, ...rest } = entry
    if (!entry.inBundle && !/^sha(256|384|512)-/.test(entry.integrity ?? '')) throw refuse('has no integrity of SHA-256 or more')
    if (resolved?.startsWith('file:') && /\.(tgz|tar\.gz)$/.test(resolved)) {
      tarballs.push(resolved.slice('file:'.length))
      kept[at] = entry
    } else if (resolved === undefined || /^https?:/.test(resolved)) kept[at] = rest
    else throw refuse(`${resolved} is neither of a registry nor a tarball of the repository`)
  }
  const count = Object.keys(kept).length - 1
  if (count > mostPackages) throw new PackagesError(`${path} has ${count} packages; an operator may have ${mostPackages}`)
  return { lock: { ...lock, packages: kept }, tarballs, count }
}
