import type { Toleration } from '../../../apimachinery/kinds.generated.ts'
import { isExtended } from '../../kinds/pod-spec/resources.ts'
import type { AdmissionPlugin } from '../admission.ts'
import { isWrite, podOf } from '../refusal.ts'

/** A pod that asks for an extended resource tolerates the taint of that name, by which nodes are kept for such pods. */
export const extendedResourceToleration: AdmissionPlugin = {
  name: 'ExtendedResourceToleration',
  mutate: (request) => {
    const spec = isWrite(request) ? podOf(request)?.spec : undefined
    if (!spec) return
    const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])]
    const asked = containers.flatMap((c) => Object.keys(c.resources?.requests ?? {}))
    for (const key of [...new Set(asked.filter(isExtended))].sort())
      spec.tolerations = withToleration(spec.tolerations ?? [], { key, operator: 'Exists', effect: 'NoSchedule' })
  },
}

/** In the place of what tolerates the same taint, or last. */
function withToleration(tolerations: readonly Toleration[], added: Toleration): Toleration[] {
  const isSame = (t: Toleration): boolean =>
    t.key === added.key && t.effect === added.effect && t.operator === added.operator && (t.value ?? '') === (added.value ?? '')
  return tolerations.some(isSame) ? tolerations.map((t) => (isSame(t) ? added : t)) : [...tolerations, added]
}
