import type { Pod, TopologySpreadConstraint } from '../../apimachinery/kinds.generated.ts'
import { type LabelSelectorObject, matchesSelector } from '../../apimachinery/label-selector.ts'
import { satisfiesAffinity } from '../../apimachinery/node-affinity.ts'
import { untolerated } from '../../apimachinery/taints.ts'
import { type ClusterEvent, definePlugin, fits, unresolvable, unschedulable, type Verdict, type World } from '../framework.ts'
import { withLabelKeys } from '../label-keys.ts'
import type { NodeState } from '../node-state.ts'

/** A constraint with the selectors that all must match. */
interface Constraint {
  readonly key: string
  readonly maxSkew: number
  readonly minDomains: number
  readonly selectors: readonly LabelSelectorObject[]
  readonly honorsAffinity: boolean
  readonly honorsTaints: boolean
}

const hostname = 'kubernetes.io/hostname'
/** kube-scheduler's own, for pods of a Service or controller that say nothing. */
const defaults: readonly Pick<TopologySpreadConstraint, 'topologyKey' | 'maxSkew'>[] = [
  { topologyKey: hostname, maxSkew: 3 },
  { topologyKey: 'topology.kubernetes.io/zone', maxSkew: 5 },
]

function constraintsOf(pod: Pod, when: TopologySpreadConstraint['whenUnsatisfiable']): Constraint[] {
  return (pod.spec?.topologySpreadConstraints ?? [])
    .filter((c) => c.whenUnsatisfiable === when)
    .map((c) => {
      const selector = withLabelKeys(c.labelSelector, pod.metadata.labels, c.matchLabelKeys)
      return {
        key: c.topologyKey,
        maxSkew: c.maxSkew,
        minDomains: c.minDomains ?? 1,
        selectors: selector ? [selector] : [],
        honorsAffinity: c.nodeAffinityPolicy !== 'Ignore',
        honorsTaints: c.nodeTaintsPolicy === 'Honor',
      }
    })
}

function defaultConstraints(pod: Pod, world: World): Constraint[] {
  const selectors = world.groupSelectors(pod)
  if (!selectors) return []
  return defaults.map((d) => ({
    key: d.topologyKey,
    maxSkew: d.maxSkew,
    minDomains: 1,
    selectors,
    honorsAffinity: true,
    honorsTaints: false,
  }))
}

const matches = (c: Constraint, labels: Readonly<Record<string, string>> | undefined): boolean =>
  c.selectors.length > 0 && c.selectors.every((s) => matchesSelector(s, labels))

function countOn(node: NodeState, c: Constraint, namespace: string | undefined): number {
  let count = 0
  for (const { metadata } of node.pods.values())
    if (metadata.namespace === namespace && !metadata.deletionTimestamp && matches(c, metadata.labels)) count++
  return count
}

function counts(c: Constraint, pod: Pod, node: NodeState): boolean {
  if (c.honorsAffinity && !satisfiesAffinity(pod.spec, node.node)) return false
  const hard = node.taints.filter((t) => t.effect !== 'PreferNoSchedule')
  return !c.honorsTaints || untolerated(hard, pod.spec?.tolerations) === undefined
}

const hasAll = (node: NodeState, constraints: readonly Constraint[]): boolean =>
  constraints.every((c) => Object.hasOwn(node.labels, c.key))

interface Spread {
  readonly constraint: Constraint
  /** Matching pods by the value of the topology key. */
  readonly perDomain: Map<string, number>
  readonly least: number
  /** 1 when the pod counts for itself. */
  readonly self: number
}

function prepareFilter(pod: Pod, world: World): readonly Spread[] | 'skip' {
  const constraints = constraintsOf(pod, 'DoNotSchedule')
  if (constraints.length === 0) return 'skip'
  const domains = constraints.map(() => new Map<string, number>())
  for (const node of world.nodes) {
    if (!hasAll(node, constraints)) continue
    constraints.forEach((c, i) => {
      if (!counts(c, pod, node)) return
      const value = node.labels[c.key] as string
      domains[i]?.set(value, (domains[i]?.get(value) ?? 0) + countOn(node, c, pod.metadata.namespace))
    })
  }
  return constraints.map((constraint, i) => {
    const perDomain = domains[i] as Map<string, number>
    const least = perDomain.size < constraint.minDomains ? 0 : Math.min(...perDomain.values())
    return { constraint, perDomain, least, self: matches(constraint, pod.metadata.labels) ? 1 : 0 }
  })
}

function filter(_pod: Pod, node: NodeState, spreads: readonly Spread[]): Verdict {
  for (const { constraint, perDomain, least, self } of spreads) {
    const value = Object.hasOwn(node.labels, constraint.key) ? node.labels[constraint.key] : undefined
    if (value === undefined) return unresolvable("node(s) didn't match pod topology spread constraints (missing required label)")
    if ((perDomain.get(value) ?? 0) + self - least > constraint.maxSkew)
      return unschedulable("node(s) didn't match pod topology spread constraints")
  }
  return fits
}

interface Scoring {
  readonly constraints: readonly Constraint[]
  readonly perDomain: readonly Map<string, number>[]
  readonly weights: readonly number[]
  /** Nodes that lack a topology label: they score 0. */
  readonly ignored: ReadonlySet<string>
}

function prepareScore(pod: Pod, world: World, feasible: readonly NodeState[]): Scoring | 'skip' {
  const own = (pod.spec?.topologySpreadConstraints ?? []).length > 0
  const constraints = own ? constraintsOf(pod, 'ScheduleAnyway') : defaultConstraints(pod, world)
  if (constraints.length === 0) return 'skip'
  const ignored = new Set(own ? feasible.filter((n) => !hasAll(n, constraints)).map((n) => n.name) : [])
  const scored = feasible.filter((n) => !ignored.has(n.name))
  const perDomain = constraints.map((c) => new Map(c.key === hostname ? [] : scored.map((n) => [n.labels[c.key] ?? '', 0])))
  const weights = constraints.map((c, i) => Math.log((c.key === hostname ? scored.length : (perDomain[i]?.size ?? 0)) + 2))
  for (const node of world.nodes) {
    if (own && !hasAll(node, constraints)) continue
    constraints.forEach((c, i) => {
      const value = node.labels[c.key] ?? ''
      const sum = perDomain[i]?.get(value)
      if (sum !== undefined && counts(c, pod, node)) perDomain[i]?.set(value, sum + countOn(node, c, pod.metadata.namespace))
    })
  }
  return { constraints, perDomain, weights, ignored }
}

function score(pod: Pod, node: NodeState, { constraints, perDomain, weights, ignored }: Scoring): number {
  if (ignored.has(node.name)) return 0
  let sum = 0
  constraints.forEach((c, i) => {
    const value = node.labels[c.key]
    if (value === undefined) return
    const count = c.key === hostname ? countOn(node, c, pod.metadata.namespace) : (perDomain[i]?.get(value) ?? 0)
    sum += count * (weights[i] ?? 0) + (c.maxSkew - 1)
  })
  return Math.round(sum)
}

function normalize(scores: readonly number[], { ignored }: Scoring, nodes: readonly NodeState[]): number[] {
  const counted = scores.filter((_, i) => !ignored.has(nodes[i]?.name ?? ''))
  const most = Math.max(0, ...counted)
  const least = Math.min(...counted)
  return scores.map((s, i) => {
    if (ignored.has(nodes[i]?.name ?? '')) return 0
    return most === 0 ? 100 : Math.floor((100 * (most + least - s)) / most)
  })
}

/** A pod that counts came, went or changed its labels; or a node came, went or changed its labels. */
function wakes(event: ClusterEvent, pod: Pod): boolean {
  const labels = (o: { metadata: { labels?: Record<string, string> } } | undefined) => JSON.stringify(o?.metadata.labels)
  if (event.kind === 'node') return labels(event.now) !== labels(event.before) || event.now?.spec !== event.before?.spec
  const changed = [event.now, event.before].filter((p) => p !== undefined && p.metadata.namespace === pod.metadata.namespace)
  return changed.some((p) => constraintsOf(pod, 'DoNotSchedule').some((c) => matches(c, p?.metadata.labels)))
}

export const podTopologySpread = definePlugin<readonly Spread[], Scoring>({
  name: 'PodTopologySpread',
  weight: 2,
  prepareFilter,
  filter,
  prepareScore,
  score,
  normalize,
  wakes,
})
