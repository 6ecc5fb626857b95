import type { CSIStorageCapacity } from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'
import { selectorWarnings } from '../node-labels.ts'
import { validateCSIStorageCapacity, validateCSIStorageCapacityUpdate } from './csi-storage-capacity-validation.ts'

export const csiStorageCapacity = kind<CSIStorageCapacity>({
  gvk: 'storage.k8s.io/v1/CSIStorageCapacity',
  warnings: ({ nodeTopology }) => selectorWarnings(nodeTopology, 'nodeTopology'),
  validate: validateCSIStorageCapacity,
  validateUpdate: validateCSIStorageCapacityUpdate,
  specFields: [],
  allowUnconditionalUpdate: false,
})
