import type { Pod } from '../../apimachinery/kinds.generated.ts'
import { definePlugin } from '../framework.ts'
import type { NodeState } from '../node-state.ts'
import { podRequests } from '../resources.ts'

/** Cpu and memory used in like shares are better: 100 less the standard deviation of the shares. */
function score(pod: Pod, node: NodeState): number {
  const requests = podRequests(pod)
  const shares = ['cpu', 'memory'].flatMap((name) => {
    const has = node.allocatable.get(name) ?? 0
    return has === 0 ? [] : [Math.min(1, ((node.requested.get(name) ?? 0) + (requests.get(name) ?? 0)) / has)]
  })
  const [cpu = 0, memory = 0] = shares
  return Math.floor((1 - (shares.length === 2 ? Math.abs(cpu - memory) / 2 : 0)) * 100)
}

/** Pods that request nothing have no balance; scoring them would pile them onto one node. */
const isBestEffort = (pod: Pod): boolean => ['cpu', 'memory'].every((name) => (podRequests(pod).get(name) ?? 0) === 0)

export const balancedAllocation = definePlugin({
  name: 'NodeResourcesBalancedAllocation',
  weight: 1,
  prepareScore: (pod) => (isBestEffort(pod) ? 'skip' : undefined),
  score,
})
