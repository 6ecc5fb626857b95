import type { ValidatingAdmissionPolicy } from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'
import { dropStatus, keepOtherAndMeta } from '../status.ts'
import { age } from '../table.ts'
import { defaultMatchResources } from './defaults.ts'
import { paramKindCell } from './policy-cells.ts'
import { validateValidatingAdmissionPolicy, validateValidatingAdmissionPolicyUpdate } from './policy-validation.ts'
import { registration } from './registration.ts'

export const validatingAdmissionPolicy = kind<ValidatingAdmissionPolicy>({
  gvk: 'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy',
  ...registration,
  validate: validateValidatingAdmissionPolicy,
  validateUpdate: validateValidatingAdmissionPolicyUpdate,
  specFields: ['spec'],
  defaults: ({ spec }) => {
    if (!spec) return
    spec.failurePolicy ??= 'Fail'
    defaultMatchResources(spec.matchConstraints)
  },
  prepareForCreate: dropStatus,
  prepareForUpdate: keepOtherAndMeta,
  cells: (policy, now) => [
    policy.metadata.name,
    policy.spec?.validations?.length ?? 0,
    paramKindCell(policy.spec?.paramKind),
    age(policy, now),
  ],
})
