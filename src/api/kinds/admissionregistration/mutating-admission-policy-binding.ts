import type { MutatingAdmissionPolicyBinding } from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'
import { age } from '../table.ts'
import { validateMutatingAdmissionPolicyBinding, validateMutatingAdmissionPolicyBindingUpdate } from './binding-validation.ts'
import { defaultMatchResources } from './defaults.ts'
import { paramRefCell } from './policy-cells.ts'
import { registration } from './registration.ts'

export const mutatingAdmissionPolicyBinding = kind<MutatingAdmissionPolicyBinding>({
  gvk: 'admissionregistration.k8s.io/v1/MutatingAdmissionPolicyBinding',
  ...registration,
  validate: validateMutatingAdmissionPolicyBinding,
  validateUpdate: validateMutatingAdmissionPolicyBindingUpdate,
  specFields: ['spec'],
  defaults: ({ spec }) => defaultMatchResources(spec?.matchResources),
  cells: (binding, now) => [
    binding.metadata.name,
    binding.spec?.policyName ?? '',
    paramRefCell(binding.spec?.paramRef),
    age(binding, now),
  ],
})
