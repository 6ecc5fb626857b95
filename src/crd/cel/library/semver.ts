import type { Library } from '../environment.ts'
import { toInt } from '../numbers.ts'
import { BOOL, INT, STRING, structType } from '../types.ts'
import { CelError, type CelInt, CelOpaque } from '../values.ts'
import { traversal } from './costs.ts'
import { method, overload } from './signature.ts'

const SEMVER = structType('kubernetes.Semver')

interface Version {
  readonly numbers: readonly [bigint, bigint, bigint]
  readonly pre: readonly string[]
}

class CelSemver extends CelOpaque {
  readonly type = SEMVER
  readonly version: Version
  constructor(version: Version) {
    super()
    this.version = version
  }
  equals(other: CelOpaque): boolean {
    return compareVersions(this.version, (other as CelSemver).version) === 0
  }
}

const ALPHANUMERIC = /^[0-9A-Za-z-]+$/
const WORDS = ['major', 'minor', 'patch'] as const

/** As blang/semver reads it. Throws CelError. */
function parseVersion(text: string): Version {
  if (text === '') throw new CelError('Version string empty')
  const parts = splitOnce(text, '.', 3)
  if (parts.length !== 3) throw new CelError('No Major.Minor.Patch elements found')
  const [major, minor, rest] = parts as [string, string, string]
  const plus = rest.indexOf('+')
  const build = plus < 0 ? [] : rest.slice(plus + 1).split('.')
  const withoutBuild = plus < 0 ? rest : rest.slice(0, plus)
  const dash = withoutBuild.indexOf('-')
  const patch = dash < 0 ? withoutBuild : withoutBuild.slice(0, dash)
  const numbers = [major, minor, patch].map((part, i) => numberPart(part, WORDS[i] as string))
  const pre = dash < 0 ? [] : withoutBuild.slice(dash + 1).split('.')
  for (const part of pre) checkPrerelease(part)
  for (const part of build) {
    if (part === '') throw new CelError('Build meta data is empty')
    if (!ALPHANUMERIC.test(part)) throw new CelError(`Invalid character(s) found in build meta data ${JSON.stringify(part)}`)
  }
  return { numbers: numbers as [bigint, bigint, bigint], pre }
}

function numberPart(part: string, word: string): bigint {
  const quoted = JSON.stringify(part)
  if (!/^\d*$/.test(part)) throw new CelError(`Invalid character(s) found in ${word} number ${quoted}`)
  if (/^0./.test(part))
    throw new CelError(`${word[0]?.toUpperCase()}${word.slice(1)} number must not contain leading zeroes ${quoted}`)
  if (part === '') throw new CelError(`strconv.ParseUint: parsing ${quoted}: invalid syntax`)
  const value = BigInt(part)
  if (value >= 2n ** 64n) throw new CelError(`strconv.ParseUint: parsing ${quoted}: value out of range`)
  return value
}

function checkPrerelease(part: string): void {
  if (part === '') throw new CelError('Prerelease is empty')
  const quoted = JSON.stringify(part)
  if (/^0\d+$/.test(part)) throw new CelError(`Numeric PreRelease version must not contain leading zeroes ${quoted}`)
  if (!ALPHANUMERIC.test(part)) throw new CelError(`Invalid character(s) found in prerelease ${quoted}`)
}

function splitOnce(text: string, separator: string, limit: number): string[] {
  const parts = text.split(separator)
  return parts.length <= limit ? parts : [...parts.slice(0, limit - 1), parts.slice(limit - 1).join(separator)]
}

/** A leading 'v' and leading zeros go; missing parts become 0. */
function normalize(text: string): string {
  const parts = splitOnce(text.replace(/^v/, ''), '.', 3).map((part) => {
    if (part.length <= 1) return part
    const trimmed = part.replace(/^0+/, '')
    return /^\d/.test(trimmed) ? trimmed : `0${trimmed}`
  })
  if (parts.length < 3 && /[+-]/.test(parts.at(-1) as string)) {
    throw new CelError('short version cannot contain PreRelease/Build meta data')
  }
  while (parts.length < 3) parts.push('0')
  return parts.join('.')
}

const toSemver = (text: string, lenient = false): CelSemver => new CelSemver(parseVersion(lenient ? normalize(text) : text))

function isSemver(text: string, lenient = false): boolean {
  try {
    toSemver(text, lenient)
    return true
  } catch (error) {
    if (error instanceof CelError) return false
    throw error
  }
}

function compareVersions(a: Version, b: Version): -1 | 0 | 1 {
  for (let i = 0; i < 3; i++) {
    const [left, right] = [a.numbers[i] as bigint, b.numbers[i] as bigint]
    if (left !== right) return left < right ? -1 : 1
  }
  if (a.pre.length === 0 || b.pre.length === 0) return sign(b.pre.length - a.pre.length)
  for (let i = 0; i < Math.min(a.pre.length, b.pre.length); i++) {
    const order = comparePrerelease(a.pre[i] as string, b.pre[i] as string)
    if (order !== 0) return order
  }
  return sign(a.pre.length - b.pre.length)
}

function comparePrerelease(a: string, b: string): -1 | 0 | 1 {
  const [left, right] = [/^\d+$/.test(a), /^\d+$/.test(b)]
  if (left !== right) return left ? -1 : 1
  if (a === b) return 0
  return (left ? BigInt(a) < BigInt(b) : a < b) ? -1 : 1
}

const sign = (value: number): -1 | 0 | 1 => (value < 0 ? -1 : value > 0 ? 1 : 0)
const order = (a: CelSemver, b: CelSemver): number => compareVersions(a.version, b.version)
const part =
  (index: 0 | 1 | 2) =>
  (value: CelSemver): CelInt =>
    toInt(BigInt.asIntN(64, value.version.numbers[index]))

/** Kubernetes' semantic versions. */
export const semver: Library = {
  types: [SEMVER],
  functions: {
    semver: [
      overload('string_to_semver', [STRING], SEMVER, toSemver, traversal(0)),
      overload('string_bool_to_semver', [STRING, BOOL], SEMVER, toSemver, traversal(0)),
    ],
    isSemver: [
      overload('is_semver_string', [STRING], BOOL, isSemver, traversal(0)),
      overload('is_semver_string_bool', [STRING, BOOL], BOOL, isSemver, traversal(0)),
    ],
    isGreaterThan: [method('semver_is_greater_than', [SEMVER, SEMVER], BOOL, (a: CelSemver, b: CelSemver) => order(a, b) > 0)],
    isLessThan: [method('semver_is_less_than', [SEMVER, SEMVER], BOOL, (a: CelSemver, b: CelSemver) => order(a, b) < 0)],
    compareTo: [method('semver_compare_to', [SEMVER, SEMVER], INT, order)],
    major: [method('semver_major', [SEMVER], INT, part(0))],
    minor: [method('semver_minor', [SEMVER], INT, part(1))],
    patch: [method('semver_patch', [SEMVER], INT, part(2))],
  },
}
