import type { Secret } from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'
import { age } from '../table.ts'
import { validateSecret, validateSecretUpdate } from './secret-validation.ts'

export const secret = kind<Secret>({
  gvk: 'v1/Secret',
  specFields: [],
  validate: validateSecret,
  validateUpdate: validateSecretUpdate,
  defaults: (object) => {
    for (const [key, text] of Object.entries(object.stringData ?? {})) {
      object.data = { ...object.data, [key]: Buffer.from(text).toString('base64') }
    }
    delete object.stringData
    if (!object.type) object.type = 'Opaque'
  },
  cells: (object, now) => [object.metadata.name, object.type ?? '', Object.keys(object.data ?? {}).length, age(object, now)],
  selectableFields: { type: (object) => object.type ?? '' },
})
