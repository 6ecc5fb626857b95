import type { Role } from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'

export const role = kind<Role>({
  gvk: 'rbac.authorization.k8s.io/v1/Role',
  specFields: [],
  allowCreateOnUpdate: true,
})
