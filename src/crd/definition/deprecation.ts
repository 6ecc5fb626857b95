import { type CustomResourceDefinition, type DefinitionVersion, versionsOf } from './definition.ts'

const VERSION = /^v(\d+)(?:(alpha|beta)(\d+))?$/

/** Orders version names as Kubernetes does: v2 before v1 before v1beta2 before v1alpha1 before all else. Negative: `a` first. */
function compareVersionNames(a: string, b: string): number {
  const [left, right] = [VERSION.exec(a), VERSION.exec(b)]
  if (left === null || right === null) {
    if (left === null && right === null) return a < b ? -1 : a > b ? 1 : 0
    return left === null ? 1 : -1
  }
  const stability = (match: RegExpExecArray): number => ({ alpha: 0, beta: 1 })[match[2] as 'alpha' | 'beta'] ?? 2
  return stability(right) - stability(left) || Number(right[1]) - Number(left[1]) || Number(right[3] ?? 0) - Number(left[3] ?? 0)
}

/** The warning that answers to requests of `version` carry; undefined when it is not deprecated. */
export function deprecationWarning(definition: CustomResourceDefinition, version: DefinitionVersion): string | undefined {
  if (!version.deprecated) return undefined
  if (version.deprecationWarning !== undefined) return version.deprecationWarning
  const { group, names } = definition.spec
  const kind = names?.kind ?? ''
  const [better] = versionsOf(definition)
    .filter((other) => other.served && !other.deprecated && compareVersionNames(other.name, version.name) < 0)
    .map((other) => other.name)
    .toSorted(compareVersionNames)
  const message = `${group}/${version.name} ${kind} is deprecated`
  return better === undefined ? message : `${message}; use ${group}/${better} ${kind}`
}
