import type { MutatingAdmissionPolicy } from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'
import { age } from '../table.ts'
import { defaultMatchResources } from './defaults.ts'
import { paramKindCell } from './policy-cells.ts'
import { validateMutatingAdmissionPolicy, validateMutatingAdmissionPolicyUpdate } from './policy-validation.ts'
import { registration } from './registration.ts'

export const mutatingAdmissionPolicy = kind<MutatingAdmissionPolicy>({
  gvk: 'admissionregistration.k8s.io/v1/MutatingAdmissionPolicy',
  ...registration,
  validate: validateMutatingAdmissionPolicy,
  validateUpdate: validateMutatingAdmissionPolicyUpdate,
  specFields: ['spec'],
  defaults: ({ spec }) => {
    if (!spec) return
    spec.failurePolicy ??= 'Fail'
    defaultMatchResources(spec.matchConstraints)
  },
  cells: (policy, now) => [
    policy.metadata.name,
    policy.spec?.mutations?.length ?? 0,
    paramKindCell(policy.spec?.paramKind),
    age(policy, now),
  ],
})
