import type { AdmissionPlugin } from '../admission.ts'
import { isWrite, podOf, refuse } from '../refusal.ts'

const hostname = 'kubernetes.io/hostname'

/** No pod may keep others off more than its own node. */
export const limitPodHardAntiAffinityTopology: AdmissionPlugin = {
  name: 'LimitPodHardAntiAffinityTopology',
  validate: (request) => {
    const terms = isWrite(request)
      ? podOf(request)?.spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution
      : undefined
    const wide = terms?.find(({ topologyKey }) => topologyKey !== hostname)
    if (!wide) return
    const rule = 'affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey'
    throw refuse(request, `${rule} ${wide.topologyKey} but only key ${hostname} is allowed`)
  },
}
