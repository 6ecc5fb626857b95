import type { ClusterRoleBinding } from '../../../apimachinery/kinds.generated.ts'
import { isPathSegmentName } from '../../../apimachinery/names.ts'
import { kind } from '../kind.ts'
import { validateClusterRoleBinding, validateClusterRoleBindingUpdate } from './role-binding-validation.ts'
import { bindingCells, defaultBinding } from './subjects.ts'

export const clusterRoleBinding = kind<ClusterRoleBinding>({
  gvk: 'rbac.authorization.k8s.io/v1/ClusterRoleBinding',
  validate: validateClusterRoleBinding,
  validateUpdate: validateClusterRoleBindingUpdate,
  nameRule: isPathSegmentName,
  specFields: [],
  allowCreateOnUpdate: true,
  defaults: defaultBinding,
  cells: bindingCells,
})
