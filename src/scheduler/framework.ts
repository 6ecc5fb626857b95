import type { Node, Pod } from '../apimachinery/kinds.generated.ts'
import type { LabelSelectorObject } from '../apimachinery/label-selector.ts'
import type { NodeState } from './node-state.ts'

/** Why a node, or all of them, cannot take a pod. */
export interface Rejection {
  readonly reasons: readonly string[]
  /** Whether removing other pods from the node could help. */
  readonly resolvable: boolean
  readonly plugin?: string
}
/** A rejection, or undefined: the pod fits. */
export type Verdict = Rejection | undefined

export const fits: Verdict = undefined
export const unschedulable = (...reasons: string[]): Rejection => ({ reasons, resolvable: true })
export const unresolvable = (...reasons: string[]): Rejection => ({ reasons, resolvable: false })

/** The nodes and pods as plugins see them. */
export interface World {
  readonly nodes: readonly NodeState[]
  /** How many nodes have the image `name`. */
  nodesWithImage(name: string): number
  namespaceLabels(namespace: string): Readonly<Record<string, string>>
  /** The selectors of the Services and controllers that `pod` belongs to; undefined when it belongs to none. */
  groupSelectors(pod: Pod): readonly LabelSelectorObject[] | undefined
}

/** Something that changed in the cluster and may make room for a pod. `pod`: one that is (or was) on a node. */
export type ClusterEvent =
  | { readonly kind: 'node'; readonly now: Node | undefined; readonly before: Node | undefined }
  | { readonly kind: 'pod'; readonly now: Pod | undefined; readonly before: Pod | undefined }

/** What a node's score is multiplied with is `weight`; after `normalize`, scores are 0 … 100. */
export interface Plugin<F = unknown, S = unknown> {
  readonly name: string
  readonly weight?: number
  /** Keeps a pod out of the queue. */
  readonly preEnqueue?: (pod: Pod) => Verdict
  /** Computes, once a pod, what `filter` needs; 'skip': the plugin has no say about this pod. */
  readonly prepareFilter?: (pod: Pod, world: World) => F | 'skip'
  readonly filter?: (pod: Pod, node: NodeState, prepared: F) => Verdict
  /** Computes, once a pod, what `score` needs; 'skip': all nodes score alike. */
  readonly prepareScore?: (pod: Pod, world: World, feasible: readonly NodeState[]) => S | 'skip'
  readonly score?: (pod: Pod, node: NodeState, prepared: S) => number
  readonly normalize?: (scores: readonly number[], prepared: S, nodes: readonly NodeState[]) => number[]
  /** Whether `event` might let in a pod that this plugin rejected. Absent: never. */
  readonly wakes?: (event: ClusterEvent, pod: Pod) => boolean
}

export const definePlugin = <F = undefined, S = undefined>(plugin: Plugin<F, S>): Plugin => plugin as unknown as Plugin

/** Scales so that the greatest becomes 100; all 0 stay 0. */
export function proportional(scores: readonly number[]): number[] {
  const most = Math.max(0, ...scores)
  return most === 0 ? [...scores] : scores.map((s) => Math.floor((100 * s) / most))
}

/** Scales so that the greatest becomes 0 and 0 becomes 100. */
export function reversed(scores: readonly number[]): number[] {
  const most = Math.max(0, ...scores)
  return scores.map((s) => (most === 0 ? 100 : 100 - Math.floor((100 * s) / most)))
}
