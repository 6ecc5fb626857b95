import type { ValidatingAdmissionPolicyBinding } from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'
import { age } from '../table.ts'
import { validateValidatingAdmissionPolicyBinding, validateValidatingAdmissionPolicyBindingUpdate } from './binding-validation.ts'
import { defaultMatchResources } from './defaults.ts'
import { paramRefCell } from './policy-cells.ts'
import { registration } from './registration.ts'

export const validatingAdmissionPolicyBinding = kind<ValidatingAdmissionPolicyBinding>({
  gvk: 'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicyBinding',
  ...registration,
  validate: validateValidatingAdmissionPolicyBinding,
  validateUpdate: validateValidatingAdmissionPolicyBindingUpdate,
  specFields: ['spec'],
  defaults: ({ spec }) => defaultMatchResources(spec?.matchResources),
  cells: (binding, now) => [
    binding.metadata.name,
    binding.spec?.policyName ?? '',
    paramRefCell(binding.spec?.paramRef),
    age(binding, now),
  ],
})
