import type { DeviceClass } from '../../../apimachinery/kinds.generated.ts'
import { isLongName } from '../../../apimachinery/names.ts'
import { kind } from '../kind.ts'
import { age } from '../table.ts'
import { validateDeviceClass, validateDeviceClassUpdate } from './device-class-validation.ts'

export const deviceClass = kind<DeviceClass>({
  gvk: 'resource.k8s.io/v1/DeviceClass',
  ignoresGenerateName: true,
  nameRule: isLongName,
  validate: validateDeviceClass,
  validateUpdate: validateDeviceClassUpdate,
  specFields: ['spec'],
  cells: (object, now) => [object.metadata.name, age(object, now)],
})
