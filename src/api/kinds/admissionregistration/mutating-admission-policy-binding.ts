import type { MutatingAdmissionPolicyBinding } from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'
import { age } from '../table.ts'
import { validateMutatingAdmissionPolicyBinding, validateMutatingAdmissionPolicyBindingUpdate } from './binding-validation.ts'
import { defaultMatchResources } from './defaults.ts'
import { paramRefCell } from './policy-cells.ts'
import { staticNameWarnings } from './static-name.ts'

export const mutatingAdmissionPolicyBinding = kind<MutatingAdmissionPolicyBinding>({
  gvk: 'admissionregistration.k8s.io/v1/MutatingAdmissionPolicyBinding',
  warnings: staticNameWarnings,
  validate: validateMutatingAdmissionPolicyBinding,
  validateUpdate: validateMutatingAdmissionPolicyBindingUpdate,
  specFields: ['spec'],
  allowUnconditionalUpdate: false,
  anyFinalizer: true,
  defaults: ({ spec }) => defaultMatchResources(spec?.matchResources),
  cells: (binding, now) => [
    binding.metadata.name,
    binding.spec?.policyName ?? '',
    paramRefCell(binding.spec?.paramRef),
    age(binding, now),
  ],
})
