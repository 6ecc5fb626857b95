import type { Node } from '../../../apimachinery/kinds.generated.ts'
import type { AdmissionPlugin } from '../admission.ts'
import { isResource } from '../refusal.ts'

const key = 'node.kubernetes.io/not-ready'

/** A new node takes no pods before it says that it is ready. */
export const taintNodesByCondition: AdmissionPlugin = {
  name: 'TaintNodesByCondition',
  mutate: (request) => {
    if (request.operation !== 'CREATE' || !isResource(request, '', 'nodes') || request.subresource !== '') return
    const node = request.object as Node
    const taints = node.spec?.taints ?? []
    if (taints.some((t) => t.key === key && t.effect === 'NoSchedule')) return
    node.spec = { ...node.spec, taints: [...taints, { key, effect: 'NoSchedule' }] }
  },
}
