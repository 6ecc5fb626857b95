import type { Role } from '../../../apimachinery/kinds.generated.ts'
import { isPathSegmentName } from '../../../apimachinery/names.ts'
import { kind } from '../kind.ts'
import { validateRole, validateRoleUpdate } from './role-validation.ts'

export const role = kind<Role>({
  gvk: 'rbac.authorization.k8s.io/v1/Role',
  validate: validateRole,
  validateUpdate: validateRoleUpdate,
  nameRule: isPathSegmentName,
  specFields: [],
  allowCreateOnUpdate: true,
})
