import type { StorageClass } from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'
import { labelDeprecation } from '../node-labels.ts'
import { age } from '../table.ts'
import { validateStorageClass, validateStorageClassUpdate } from './storage-class-validation.ts'

const isDefault = ({ metadata: { annotations } }: StorageClass): boolean =>
  annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true' ||
  annotations?.['storageclass.beta.kubernetes.io/is-default-class'] === 'true'

export const storageClass = kind<StorageClass>({
  gvk: 'storage.k8s.io/v1/StorageClass',
  warnings: ({ allowedTopologies }) =>
    (allowedTopologies ?? []).flatMap((term, i) =>
      (term.matchLabelExpressions ?? []).flatMap(({ key }, j) => {
        const text = labelDeprecation(key)
        return text === undefined ? [] : [`allowedTopologies[${i}].matchLabelExpressions[${j}].key: ${text}`]
      }),
    ),
  validate: validateStorageClass,
  validateUpdate: validateStorageClassUpdate,
  specFields: [],
  defaults: (object) => {
    object.reclaimPolicy ??= 'Delete'
    object.volumeBindingMode ??= 'Immediate'
  },
  cells: (object, now) => [
    isDefault(object) ? `${object.metadata.name} (default)` : object.metadata.name,
    object.provisioner,
    object.reclaimPolicy ?? 'Delete',
    object.volumeBindingMode ?? 'Immediate',
    object.allowVolumeExpansion ?? false,
    age(object, now),
  ],
})
