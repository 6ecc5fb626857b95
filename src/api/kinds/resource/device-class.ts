import type { DeviceClass } from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'
import { age } from '../table.ts'

export const deviceClass = kind<DeviceClass>({
  gvk: 'resource.k8s.io/v1/DeviceClass',
  specFields: ['spec'],
  cells: (object, now) => [object.metadata.name, age(object, now)],
})
