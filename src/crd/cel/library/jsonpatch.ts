import type { Library } from '../environment.ts'
import { STRING } from '../types.ts'
import { traversal } from './costs.ts'
import { overload } from './signature.ts'

const escapeKey = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1')

/** jsonpatch.escapeKey: a key as part of a JSON pointer. Only mutating admission policies have it. */
export const jsonpatch: Library = {
  functions: {
    'jsonpatch.escapeKey': [
      overload('string_jsonpatch_escapeKey_string', [STRING], STRING, escapeKey, traversal(0, { sized: true })),
    ],
  },
}
