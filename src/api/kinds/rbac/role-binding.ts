import type { RoleBinding } from '../../../apimachinery/kinds.generated.ts'
import { isPathSegmentName } from '../../../apimachinery/names.ts'
import { kind } from '../kind.ts'
import { bindingCells, defaultBinding } from './subjects.ts'

export const roleBinding = kind<RoleBinding>({
  gvk: 'rbac.authorization.k8s.io/v1/RoleBinding',
  nameRule: isPathSegmentName,
  specFields: [],
  allowCreateOnUpdate: true,
  defaults: defaultBinding,
  cells: bindingCells,
})
