import type { Pod } from '../../apimachinery/kinds.generated.ts'
import { matchesTerm, satisfiesAffinity } from '../../apimachinery/node-affinity.ts'
import { definePlugin, fits, proportional, unresolvable } from '../framework.ts'

const preferred = (pod: Pod) => pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []

export const nodeAffinity = definePlugin({
  name: 'NodeAffinity',
  weight: 2,
  filter: (pod, { node }) =>
    satisfiesAffinity(pod.spec, node) ? fits : unresolvable("node(s) didn't match Pod's node affinity/selector"),
  prepareScore: (pod) => (preferred(pod).length === 0 ? 'skip' : undefined),
  score: (pod, { node }) =>
    preferred(pod).reduce((sum, p) => sum + (p.weight !== 0 && matchesTerm(p.preference, node) ? p.weight : 0), 0),
  normalize: proportional,
  wakes: (event, pod) => event.kind === 'node' && event.now !== undefined && satisfiesAffinity(pod.spec, event.now),
})
