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

export const createSnapshot = (surroundings: Surroundings): Snapshot => new ClusterSnapshot(surroundings)

class ClusterSnapshot implements Snapshot {
  readonly namespaceLabels: Surroundings['namespaceLabels']
  readonly groupSelectors: Surroundings['groupSelectors']
  readonly #states = new Map<string, MutableNodeState>()
  /** Where each pod counts, by uid; also on nodes that are not known (yet). */
  readonly #placed = new Map<string, { pod: Pod; node: string; assumed: boolean }>()
  /** Pods on nodes that are not known, by node and uid. */
  readonly #strays = new Map<string, Map<string, Pod>>()
  readonly #images = new Map<string, number>()
  #ordered: readonly NodeState[] | undefined

  constructor({ namespaceLabels, groupSelectors }: Surroundings) {
    this.namespaceLabels = namespaceLabels
    this.groupSelectors = groupSelectors
  }

  get nodes(): readonly NodeState[] {
    this.#ordered ??= interleaved(this.#states.values())
    return this.#ordered
  }

  nodesWithImage(name: string): number {
    return this.#images.get(name) ?? 0
  }

  setNode(node: Node): void {
    const name = node.metadata.name ?? ''
    const before = this.#states.get(name)
    if (before) this.#countImages(before, -1)
    const state = nodeStateOf(node, before?.pods.values() ?? this.#strays.get(name)?.values())
    this.#strays.delete(name)
    this.#states.set(name, state)
    this.#countImages(state, 1)
    this.#ordered = undefined
  }

  removeNode(name: string): void {
    const before = this.#states.get(name)
    if (!before) return
    this.#countImages(before, -1)
    if (before.pods.size > 0) this.#strays.set(name, new Map(before.pods))
    this.#states.delete(name)
    this.#ordered = undefined
  }

  setPod(pod: Pod): void {
    this.#put(pod, pod.spec?.nodeName ?? '', false)
  }

  removePod(pod: Pod): void {
    this.#remove(pod.metadata.uid ?? '')
  }

  assume(pod: Pod, node: string): void {
    this.#put(pod, node, true)
  }

  forget({ metadata: { uid = '' } }: Pod): void {
    if (this.isAssumed(uid)) this.#remove(uid)
  }

  isAssumed(uid: string): boolean {
    return this.#placed.get(uid)?.assumed === true
  }

  state(node: string): NodeState | undefined {
    return this.#states.get(node)
  }

  #countImages(state: NodeState, by: 1 | -1): void {
    for (const name of state.images.keys()) this.#images.set(name, (this.#images.get(name) ?? 0) + by)
  }

  #remove(uid: string): void {
    const known = this.#placed.get(uid)
    if (!known) return
    this.#placed.delete(uid)
    this.#strays.get(known.node)?.delete(uid)
    const state = this.#states.get(known.node)
    if (state) displace(state, known.pod)
  }

  #put(pod: Pod, node: string, assumed: boolean): void {
    const uid = pod.metadata.uid ?? ''
    this.#remove(uid)
    this.#placed.set(uid, { pod, node, assumed })
    const state = this.#states.get(node)
    if (state) place(state, pod)
    else this.#strays.set(node, (this.#strays.get(node) ?? new Map()).set(uid, pod))
  }
}
