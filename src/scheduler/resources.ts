import type { Container, Pod } from '../apimachinery/kinds.generated.ts'
import { quantityMilli, quantityValue } from '../apimachinery/quantity.ts'

/** Amounts by resource name: cpu in thousandths of a core, all else in whole units. */
export type Resources = ReadonlyMap<string, number>

const amount = (name: string, quantity: string | number): number =>
  name === 'cpu' ? quantityMilli(quantity) : quantityValue(quantity)

export function resourcesOf(list: Readonly<Record<string, string | number>> | undefined): Map<string, number> {
  return new Map(Object.entries(list ?? {}).map(([name, quantity]) => [name, amount(name, quantity)]))
}

export function add(into: Map<string, number>, more: Resources, factor = 1): void {
  for (const [name, value] of more) into.set(name, (into.get(name) ?? 0) + factor * value)
}

function atLeast(into: Map<string, number>, other: Resources): void {
  for (const [name, value] of other) into.set(name, Math.max(into.get(name) ?? 0, value))
}

/** What a container counts for in scores when it says nothing: 100 m and 200 MiB. */
const assumed = new Map([
  ['cpu', 100],
  ['memory', 200 * 1024 * 1024],
])

function sum(pod: Pod, missing: Resources): Map<string, number> {
  const request = (c: Container): Resources => {
    const own = resourcesOf(c.resources?.requests)
    for (const [name, value] of missing) if (!own.has(name)) own.set(name, value)
    return own
  }
  const total = new Map<string, number>()
  for (const container of pod.spec?.containers ?? []) add(total, request(container))
  // Init containers run one after another, beside the sidecars that were started before them.
  const sidecars = new Map<string, number>()
  const starting = new Map<string, number>()
  for (const container of pod.spec?.initContainers ?? []) {
    const own = new Map(request(container))
    if (container.restartPolicy === 'Always') {
      add(total, own)
      add(sidecars, own)
      atLeast(starting, sidecars)
    } else {
      add(own, sidecars)
      atLeast(starting, own)
    }
  }
  atLeast(total, starting)
  for (const [name, value] of resourcesOf(pod.spec?.resources?.requests)) total.set(name, value)
  add(total, resourcesOf(pod.spec?.overhead))
  return total
}

const requests = new WeakMap<Pod, Resources>()
const nonZero = new WeakMap<Pod, Resources>()

const remembered = (known: WeakMap<Pod, Resources>, pod: Pod, missing: Resources): Resources => {
  const found = known.get(pod)
  if (found) return found
  const made = sum(pod, missing)
  known.set(pod, made)
  return made
}

/** What `pod` requests of a node: the larger of its containers together and its init containers, plus overhead. */
export const podRequests = (pod: Pod): Resources => remembered(requests, pod, new Map())

/** The same with defaults for containers that request no cpu or memory, as scores count them. */
export const scoredRequests = (pod: Pod): Resources => remembered(nonZero, pod, assumed)
