import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

/** The files that run when `entries` do: sources, and whole packages of node_modules with what they depend on. */
interface ModuleGraph {
  readonly files: ReadonlySet<string>
  /** Folders. */
  readonly packages: ReadonlySet<string>
}

interface GraphOptions {
  /** Where `slipway/…` leads; undefined: nowhere. */
  readonly own: (specifier: string) => string | undefined
}

const statement = /^\s*(?:import|export)\s+(?!type\b)(?:[^'"]*?\sfrom\s+)?['"]([^'"]+)['"]/gm
const dynamic = /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g

/** Follows imports from file to file. Throws Error for one that leads nowhere. */
export function modulesOf(entries: readonly string[], { own }: GraphOptions): ModuleGraph {
  const files = new Set<string>()
  const packages = new Set<string>()
  const queue = entries.map((entry) => resolve(entry))
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (files.has(file)) continue
    files.add(file)
    if (!/\.[cm]?[jt]s$/.test(file)) continue
    for (const specifier of specifiersIn(readFileSync(file, 'utf8'))) {
      if (specifier.startsWith('node:')) continue
      const ours = own(specifier)
      if (ours) queue.push(ours)
      else if (/^\.\.?\//.test(specifier)) queue.push(existing(resolve(dirname(file), specifier), file, specifier))
      else addPackage(packageOf(specifier), dirname(file), packages)
    }
  }
  return { files, packages }
}

function specifiersIn(text: string): Set<string> {
  return new Set([...text.matchAll(statement), ...text.matchAll(dynamic)].map((m) => m[1] ?? ''))
}

function existing(path: string, file: string, specifier: string): string {
  if (existsSync(path)) return path
  throw new Error(`${file} imports ${specifier}, which is not there`)
}

/** `@scope/name/part` → `@scope/name`. */
const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')

function addPackage(name: string, from: string, packages: Set<string>, optional = false): void {
  const folder = findPackage(name, from)
  if (!folder) {
    if (optional) return
    throw new Error(`${from}: the package ${name} is not installed: run npm install there`)
  }
  if (packages.has(folder)) return
  packages.add(folder)
  const {
    dependencies = {},
    optionalDependencies = {},
    peerDependencies = {},
  } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, Record<string, string>>
  for (const needed of Object.keys(dependencies)) addPackage(needed, folder, packages)
  for (const wanted of Object.keys({ ...optionalDependencies, ...peerDependencies })) addPackage(wanted, folder, packages, true)
}

function findPackage(name: string, from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const found = join(folder, 'node_modules', name)
    if (existsSync(join(found, 'package.json'))) return found
    if (folder === dirname(folder)) return undefined
  }
}
