import type { Node, Pod, PodTemplateSpec } from '../apimachinery/kinds.generated.ts'
import { type KubeObject, keyOf } from '../apimachinery/object.ts'
import type { Resource } from '../apimachinery/resource.ts'
import { pods } from '../apimachinery/resources.generated.ts'
import type { InformerSet } from '../client/informer-set.ts'
import { findCondition } from '../operators/conditions.ts'
import { controlledBy } from '../operators/owners.ts'

export const isTerminal = (pod: Pod): boolean => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
export const isTerminating = (pod: Pod): boolean => pod.metadata.deletionTimestamp !== undefined
export const isActive = (pod: Pod): boolean => !isTerminal(pod) && !isTerminating(pod)
export const isReady = (pod: Pod): boolean => findCondition(pod.status?.conditions, 'Ready')?.status === 'True'

/** The keys of the pods that are bound to `node`. */
export function keysOnNode(node: Node, informers: InformerSet): string[] {
  const informer = informers.of(pods)
  informer.addIndexer('node', (pod) => (pod.spec?.nodeName ? [pod.spec.nodeName] : []))
  return informer.byIndex('node', node.metadata.name ?? '').map(keyOf)
}

/** When the pod became ready; undefined while it is not. Milliseconds. */
export function readySince(pod: Pod): number | undefined {
  const ready = findCondition(pod.status?.conditions, 'Ready')
  return ready?.status === 'True' ? Date.parse(ready.lastTransitionTime ?? '') || 0 : undefined
}

/** Ready for at least `minReadySeconds`. */
export function isAvailable(pod: Pod, minReadySeconds: number, now: number): boolean {
  const since = readySince(pod)
  return since !== undefined && (minReadySeconds === 0 || since + minReadySeconds * 1000 <= now)
}

/** The pod that `template` describes, controlled by `owner`. Its name is made by the server unless given. */
export function podFrom(
  template: PodTemplateSpec,
  resource: Pick<Resource<unknown>, 'group' | 'version' | 'kind'>,
  owner: KubeObject,
  name?: string,
): Pod {
  const { labels, annotations, finalizers } = template.metadata ?? {}
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...(name ? { name } : { generateName: `${owner.metadata.name}-` }),
      ...(owner.metadata.namespace ? { namespace: owner.metadata.namespace } : {}),
      ...(labels ? { labels: { ...labels } } : {}),
      ...(annotations ? { annotations: { ...annotations } } : {}),
      ...(finalizers ? { finalizers: [...finalizers] } : {}),
      ownerReferences: [controlledBy(resource, owner)],
    },
    spec: template.spec ?? { containers: [] },
  }
}

const phaseRank = { Pending: 0, Unknown: 1, Running: 2 } as const
const restarts = (pod: Pod): number => Math.max(0, ...(pod.status?.containerStatuses ?? []).map((c) => c.restartCount))
const cost = (pod: Pod): number => {
  const text = pod.metadata.annotations?.['controller.kubernetes.io/pod-deletion-cost']
  return text !== undefined && /^(0|-?[1-9]\d*)$/.test(text) ? Number(text) : 0
}
/** Ages are compared on a logarithmic scale, so that of pods about as old any may go (the uid decides). */
const ageRank = (since: number | undefined, now: number): number =>
  since === undefined ? 0 : Math.floor(Math.log2(Math.max(1, now - since)))

/**
 * `pods` in the order in which to delete them: unassigned, then pending, not ready, cheap, with most companions on the node, youngest
 * ready, most restarted, youngest (kube-controller-manager's ActivePodsWithRanks). `companions`: pods of all related sets.
 */
export function byDeletionOrder(pods: readonly Pod[], companions: readonly Pod[], now: number): Pod[] {
  const onNode = new Map<string, number>()
  for (const { spec } of companions.filter(isActive))
    if (spec?.nodeName) onNode.set(spec.nodeName, (onNode.get(spec.nodeName) ?? 0) + 1)
  const rank = (pod: Pod): readonly (number | string)[] => [
    pod.spec?.nodeName ? 1 : 0,
    phaseRank[pod.status?.phase as keyof typeof phaseRank] ?? 0,
    isReady(pod) ? 1 : 0,
    cost(pod),
    -(onNode.get(pod.spec?.nodeName ?? '') ?? 0),
    ageRank(readySince(pod), now),
    -restarts(pod),
    ageRank(Date.parse(pod.metadata.creationTimestamp ?? ''), now),
    pod.metadata.uid ?? '',
  ]
  return pods
    .map((pod) => ({ pod, rank: rank(pod) }))
    .sort((a, b) => compareRanks(a.rank, b.rank))
    .map(({ pod }) => pod)
}

function compareRanks(a: readonly (number | string)[], b: readonly (number | string)[]): number {
  for (let i = 0; i < a.length; i++) {
    const x = a[i] as number
    const y = b[i] as number
    if (x < y) return -1
    if (x > y) return 1
  }
  return 0
}
