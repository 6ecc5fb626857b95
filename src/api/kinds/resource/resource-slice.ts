import type { ResourceSlice } from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'
import { age } from '../table.ts'

export const resourceSlice = kind<ResourceSlice>({
  gvk: 'resource.k8s.io/v1/ResourceSlice',
  specFields: ['spec'],
  cells: (slice, now) => [
    slice.metadata.name,
    slice.spec?.nodeName ?? '',
    slice.spec?.driver ?? '',
    slice.spec?.pool?.name ?? '',
    age(slice, now),
  ],
  selectableFields: {
    'spec.nodeName': (slice) => slice.spec?.nodeName ?? '',
    'spec.driver': (slice) => slice.spec?.driver ?? '',
  },
})
