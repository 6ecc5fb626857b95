import { definePlugin, fits, unresolvable } from '../framework.ts'

export const schedulingGates = definePlugin({
  name: 'SchedulingGates',
  preEnqueue: (pod) => {
    const gates = (pod.spec?.schedulingGates ?? []).map((g) => g.name)
    return gates.length === 0 ? fits : unresolvable(`waiting for scheduling gates: [${gates.join(' ')}]`)
  },
})
