// Masterminds/semver: versions and constraints, with its rules for prereleases and wildcards.

export class VersionError extends Error {}

export interface Version {
  readonly major: bigint
  readonly minor: bigint
  readonly patch: bigint
  readonly prerelease: string
  readonly metadata: string
  readonly original: string
}

const VERSION_TEXT =
  /^v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?$/
const MAX_LENGTH = 256

/** semver.NewVersion: a leading v, missing parts and leading zeros are allowed. Throws VersionError. */
export function parseVersion(text: string): Version {
  if (text.length > MAX_LENGTH) throw new VersionError('version string is too long')
  const m = VERSION_TEXT.exec(text)
  if (!m) throw new VersionError('invalid semantic version')
  if ((m[4] ?? '').split('.').some((part) => /^0\d+$/.test(part))) throw new VersionError('version segment starts with 0')
  return {
    major: BigInt(m[1] as string),
    minor: BigInt(m[2] ?? 0),
    patch: BigInt(m[3] ?? 0),
    prerelease: m[4] ?? '',
    metadata: m[5] ?? '',
    original: text,
  }
}

export function versionText(v: Version): string {
  return `${v.major}.${v.minor}.${v.patch}${v.prerelease ? `-${v.prerelease}` : ''}${v.metadata ? `+${v.metadata}` : ''}`
}

const order = (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0)

function comparePart(a: string | undefined, b: string | undefined): number {
  if (a === b) return 0
  if (a === undefined) return -1
  if (b === undefined) return 1
  const numeric = [/^\d+$/.test(a), /^\d+$/.test(b)]
  if (numeric[0] && numeric[1]) return order(BigInt(a), BigInt(b))
  if (numeric[0]) return -1
  if (numeric[1]) return 1
  return a > b ? 1 : -1
}

function comparePrerelease(a: string, b: string): number {
  const [x, y] = [a.split('.'), b.split('.')]
  for (let i = 0; i < Math.max(x.length, y.length); i++) {
    const d = comparePart(x[i], y[i])
    if (d !== 0) return d
  }
  return 0
}

/** Negative, 0 or positive; metadata does not count. */
export function compareVersions(a: Version, b: Version): number {
  const d = order(a.major, b.major) || order(a.minor, b.minor) || order(a.patch, b.patch)
  if (d !== 0) return d
  if (a.prerelease === b.prerelease) return 0
  if (a.prerelease === '') return 1
  return b.prerelease === '' ? -1 : comparePrerelease(a.prerelease, b.prerelease)
}

interface Constraint {
  readonly operator: string
  readonly version: Version
  readonly minorDirty: boolean
  readonly patchDirty: boolean
  readonly dirty: boolean
}

const VERSION =
  'v?([0-9|x|X|\\*]+)(\\.[0-9|x|X|\\*]+)?(\\.[0-9|x|X|\\*]+)?(-([0-9A-Za-z\\-]+(\\.[0-9A-Za-z\\-]+)*))?(\\+([0-9A-Za-z\\-]+(\\.[0-9A-Za-z\\-]+)*))?'
const OPERATORS = '=>|=<|!=|>=|<=|~>|=|>|<|~|\\^|'
const ONE = new RegExp(`^\\s*(${OPERATORS})\\s*(${VERSION})\\s*$`)
const RANGE = new RegExp(`\\s*(${VERSION})\\s+-\\s+(${VERSION})\\s*`, 'g')
const FIND = new RegExp(`(?:${OPERATORS})\\s*(?:${VERSION})`, 'g')
const SEPARATOR = /^(?:\s+|,\s*)/
const START = new RegExp(`^\\s*(?:${OPERATORS})\\s*(?:${VERSION})\\s*`)
const MAX_GROUPS = 32

const isWildcard = (s: string | undefined) => s === undefined || s === '' || s === 'x' || s === 'X' || s === '*'

function parseOne(text: string): Constraint {
  const m = ONE.exec(text)
  if (!m) throw new VersionError(`improper constraint: ${JSON.stringify(text)}`)
  const [major, minor, patch, pre = ''] = [m[3], m[4]?.slice(1), m[5]?.slice(1), m[6]]
  let version = m[2] as string
  let [minorDirty, patchDirty, dirty] = [false, false, false]
  if (isWildcard(major)) {
    version = `0.0.0${pre}`
    dirty = true
  } else if (isWildcard(minor)) {
    version = `${major}.0.0${pre}`
    dirty = minorDirty = true
  } else if (isWildcard(patch)) {
    version = `${major}.${minor}.0${pre}`
    dirty = patchDirty = true
  }
  let parsed: Version
  try {
    parsed = parseVersion(version)
  } catch {
    throw new VersionError('constraint parser error')
  }
  return { operator: m[1] ?? '', version: parsed, minorDirty, patchDirty, dirty }
}

/** Alternatives (`||`) of constraints that must all hold. */
interface Constraints {
  readonly alternatives: readonly (readonly Constraint[])[]
}

function isValidGroup(group: string): boolean {
  let rest = group.replace(START, '')
  if (rest === group && group !== '') return false
  while (rest !== '') {
    const next =
      rest.replace(START, '').length < rest.length && START.exec(rest)?.index === 0
        ? rest.replace(START, '')
        : rest.replace(SEPARATOR, '')
    if (next === rest) return false
    rest = next
  }
  return group !== ''
}

/** semver.NewConstraint. Throws VersionError. */
export function parseConstraints(text: string): Constraints {
  const rewritten = text.replace(RANGE, (...m: string[]) => `>= ${m[1]}, <= ${m[11]} `)
  const groups = rewritten.split('||')
  if (groups.length > MAX_GROUPS) throw new VersionError('too many constraint groups')
  return {
    alternatives: groups.map((group) => {
      if (!isValidGroup(group)) throw new VersionError(`improper constraint: ${JSON.stringify(group)}`)
      return (group.match(FIND) ?? [group]).map(parseOne)
    }),
  }
}

/** Whether the version satisfies the constraints: a prerelease only those that name one. */
export function satisfies(v: Version, c: Constraints): boolean {
  return c.alternatives.some((group) => {
    const prereleases = group.some((one) => one.version.prerelease !== '')
    return group.every((one) => (v.prerelease === '' || prereleases) && holds(v, one))
  })
}

function holds(v: Version, c: Constraint): boolean {
  const d = compareVersions(v, c.version)
  switch (c.operator) {
    case '!=':
      return differs(v, c)
    case '>':
      return isGreater(v, c, d)
    case '<':
      return d < 0
    case '>=':
    case '=>':
      return d >= 0
    case '<=':
    case '=<':
      if (!c.dirty) return d <= 0
      return v.major < c.version.major || (v.major === c.version.major && (v.minor <= c.version.minor || c.minorDirty))
    case '~':
    case '~>':
      return isTilde(v, c)
    case '^':
      return isCaret(v, c, d)
    default:
      return c.dirty ? isTilde(v, c) : d === 0
  }
}

function differs(v: Version, c: Constraint): boolean {
  if (!c.dirty) return compareVersions(v, c.version) !== 0
  if (c.version.major !== v.major) return true
  if (c.version.minor !== v.minor && !c.minorDirty) return true
  if (c.minorDirty) return false
  if (c.version.patch !== v.patch && !c.patchDirty) return true
  if (c.patchDirty)
    return (v.prerelease !== '' || c.version.prerelease !== '') && comparePrerelease(v.prerelease, c.version.prerelease) !== 0
  return compareVersions(v, c.version) !== 0
}

function isGreater(v: Version, c: Constraint, d: number): boolean {
  if (!c.dirty) return d === 1
  if (v.major !== c.version.major) return v.major > c.version.major
  if (c.minorDirty) return false
  if (c.patchDirty) return v.minor > c.version.minor
  return d === 1
}

function isTilde(v: Version, c: Constraint): boolean {
  if (compareVersions(v, c.version) < 0) return false
  const { major, minor, patch } = c.version
  if (major === 0n && minor === 0n && patch === 0n && !c.minorDirty && !c.patchDirty) return true
  return v.major === major && (v.minor === minor || c.minorDirty)
}

function isCaret(v: Version, c: Constraint, d: number): boolean {
  if (d < 0) return false
  const { major, minor, patch } = c.version
  if (major > 0n || c.minorDirty) return v.major === major
  if (v.major > 0n) return false
  if (minor > 0n || c.patchDirty) return v.minor === minor
  if (v.minor > 0n) return false
  return v.patch === patch
}
