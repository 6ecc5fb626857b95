import type { Container, ObjectMeta, PodSpec } from '../../../apimachinery/kinds.generated.ts'

export interface Violation {
  readonly reason: string
  readonly detail: string
}

/** Says how a pod breaks a rule; undefined when it does not. */
export type Check = (spec: PodSpec, metadata: ObjectMeta) => Violation | undefined

export const containersOf = (spec: PodSpec): Container[] => [
  ...(spec.initContainers ?? []),
  ...spec.containers,
  ...((spec.ephemeralContainers ?? []) as Container[]),
]

export const plural = (singular: string, count: number, many = `${singular}s`): string => (count === 1 ? singular : many)
export const quoted = (items: Iterable<string>): string => [...items].map((i) => `"${i}"`).join(', ')
/** `containers "a", "b"`. */
export const named = (what: string, names: readonly string[]): string => `${plural(what, names.length)} ${quoted(names)}`
export const namesOf = (containers: readonly Container[]): string[] => containers.map((c) => c.name)
export const sorted = (items: Iterable<string>): string[] => [...new Set(items)].sort()

export const isWindows = (spec: PodSpec): boolean => spec.os?.name === 'windows'
/** Root in a user namespace of its own is not root on the node. */
export const hasOwnUsers = (spec: PodSpec): boolean => spec.hostUsers === false

export const unless =
  (excused: (spec: PodSpec) => boolean, check: Check): Check =>
  (spec, metadata) =>
    excused(spec) ? undefined : check(spec, metadata)

/** Who sets something forbidden: `pod and container "a"`; undefined when nobody. */
export function setters(pod: boolean, containers: readonly string[]): string | undefined {
  const all = [...(pod ? ['pod'] : []), ...(containers.length > 0 ? [named('container', containers)] : [])]
  return all.length > 0 ? all.join(' and ') : undefined
}
