import type { Secret } from '../../../apimachinery/kinds.generated.ts'
import { memberCopy, setMember } from '../../../apimachinery/members.ts'
import { kind } from '../kind.ts'
import { age } from '../table.ts'
import { keysInStep } from './config-map-validation.ts'
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
  *defaults(object) {
    const { stringData } = object
    const keys = Object.keys(stringData ?? {})
    if (stringData && keys.length > 0) {
      const data = (yield* memberCopy(object.data ?? {})) as Record<string, string>
      for (const [i, key] of keys.entries()) {
        if (i % keysInStep === keysInStep - 1) yield
        setMember(data, key, Buffer.from(stringData[key] ?? '').toString('base64'))
      }
      object.data = data
    }
    delete object.stringData
    if (!object.type) object.type = 'Opaque'
  },
  cells: (object, now) => [object.metadata.name, object.type ?? '', Object.keys(object.data ?? {}).length, age(object, now)],
  selectableFields: { type: (object) => object.type ?? '' },
})
