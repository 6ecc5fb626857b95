import type { Pod } from '../../apimachinery/kinds.generated.ts'
import { type ClusterEvent, definePlugin, fits, type Verdict } from '../framework.ts'
import type { NodeState } from '../node-state.ts'
import { podRequests, scoredRequests } from '../resources.ts'

const basic: readonly string[] = ['cpu', 'memory', 'ephemeral-storage']

/** Whether the node has room. A request that the empty node could not meet either is not helped by removing pods. */
function filter(pod: Pod, node: NodeState): Verdict {
  const reasons: string[] = []
  let resolvable = true
  if (node.pods.size + 1 > (node.allocatable.get('pods') ?? 0)) reasons.push('Too many pods')
  const requests = podRequests(pod)
  const names = [...basic, ...[...requests.keys()].filter((name) => !basic.includes(name))]
  for (const name of names) {
    const wanted = requests.get(name) ?? 0
    const has = node.allocatable.get(name) ?? 0
    if (wanted === 0 || wanted <= has - (node.requested.get(name) ?? 0)) continue
    reasons.push(`Insufficient ${name}`)
    if (wanted > has) resolvable = false
  }
  return reasons.length > 0 ? { reasons, resolvable } : fits
}

/** More room left is better: the mean over cpu and memory of the free share, 0 … 100. */
function leastAllocated(pod: Pod, node: NodeState): number {
  const requests = scoredRequests(pod)
  let score = 0
  let weights = 0
  for (const name of ['cpu', 'memory']) {
    const has = node.allocatable.get(name) ?? 0
    if (has === 0) continue
    const used = (node.scored.get(name) ?? 0) + (requests.get(name) ?? 0)
    score += used > has ? 0 : Math.floor(((has - used) * 100) / has)
    weights++
  }
  return weights === 0 ? 0 : Math.floor(score / weights)
}

/** A pod went or shrank, or a node came or grew. */
function wakes(event: ClusterEvent, pod: Pod): boolean {
  if (event.kind === 'pod')
    return event.now === undefined || (event.before !== undefined && !sameRequests(event.now, event.before))
  if (!event.now) return false
  if (!event.before) return true
  const before = event.before.status?.allocatable ?? {}
  const now = event.now.status?.allocatable ?? {}
  return ['pods', ...podRequests(pod).keys()].some((name) => before[name] !== now[name])
}

const sameRequests = (a: Pod, b: Pod): boolean => {
  const [x, y] = [podRequests(a), podRequests(b)]
  return x.size === y.size && [...x].every(([name, value]) => y.get(name) === value)
}

export const resourceFit = definePlugin({ name: 'NodeResourcesFit', weight: 1, filter, score: leastAllocated, wakes })
