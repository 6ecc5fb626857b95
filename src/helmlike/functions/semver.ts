// Sprig's semver functions.
import type { Implementation } from '../gotemplate/function-table.ts'
import { FunctionError } from '../gotemplate/run.ts'
import { GoStruct, Int, int, type MethodTable, type Value } from '../gotemplate/value.ts'
import { compareVersions, parseConstraints, parseVersion, satisfies, type Version, VersionError, versionText } from './version.ts'

function guarded<T>(f: () => T): T {
  try {
    return f()
  } catch (e) {
    throw e instanceof VersionError ? new FunctionError(e.message) : e
  }
}

const versions = new WeakMap<GoStruct, Version>()
const uint64 = (n: bigint) => new Int(n, 'uint64')

function other(v: Value): Version {
  const found = v instanceof GoStruct ? versions.get(v) : undefined
  if (!found) throw new FunctionError('runtime error: invalid memory address or nil pointer dereference')
  return found
}

/** The version as templates see it: *semver.Version with its methods. */
function struct(v: Version, type = '*semver.Version'): GoStruct {
  const get = (call: () => Value) => ({ params: [], variadic: false, call })
  const compare = (test: (d: number) => Value) => ({
    params: ['*semver.Version'],
    variadic: false,
    call: (o: Value) => test(compareVersions(v, other(o))),
  })
  const changed = (change: Partial<Version>) => {
    const next = { ...v, ...change }
    return struct({ ...next, original: (v.original.startsWith('v') ? 'v' : '') + versionText(next) }, 'semver.Version')
  }
  const plain = { prerelease: '', metadata: '' }
  const methods: MethodTable = {
    Major: get(() => uint64(v.major)),
    Minor: get(() => uint64(v.minor)),
    Patch: get(() => uint64(v.patch)),
    Prerelease: get(() => v.prerelease),
    Metadata: get(() => v.metadata),
    Original: get(() => v.original),
    String: get(() => versionText(v)),
    Compare: compare((d) => int(d)),
    Equal: compare((d) => d === 0),
    LessThan: compare((d) => d < 0),
    LessThanEqual: compare((d) => d <= 0),
    GreaterThan: compare((d) => d > 0),
    GreaterThanEqual: compare((d) => d >= 0),
    IncPatch: get(() => changed({ ...plain, patch: v.prerelease === '' ? v.patch + 1n : v.patch })),
    IncMinor: get(() => changed({ ...plain, patch: 0n, minor: v.minor + 1n })),
    IncMajor: get(() => changed({ ...plain, patch: 0n, minor: 0n, major: v.major + 1n })),
  }
  const made = new GoStruct(
    type,
    new Map(),
    methods,
    () => versionText(v),
    () => versionText(v),
  )
  versions.set(made, v)
  return made
}

export const semver: { readonly [name: string]: Implementation } = {
  semver: (text: string) => guarded(() => struct(parseVersion(text))),
  semverCompare: (constraint: string, version: string) =>
    guarded(() => {
      const c = parseConstraints(constraint)
      return satisfies(parseVersion(version), c)
    }),
}
