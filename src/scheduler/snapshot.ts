import type { Node, Pod } from '../apimachinery/kinds.generated.ts'
import type { LabelSelectorObject } from '../apimachinery/label-selector.ts'
import type { World } from './framework.ts'
import { displace, type MutableNodeState, type NodeState, nodeStateOf, place } from './node-state.ts'

/** The nodes with their pods, kept current change by change. Single-threaded: a scheduling cycle reads it as it is. */
export interface Snapshot extends World {
  setNode(node: Node): void
  removeNode(name: string): void
  /** A pod that is on a node, as the API says; takes the place of what was assumed. */
  setPod(pod: Pod): void
  removePod(pod: Pod): void
  /** Counts `pod` on `node` from now on, before the API says so. */
  assume(pod: Pod, node: string): void
  /** Takes an assumption back, unless the API has confirmed it. */
  forget(pod: Pod): void
  isAssumed(uid: string): boolean
  state(node: string): NodeState | undefined
}

interface Surroundings {
  readonly namespaceLabels: (namespace: string) => Readonly<Record<string, string>>
  readonly groupSelectors: (pod: Pod) => readonly LabelSelectorObject[] | undefined
}

const zoneOf = (node: Node): string => {
  const labels = node.metadata.labels ?? {}
  return `${labels['topology.kubernetes.io/region'] ?? ''}/${labels['topology.kubernetes.io/zone'] ?? ''}`
}

/** Nodes in turn from each zone, so that a search that ends early has seen all zones. */
function interleaved(states: Iterable<NodeState>): NodeState[] {
  const zones = new Map<string, NodeState[]>()
  for (const state of states) {
    const zone = zones.get(zoneOf(state.node))
    if (zone) zone.push(state)
    else zones.set(zoneOf(state.node), [state])
  }
  const columns = [...zones.values()]
  const longest = Math.max(0, ...columns.map((c) => c.length))
  return Array.from({ length: longest }, (_, i) => columns.flatMap((c) => c[i] ?? [])).flat()
}

export function createSnapshot({ namespaceLabels, groupSelectors }: Surroundings): Snapshot {
  const states = new Map<string, MutableNodeState>()
  /** Where each pod counts, by uid; also on nodes that are not known (yet). */
  const placed = new Map<string, { pod: Pod; node: string; assumed: boolean }>()
  const strays = new Map<string, Map<string, Pod>>()
  const images = new Map<string, number>()
  let ordered: readonly NodeState[] | undefined

  const countImages = (state: NodeState, by: 1 | -1) => {
    for (const name of state.images.keys()) images.set(name, (images.get(name) ?? 0) + by)
  }
  const remove = (uid: string) => {
    const known = placed.get(uid)
    if (!known) return
    placed.delete(uid)
    strays.get(known.node)?.delete(uid)
    const state = states.get(known.node)
    if (state) displace(state, known.pod)
  }
  const put = (pod: Pod, node: string, assumed: boolean) => {
    const uid = pod.metadata.uid ?? ''
    remove(uid)
    placed.set(uid, { pod, node, assumed })
    const state = states.get(node)
    if (state) place(state, pod)
    else strays.set(node, (strays.get(node) ?? new Map()).set(uid, pod))
  }
  return {
    get nodes() {
      ordered ??= interleaved(states.values())
      return ordered
    },
    nodesWithImage: (name) => images.get(name) ?? 0,
    namespaceLabels,
    groupSelectors,
    setNode(node) {
      const name = node.metadata.name ?? ''
      const before = states.get(name)
      if (before) countImages(before, -1)
      const state = nodeStateOf(node, before?.pods.values() ?? strays.get(name)?.values())
      strays.delete(name)
      states.set(name, state)
      countImages(state, 1)
      ordered = undefined
    },
    removeNode(name) {
      const before = states.get(name)
      if (!before) return
      countImages(before, -1)
      if (before.pods.size > 0) strays.set(name, new Map(before.pods))
      states.delete(name)
      ordered = undefined
    },
    setPod: (pod) => put(pod, pod.spec?.nodeName ?? '', false),
    removePod: (pod) => remove(pod.metadata.uid ?? ''),
    assume: (pod, node) => put(pod, node, true),
    forget(pod) {
      if (placed.get(pod.metadata.uid ?? '')?.assumed) remove(pod.metadata.uid ?? '')
    },
    isAssumed: (uid) => placed.get(uid)?.assumed === true,
    state: (node) => states.get(node),
  }
}
