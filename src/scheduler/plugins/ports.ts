import type { ContainerPort } from '../../apimachinery/kinds.generated.ts'
import { definePlugin, fits, unschedulable } from '../framework.ts'
import { hostPorts, type NodeState } from '../node-state.ts'

const anyAddress = '0.0.0.0'

/** Two ports clash when number and protocol are equal, and so is the address or either listens on all. */
function clash(a: ContainerPort, b: ContainerPort): boolean {
  if (a.hostPort !== b.hostPort || (a.protocol ?? 'TCP') !== (b.protocol ?? 'TCP')) return false
  const [x, y] = [a.hostIP || anyAddress, b.hostIP || anyAddress]
  return x === y || x === anyAddress || y === anyAddress
}

const isTaken = (wanted: readonly ContainerPort[], node: NodeState): boolean =>
  [...node.pods.values()].some((pod) => hostPorts(pod).some((used) => wanted.some((p) => clash(p, used))))

export const nodePorts = definePlugin<readonly ContainerPort[]>({
  name: 'NodePorts',
  prepareFilter: (pod) => {
    const wanted = hostPorts(pod)
    return wanted.length === 0 ? 'skip' : wanted
  },
  filter: (_pod, node, wanted) =>
    isTaken(wanted, node) ? unschedulable("node(s) didn't have free ports for the requested pod ports") : fits,
  wakes: (event) =>
    event.kind === 'pod'
      ? event.now === undefined && event.before !== undefined && hostPorts(event.before).length > 0
      : event.now !== undefined && event.before === undefined,
})
