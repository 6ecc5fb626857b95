// Which pods of lower priority to remove so that a pod finds room (kube-scheduler's DefaultPreemption). Pure.

import type { Pod, PodDisruptionBudget } from '../apimachinery/kinds.generated.ts'
import { matchesSelector } from '../apimachinery/label-selector.ts'
import { type Failure, histogram, prepareFilters } from './cycle.ts'
import { type Plugin, type Rejection, unschedulable, type World } from './framework.ts'
import { type NodeState, nodeStateOf } from './node-state.ts'

export interface Preemption {
  readonly node: string
  readonly victims: readonly Pod[]
}

interface Candidate extends Preemption {
  readonly budgetViolations: number
}

interface PreemptionOptions {
  readonly plugins: readonly Plugin[]
  readonly budgets: readonly PodDisruptionBudget[]
  /** In [0, 1): where the search begins. */
  readonly random: () => number
}

const priority = (pod: Pod): number => pod.spec?.priority ?? 0
const startOf = (pod: Pod): number => Date.parse(pod.status?.startTime ?? pod.metadata.creationTimestamp ?? '') || 0
/** More important first: higher priority, then longer running. */
const byImportance = (a: Pod, b: Pod): number => priority(b) - priority(a) || startOf(a) - startOf(b)

/** Which pods to remove from which node for `pod`, or why that is of no use, as the condition's message says it. */
export function preempt(pod: Pod, failure: Failure, world: World, options: PreemptionOptions): Preemption | { message: string } {
  const why = ineligible(pod, world)
  if (why) return { message: `preemption: ${why}` }
  const reasons: Rejection[] = []
  for (const { resolvable } of failure.rejections.values())
    if (!resolvable) reasons.push(unschedulable('Preemption is not helpful for scheduling'))
  const nodes = world.nodes.filter((n) => failure.rejections.get(n.name)?.resolvable)
  const wanted = Math.max(100, Math.floor(nodes.length / 10))
  const offset = Math.floor(options.random() * nodes.length)
  const candidates: Candidate[] = []
  for (let i = 0; i < nodes.length && candidates.length < wanted; i++) {
    const found = victimsOn(nodes[(offset + i) % nodes.length] as NodeState, pod, world, options)
    if ('reasons' in found) reasons.push(found)
    else candidates.push(found)
  }
  const best = candidates.sort(byHarm)[0]
  if (best) return { node: best.node, victims: best.victims }
  return { message: `preemption: 0/${failure.total} nodes are available: ${histogram(reasons)}.` }
}

function ineligible(pod: Pod, world: World): string | undefined {
  if (pod.spec?.preemptionPolicy === 'Never') return 'not eligible due to preemptionPolicy=Never.'
  const nominated = world.nodes.find((n) => n.name === pod.status?.nominatedNodeName)
  const leaving = [...(nominated?.pods.values() ?? [])].some((p) => p.metadata.deletionTimestamp && priority(p) < priority(pod))
  return leaving ? 'not eligible due to a terminating pod on the nominated node.' : undefined
}

function victimsOn(node: NodeState, pod: Pod, world: World, options: PreemptionOptions): Candidate | Rejection {
  const lesser = [...node.pods.values()].filter((p) => priority(p) < priority(pod))
  if (lesser.length === 0) return unschedulable('No preemption victims found for incoming pod')
  const fitsWith = (pods: Iterable<Pod>) => {
    const tried = nodeStateOf(node.node, pods)
    return prepareFilters(pod, replacing(world, tried), options.plugins)(tried)
  }
  const kept = new Map([...node.pods].filter(([, p]) => priority(p) >= priority(pod)))
  const verdict = fitsWith(kept.values())
  if (verdict) return verdict
  // Give back as many as possible: first those whose removal would break a budget, the important before the others.
  const { violating, others } = byBudget([...lesser].sort(byImportance), options.budgets)
  const victims: Pod[] = []
  let budgetViolations = 0
  for (const candidate of [...violating, ...others]) {
    kept.set(candidate.metadata.uid ?? '', candidate)
    if (!fitsWith(kept.values())) continue
    kept.delete(candidate.metadata.uid ?? '')
    victims.push(candidate)
    if (violating.includes(candidate)) budgetViolations++
  }
  return { node: node.name, victims: victims.sort(byImportance), budgetViolations }
}

const replacing = (world: World, state: NodeState): World => ({
  nodes: world.nodes.map((n) => (n.name === state.name ? state : n)),
  nodesWithImage: (name) => world.nodesWithImage(name),
  namespaceLabels: (namespace) => world.namespaceLabels(namespace),
  groupSelectors: (pod) => world.groupSelectors(pod),
})

/** Pods whose removal, one after another, would take a budget below zero; and the rest. */
function byBudget(pods: readonly Pod[], budgets: readonly PodDisruptionBudget[]): { violating: Pod[]; others: Pod[] } {
  const left = new Map(budgets.map((b) => [b, b.status?.disruptionsAllowed ?? 0]))
  const violating: Pod[] = []
  const others: Pod[] = []
  for (const pod of pods) {
    let breaks = false
    for (const budget of budgets) {
      if (budget.metadata.namespace !== pod.metadata.namespace || !matchesSelector(budget.spec?.selector, pod.metadata.labels))
        continue
      if (Object.hasOwn(budget.status?.disruptedPods ?? {}, pod.metadata.name ?? '')) continue
      const now = (left.get(budget) ?? 0) - 1
      left.set(budget, now)
      if (now < 0) breaks = true
    }
    if (breaks) violating.push(pod)
    else others.push(pod)
  }
  return { violating, others }
}

/** Less harm first: fewer budgets broken, a lower highest priority, a lower sum, fewer victims, the later started. */
function byHarm(a: Candidate, b: Candidate): number {
  const highest = (c: Candidate) => Math.max(Number.NEGATIVE_INFINITY, ...c.victims.map(priority))
  // Shifted so that more victims of negative priority never look like less harm.
  const sum = (c: Candidate) => c.victims.reduce((n, p) => n + priority(p) + 2 ** 31, 0)
  const earliestOfHighest = (c: Candidate) => Math.min(...c.victims.filter((p) => priority(p) === highest(c)).map(startOf))
  return (
    a.budgetViolations - b.budgetViolations ||
    highest(a) - highest(b) ||
    sum(a) - sum(b) ||
    a.victims.length - b.victims.length ||
    earliestOfHighest(b) - earliestOfHighest(a)
  )
}
