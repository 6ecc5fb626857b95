// A chart's folder on disk, without what .helmignore names.
import { lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { compareStrings } from '../gotemplate/value.ts'
import { MAX_CHART_SIZE, withoutBom } from './archive.ts'
import { ChartError, type ChartFile } from './chart.ts'
import { ignoreRules } from './ignore.ts'

const MAX_DEPTH = 50
const MAX_FILES = 50_000
/** As many as Go follows. */
const MAX_LINKS = 255

function ignoreText(folder: string): string | undefined {
  try {
    return readFileSync(`${folder}/.helmignore`, 'utf8')
  } catch {
    return undefined
  }
}

/** The files of a chart's folder in the order of their names. Symbolic links are followed, but not in circles. Throws ChartError. */
export function readDirectory(folder: string): ChartFile[] {
  const isIgnored = ignoreRules(ignoreText(folder))
  const files: ChartFile[] = []
  let left = MAX_CHART_SIZE
  const add = (path: string, name: string, size: number) => {
    if (size > left || files.length >= MAX_FILES)
      throw new ChartError(`error reading ${name}: chart exceeds maximum decompressed size of ${MAX_CHART_SIZE} bytes`)
    const data = readFileSync(path)
    left -= data.length
    files.push({ name, data: withoutBom(data) })
  }
  const walk = (at: string, inside: string, above: readonly string[]) => {
    if (above.length > MAX_DEPTH) throw new ChartError(`${inside}: folders are nested too deeply`)
    for (const entry of readdirSync(at, { withFileTypes: true }).sort((a, b) => compareStrings(a.name, b.name))) {
      const path = `${at}/${entry.name}`
      const name = inside === '' ? entry.name : `${inside}/${entry.name}`
      if (entry.isFile()) {
        if (!isIgnored(name, false)) add(path, name, lstatSync(path).size)
        continue
      }
      const link = entry.isSymbolicLink()
      const stat = link ? followed(path) : undefined
      if (entry.isDirectory() || stat?.isDirectory()) {
        if (isIgnored(name, true)) continue
        const real = link ? realpathSync(path) : path
        if (link && [...above, at].some((a) => `${realpathSync(a)}/`.startsWith(`${real}/`)))
          throw new ChartError(`symbolic link ${name} leads in a circle`)
        walk(path, name, [...above, at])
      } else if (!isIgnored(name, false)) {
        if (!stat?.isFile()) throw new ChartError(`cannot load irregular file ${path} as it has file mode type bits set`)
        add(path, name, Number(stat.size))
      }
    }
  }
  walk(folder, '', [])
  return files
}

function followed(path: string): ReturnType<typeof statSync> {
  try {
    return statSync(path)
  } catch (e) {
    throw new ChartError(`error evaluating symlink ${resolve(path)}: ${linkProblem(resolve(path)) ?? (e as Error).message}`)
  }
}

/** Where a link leads to nothing, in the words of Go's filepath.EvalSymlinks. */
function linkProblem(path: string): string | undefined {
  let at = '/'
  const left = path.split('/').reverse()
  for (let links = 0; left.length > 0; ) {
    const part = left.pop() as string
    if (part === '' || part === '.') continue
    if (part === '..') {
      at = dirname(at)
      continue
    }
    const next = join(at, part)
    const stat = lstatSync(next, { throwIfNoEntry: false })
    if (!stat) return `lstat ${next}: no such file or directory`
    if (stat.isSymbolicLink()) {
      if (++links > MAX_LINKS) return 'EvalSymlinks: too many links'
      const target = readlinkSync(next)
      if (target.startsWith('/')) at = '/'
      left.push(...target.split('/').reverse())
      continue
    }
    if (!stat.isDirectory() && left.length > 0) return 'not a directory'
    at = next
  }
  return undefined
}
