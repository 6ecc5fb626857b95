import type { CSIStorageCapacity } from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'

export const csiStorageCapacity = kind<CSIStorageCapacity>({
  gvk: 'storage.k8s.io/v1/CSIStorageCapacity',
  specFields: [],
  allowUnconditionalUpdate: false,
})
