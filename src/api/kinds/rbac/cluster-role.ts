import type { ClusterRole } from '../../../apimachinery/kinds.generated.ts'
import { isPathSegmentName } from '../../../apimachinery/names.ts'
import { kind } from '../kind.ts'
import { validateClusterRole, validateClusterRoleUpdate } from './role-validation.ts'

export const clusterRole = kind<ClusterRole>({
  gvk: 'rbac.authorization.k8s.io/v1/ClusterRole',
  validate: validateClusterRole,
  validateUpdate: validateClusterRoleUpdate,
  nameRule: isPathSegmentName,
  specFields: [],
  allowCreateOnUpdate: true,
})
