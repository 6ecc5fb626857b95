import { tolerates, untolerated } from '../../apimachinery/taints.ts'
import { definePlugin, fits, reversed, unresolvable } from '../framework.ts'

export const taintToleration = definePlugin({
  name: 'TaintToleration',
  weight: 3,
  filter: (pod, node) => {
    const hard = node.taints.filter((t) => t.effect === 'NoSchedule' || t.effect === 'NoExecute')
    return untolerated(hard, pod.spec?.tolerations) ? unresolvable('node(s) had untolerated taint(s)') : fits
  },
  // Only tolerations of the soft effect, or of any, speak for a soft taint.
  score: (pod, node) => {
    const soft = (pod.spec?.tolerations ?? []).filter((t) => !t.effect || t.effect === 'PreferNoSchedule')
    return node.taints.filter((t) => t.effect === 'PreferNoSchedule' && !soft.some((s) => tolerates(s, t))).length
  },
  normalize: reversed,
  wakes: (event, pod) =>
    event.kind === 'node' &&
    event.now !== undefined &&
    untolerated(
      (event.now.spec?.taints ?? []).filter((t) => t.effect !== 'PreferNoSchedule'),
      pod.spec?.tolerations,
    ) === undefined,
})
