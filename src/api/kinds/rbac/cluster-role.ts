import type { ClusterRole } from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'

export const clusterRole = kind<ClusterRole>({
  gvk: 'rbac.authorization.k8s.io/v1/ClusterRole',
  specFields: [],
  allowCreateOnUpdate: true,
})
