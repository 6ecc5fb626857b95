import type { Namespace } from '../../../apimachinery/kinds.generated.ts'
import { isDns1123Label } from '../../../apimachinery/names.ts'
import { kind } from '../kind.ts'
import { copyField } from '../status.ts'
import { age } from '../table.ts'
import { validateNamespace, validateNamespaceUpdate } from './namespace-validation.ts'

const nameLabel = 'kubernetes.io/metadata.name'

function labelWithName(namespace: Namespace): void {
  const { metadata } = namespace
  if (!metadata.name) return
  metadata.labels = { ...metadata.labels, [nameLabel]: metadata.name }
}

export const namespace = kind<Namespace>({
  gvk: 'v1/Namespace',
  specFields: [],
  nameRule: isDns1123Label,
  validate: validateNamespace,
  validateUpdate: validateNamespaceUpdate,
  defaults: (object) => {
    if (object.metadata.name && object.metadata.labels?.[nameLabel] !== object.metadata.name) labelWithName(object)
    object.status ??= {}
    if (!object.status.phase) object.status.phase = 'Active'
  },
  prepareForCreate: (object) => {
    object.status = { phase: 'Active' }
    object.spec ??= {}
    const finalizers = object.spec.finalizers ?? []
    object.spec.finalizers = finalizers.includes('kubernetes') ? finalizers : [...finalizers, 'kubernetes']
  },
  prepareForUpdate: (object, old, { subresource }) => {
    if (subresource === 'status') copyField(object, old, 'spec')
    else copyField(object, old, 'status')
    if (subresource === '') object.spec = { ...object.spec, finalizers: [...(old.spec?.finalizers ?? [])] }
  },
  cells: (object, now) => [object.metadata.name, object.status?.phase ?? '', age(object, now)],
  selectableFields: { 'status.phase': (object) => object.status?.phase ?? '' },
})
