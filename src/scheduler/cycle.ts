import type { Pod } from '../apimachinery/kinds.generated.ts'
import type { Plugin, Rejection, Verdict, World } from './framework.ts'
import { type NodeState, nodeStateOf } from './node-state.ts'

interface Placement {
  readonly node: string
  /** Where the next search begins. */
  readonly nextStart: number
}

/** Why no node can take a pod. */
export interface Failure {
  readonly rejections: ReadonlyMap<string, Rejection>
  readonly total: number
  readonly nextStart: number
}

interface CycleOptions {
  readonly plugins: readonly Plugin[]
  /** In [0, 1): chooses among equals. */
  readonly random: () => number
  /** Index of the node to begin with: successive pods begin where the last search ended. */
  readonly start: number
  /** Pods of at least the same priority that wait for room on a node. */
  readonly nominated?: (node: string) => readonly Pod[]
}

/** How many feasible nodes are enough: all of up to 100, then a share that falls from 50 % to 5 %. */
export function enoughNodes(total: number): number {
  if (total < 100) return total
  const percent = Math.max(5, 50 - Math.floor(total / 125))
  return Math.max(100, Math.floor((total * percent) / 100))
}

/** Filters of the plugins that have a say about `pod`, prepared once. */
export function prepareFilters(pod: Pod, world: World, plugins: readonly Plugin[]): (node: NodeState) => Verdict {
  const filters: ((node: NodeState) => Verdict)[] = []
  for (const plugin of plugins) {
    if (!plugin.filter) continue
    const prepared = plugin.prepareFilter?.(pod, world)
    if (prepared === 'skip') continue
    const filter = plugin.filter
    filters.push((node) => {
      const verdict = filter(pod, node, prepared)
      return verdict && { ...verdict, plugin: plugin.name }
    })
  }
  return (node) => {
    for (const filter of filters) {
      const verdict = filter(node)
      if (verdict) return verdict
    }
    return undefined
  }
}

/** The node for `pod`, or why there is none. */
export function schedule(pod: Pod, world: World, options: CycleOptions): Placement | Failure {
  const { nodes } = world
  const total = nodes.length
  const filter = prepareFilters(pod, world, options.plugins)
  const feasible: NodeState[] = []
  const rejections = new Map<string, Rejection>()
  const enough = enoughNodes(total)
  let seen = 0
  while (seen < total && feasible.length < enough) {
    const node = nodes[(options.start + seen++) % total] as NodeState
    const verdict = withNominated(node, pod, options, filter)
    if (verdict) rejections.set(node.name, verdict)
    else feasible.push(node)
  }
  const nextStart = total === 0 ? 0 : (options.start + seen) % total
  if (feasible.length === 0) return { rejections, total, nextStart }
  const [first] = feasible
  if (feasible.length === 1 && first) return { node: first.name, nextStart }
  return { node: best(score(pod, world, feasible, options.plugins), options.random), nextStart }
}

/** A node must take the pod both with the pods nominated for it and without: those may still go elsewhere. */
function withNominated(node: NodeState, pod: Pod, options: CycleOptions, filter: (n: NodeState) => Verdict): Verdict {
  const others = (options.nominated?.(node.name) ?? []).filter((p) => p.metadata.uid !== pod.metadata.uid)
  const verdict = others.length > 0 ? filter(nodeStateOf(node.node, [...node.pods.values(), ...others])) : undefined
  return verdict ?? filter(node)
}

/** The weighted sum of all plugins' normalized scores, by node. */
export function score(pod: Pod, world: World, feasible: readonly NodeState[], plugins: readonly Plugin[]): Map<string, number> {
  const totals = new Map(feasible.map((n) => [n.name, 0]))
  for (const { score, prepareScore, normalize, weight = 1 } of plugins) {
    if (!score) continue
    const prepared = prepareScore?.(pod, world, feasible)
    if (prepared === 'skip') continue
    const raw = feasible.map((node) => score(pod, node, prepared))
    const scores = normalize ? normalize(raw, prepared, feasible) : raw
    feasible.forEach(({ name }, i) => {
      totals.set(name, (totals.get(name) ?? 0) + weight * (scores[i] ?? 0))
    })
  }
  return totals
}

/** The highest; among equals each has the same chance. */
function best(scores: ReadonlyMap<string, number>, random: () => number): string {
  let chosen = ''
  let highest = Number.NEGATIVE_INFINITY
  let equals = 0
  for (const [node, value] of scores) {
    if (value > highest) {
      highest = value
      chosen = node
      equals = 1
    } else if (value === highest && random() < 1 / ++equals) chosen = node
  }
  return chosen
}

/** `1 Insufficient cpu, 2 node(s) were unschedulable`: each reason with the number of nodes, in order of the text. */
export function histogram(rejections: Iterable<Rejection>): string {
  const counts = new Map<string, number>()
  for (const { reasons } of rejections) for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  return [...counts]
    .map(([reason, n]) => `${n} ${reason}`)
    .sort()
    .join(', ')
}

/** The message of the PodScheduled condition and the FailedScheduling event, to the letter. */
export function failureMessage(failure: Failure, afterPreemption = ''): string {
  if (failure.total === 0) return 'no nodes available to schedule pods'
  const reasons = histogram(failure.rejections.values())
  const head = `0/${failure.total} nodes are available:${reasons ? ` ${reasons}.` : ''}`
  return afterPreemption ? `${head} ${afterPreemption}` : head
}
