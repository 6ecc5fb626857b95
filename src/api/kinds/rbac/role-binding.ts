import type { RoleBinding } from '../../../apimachinery/kinds.generated.ts'
import { isPathSegmentName } from '../../../apimachinery/names.ts'
import { kind } from '../kind.ts'
import { validateRoleBinding, validateRoleBindingUpdate } from './role-binding-validation.ts'
import { bindingCells, defaultBinding } from './subjects.ts'

export const roleBinding = kind<RoleBinding>({
  gvk: 'rbac.authorization.k8s.io/v1/RoleBinding',
  validate: validateRoleBinding,
  validateUpdate: validateRoleBindingUpdate,
  nameRule: isPathSegmentName,
  specFields: [],
  allowCreateOnUpdate: true,
  defaults: defaultBinding,
  cells: bindingCells,
})
