// Charts of the known repositories that a word or an expression finds, as `helm search repo` ranks them.
import { ChartError } from '../chart/chart.ts'
import { compareVersions, parseConstraints, parseVersion, satisfies, VersionError } from '../functions/version.ts'
import { compareStrings } from '../gotemplate/value.ts'
import type { IndexEntry, RepositoryIndex } from './repository-index.ts'

interface Hit {
  /** repository/chart */
  readonly name: string
  readonly entry: IndexEntry
}
interface SearchOptions {
  /** A range; '' is every release. */
  readonly version: string
  /** Versions that are no releases, too. */
  readonly devel: boolean
  /** Every version, not the newest alone. */
  readonly allVersions: boolean
}

/** Where in a text the words are found: an offset, -1 for nowhere. */
export type Matcher = (text: string) => number

/** As it is, whatever the case of letters. */
export const literal =
  (words: string): Matcher =>
  (text) =>
    text.toLowerCase().indexOf(words.toLowerCase())

const SEPARATOR = '\v'
const WORST = 25

/** The parts that are searched, in the order of their weight: name, repository and name, description, keywords. */
const searched = (repository: string, e: IndexEntry) =>
  [e.name, `${repository}/${e.name}`, e.description, e.keywords.join(' ')].join(SEPARATOR)

/** The best first, then by name, then the newest. Throws ChartError for a range that is none. */
export function searchCharts(
  indexes: readonly (readonly [name: string, RepositoryIndex])[],
  matcher: Matcher | undefined,
  o: SearchOptions,
): Hit[] {
  const isIn = range(o)
  const found: (Hit & { score: number })[] = []
  for (const [repository, index] of indexes) {
    for (const [name, versions] of index) {
      for (const entry of versions) {
        const score = scoreOf(searched(repository, entry), matcher)
        if (score < WORST) found.push({ name: `${repository}/${name}`, entry, score })
      }
    }
  }
  found.sort(
    (a, b) =>
      a.score - b.score ||
      compareStrings(a.name, b.name) ||
      compareVersions(parseVersion(b.entry.version), parseVersion(a.entry.version)),
  )
  const seen = new Set<string>()
  return found.filter(({ name, entry }) => {
    if (!isIn(entry.version) || (!o.allVersions && seen.has(name))) return false
    seen.add(name)
    return true
  })
}

function scoreOf(text: string, matcher: Matcher | undefined): number {
  if (!matcher) return 0
  const at = matcher(text)
  return at < 0 ? WORST : text.slice(0, at).split(SEPARATOR).length - 1
}

function range(o: SearchOptions): (version: string) => boolean {
  try {
    const constraint = parseConstraints(o.version || (o.devel ? '>0.0.0-0' : '>0.0.0'))
    return (version) => satisfies(parseVersion(version), constraint)
  } catch (e) {
    if (e instanceof VersionError) throw new ChartError(`an invalid version/constraint format: ${e.message}`)
    throw e
  }
}
