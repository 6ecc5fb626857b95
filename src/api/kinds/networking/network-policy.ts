import type { NetworkPolicy } from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'
import { age, selectorCell } from '../table.ts'
import { policyWarnings, validateNetworkPolicy, validateNetworkPolicyUpdate } from './network-policy-validation.ts'

export const networkPolicy = kind<NetworkPolicy>({
  gvk: 'networking.k8s.io/v1/NetworkPolicy',
  warnings: policyWarnings,
  validate: validateNetworkPolicy,
  validateUpdate: validateNetworkPolicyUpdate,
  specFields: ['spec'],
  countsEmpties: true,
  defaults: ({ spec }) => {
    if (!spec) return
    if ((spec.policyTypes ?? []).length === 0) {
      spec.policyTypes = (spec.egress ?? []).length > 0 ? ['Ingress', 'Egress'] : ['Ingress']
    }
    for (const rule of [...(spec.ingress ?? []), ...(spec.egress ?? [])]) {
      for (const port of rule.ports ?? []) port.protocol ??= 'TCP'
    }
  },
  cells: (policy, now) => [policy.metadata.name, selectorCell(policy.spec?.podSelector ?? {}), age(policy, now)],
})
