import type { ClusterRoleBinding } from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'
import { bindingCells, defaultBinding } from './subjects.ts'

export const clusterRoleBinding = kind<ClusterRoleBinding>({
  gvk: 'rbac.authorization.k8s.io/v1/ClusterRoleBinding',
  specFields: [],
  allowCreateOnUpdate: true,
  defaults: defaultBinding,
  cells: bindingCells,
})
