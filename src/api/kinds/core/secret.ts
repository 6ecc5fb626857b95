import type { Secret } from '../../../apimachinery/kinds.generated.ts'
import { kind } from '../kind.ts'
import { age } from '../table.ts'
import { keyPairProblem } from './key-pair.ts'
import { validateSecret, validateSecretUpdate } from './secret-validation.ts'

/** The key of a TLS secret should be that of its certificate. */
function pairWarnings({ type, data }: Secret): string[] {
  if (type !== 'kubernetes.io/tls') return []
  const text = (key: string) => Buffer.from(data?.[key] ?? '', 'base64').toString()
  const problem = keyPairProblem(text('tls.crt'), text('tls.key'))
  return problem === undefined ? [] : [problem]
}

export const secret = kind<Secret>({
  gvk: 'v1/Secret',
  warnings: pairWarnings,
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
