import type { Taint } from '../../apimachinery/kinds.generated.ts'
import { untolerated } from '../../apimachinery/taints.ts'
import { definePlugin, fits, unresolvable } from '../framework.ts'

/** A cordoned node counts as having this taint. */
const cordoned: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }

export const unschedulableNodes = definePlugin({
  name: 'NodeUnschedulable',
  filter: (pod, { node }) =>
    node.spec?.unschedulable && untolerated([cordoned], pod.spec?.tolerations)
      ? unresolvable('node(s) were unschedulable')
      : fits,
  wakes: (event) =>
    event.kind === 'node' &&
    event.now?.spec?.unschedulable !== true &&
    (!event.before || event.before.spec?.unschedulable === true),
})
