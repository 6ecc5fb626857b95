import type { VolumeAttributesClass } from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'
import { age } from '../table.ts'
import { validateVolumeAttributesClass, validateVolumeAttributesClassUpdate } from './volume-attributes-class-validation.ts'

export const volumeAttributesClass = kind<VolumeAttributesClass>({
  gvk: 'storage.k8s.io/v1/VolumeAttributesClass',
  validate: validateVolumeAttributesClass,
  validateUpdate: validateVolumeAttributesClassUpdate,
  specFields: [],
  cells: (object, now) => [object.metadata.name, object.driverName ?? '', age(object, now)],
})
