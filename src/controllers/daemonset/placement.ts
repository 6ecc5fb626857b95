// Which nodes a DaemonSet's pods belong on, and how a pod is tied to its node. Pure.
import type { DaemonSet, Node, NodeSelectorTerm, Pod, Toleration } from '../../apimachinery/kinds.generated.ts'
import { satisfiesAffinity } from '../../apimachinery/node-affinity.ts'
import { daemonsets } from '../../apimachinery/resources.generated.ts'
import { untolerated } from '../../apimachinery/taints.ts'
import { podFrom } from '../pods.ts'
import { revisionLabel } from '../revisions.ts'

const nameField = 'metadata.name'

/** Daemons stay on nodes in trouble: that is where they are needed. */
const ownTolerations: readonly Toleration[] = [
  { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/disk-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/memory-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/pid-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' },
]
const networkToleration: Toleration = { key: 'node.kubernetes.io/network-unavailable', operator: 'Exists', effect: 'NoSchedule' }

function tolerationsOf(set: DaemonSet): Toleration[] {
  const { tolerations = [], hostNetwork } = set.spec?.template.spec ?? {}
  const own = hostNetwork ? [...ownTolerations, networkToleration] : ownTolerations
  const isThere = (t: Toleration) =>
    tolerations.some((o) => o.key === t.key && o.effect === t.effect && o.operator === t.operator)
  return [...tolerations, ...own.filter((t) => !isThere(t))]
}

/** Whether a pod of `set` is to be started on `node`, and whether one that is there may stay. */
export function placement(set: DaemonSet, node: Node): { readonly starts: boolean; readonly stays: boolean } {
  const spec = set.spec?.template.spec
  if (spec?.nodeName && spec.nodeName !== node.metadata.name) return { starts: false, stays: false }
  if (!satisfiesAffinity(spec, node)) return { starts: false, stays: false }
  const taints = node.spec?.taints ?? []
  const tolerations = tolerationsOf(set)
  const hard = taints.filter((t) => t.effect !== 'PreferNoSchedule')
  if (!untolerated(hard, tolerations)) return { starts: true, stays: true }
  const executing = taints.filter((t) => t.effect === 'NoExecute')
  return { starts: false, stays: !untolerated(executing, tolerations) }
}

/** The pod of `set` for the node `name`: the scheduler can put it nowhere else. */
export function daemonPod(set: DaemonSet, name: string, hash: string): Pod {
  const template = set.spec?.template as NonNullable<DaemonSet['spec']>['template']
  const pod = podFrom(template, daemonsets, set)
  const affinity = pod.spec?.affinity
  const terms = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [{}]
  const here = { key: nameField, operator: 'In' as const, values: [name] }
  const nodeSelectorTerms = terms.map((t: NodeSelectorTerm) => ({ ...t, matchFields: [here] }))
  const nodeAffinity = { ...affinity?.nodeAffinity, requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } }
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      labels: { ...pod.metadata.labels, [revisionLabel]: hash, 'pod-template-generation': String(set.metadata.generation ?? 1) },
    },
    spec: { ...(pod.spec ?? { containers: [] }), affinity: { ...affinity, nodeAffinity }, tolerations: tolerationsOf(set) },
  }
}

/** The node a daemon pod is on, or made for. */
export function nodeOf(pod: Pod): string | undefined {
  if (pod.spec?.nodeName) return pod.spec.nodeName
  for (const term of pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [])
    for (const field of term.matchFields ?? [])
      if (field.key === nameField && field.operator === 'In' && field.values?.length === 1) return field.values[0]
  return undefined
}
