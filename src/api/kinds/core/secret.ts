import type { Secret } from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'
import { age } from '../table.ts'

export const secret = kind<Secret>({
  gvk: 'v1/Secret',
  specFields: [],
  defaults: (object) => {
    if (!object.type) object.type = 'Opaque'
  },
  cells: (object, now) => [object.metadata.name, object.type ?? '', Object.keys(object.data ?? {}).length, age(object, now)],
  selectableFields: { type: (object) => object.type ?? '' },
})
