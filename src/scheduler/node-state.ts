import type { ContainerPort, Node, Pod, Taint } from '../apimachinery/kinds.generated.ts'
import { add, podRequests, type Resources, resourcesOf, scoredRequests } from './resources.ts'

/** A node with the pods that are on it, or about to be. */
export interface NodeState {
  readonly node: Node
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly taints: readonly Taint[]
  readonly allocatable: Resources
  /** Sums over its pods. */
  readonly requested: Resources
  readonly scored: Resources
  /** By uid. */
  readonly pods: ReadonlyMap<string, Pod>
  /** Those of them with pod affinity or anti-affinity. */
  readonly affine: ReadonlyMap<string, Pod>
  /** Size in bytes by image name. */
  readonly images: ReadonlyMap<string, number>
}

export interface MutableNodeState extends NodeState {
  readonly requested: Map<string, number>
  readonly scored: Map<string, number>
  readonly pods: Map<string, Pod>
  readonly affine: Map<string, Pod>
}

export function nodeStateOf(node: Node, pods: Iterable<Pod> = []): MutableNodeState {
  const images = new Map<string, number>()
  for (const image of node.status?.images ?? []) for (const name of image.names ?? []) images.set(name, image.sizeBytes ?? 0)
  const state: MutableNodeState = {
    node,
    name: node.metadata.name ?? '',
    labels: node.metadata.labels ?? {},
    taints: node.spec?.taints ?? [],
    allocatable: resourcesOf(node.status?.allocatable),
    requested: new Map(),
    scored: new Map(),
    pods: new Map(),
    affine: new Map(),
    images,
  }
  for (const pod of pods) place(state, pod)
  return state
}

/** Puts `pod` on the node, in place of an older state of the same pod. */
export function place(state: MutableNodeState, pod: Pod): void {
  const uid = pod.metadata.uid ?? ''
  const before = state.pods.get(uid)
  if (before) displace(state, before)
  state.pods.set(uid, pod)
  if (pod.spec?.affinity?.podAffinity || pod.spec?.affinity?.podAntiAffinity) state.affine.set(uid, pod)
  add(state.requested, podRequests(pod))
  add(state.scored, scoredRequests(pod))
}

export function displace(state: MutableNodeState, pod: Pod): void {
  const known = state.pods.get(pod.metadata.uid ?? '')
  if (!known) return
  state.pods.delete(known.metadata.uid ?? '')
  state.affine.delete(known.metadata.uid ?? '')
  add(state.requested, podRequests(known), -1)
  add(state.scored, scoredRequests(known), -1)
}

/** The host ports of `pod`, those of sidecars included. */
export function hostPorts(pod: Pod): readonly ContainerPort[] {
  const sidecars = (pod.spec?.initContainers ?? []).filter((c) => c.restartPolicy === 'Always')
  return [...(pod.spec?.containers ?? []), ...sidecars].flatMap((c) => (c.ports ?? []).filter((p) => (p.hostPort ?? 0) > 0))
}
